"""bindings/micropython: life.py and errors.py unchanged in CPython with its package, and in MicroPython for JavaScript with the
engine in WebAssembly. They say the same. There device.py runs too, and what docs/MICROPYTHON.md shows."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import make_fixtures

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORE = ROOT / "dualbank" / "bindings" / "micropython" / "dualbank"
KEPT = pathlib.Path(os.environ["DUALBANK_BUILD"]) / "micropython"
CACHE = ["ccache"] if shutil.which("ccache") else []
WASM = ["--target=wasm32-wasi", "-mbulk-memory", "-fvisibility=hidden", "-Oz", f"-I{ROOT}", "-Wall", "-Wextra", "-Werror"]
OFFLINE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|ENOTCACHED")


def run(words, folder, env=None):
    return subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, check=False, env=env)


def must(words, folder, env=None):
    done = run(words, folder, env)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def install_interpreter():
    """MicroPython for JavaScript, in the build folder. Says why not where the packages cannot be reached."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        KEPT.mkdir(exist_ok=True)
        given, kept = (HERE / name).read_bytes(), KEPT / name
        if not kept.exists() or kept.read_bytes() != given:
            shutil.rmtree(KEPT / "node_modules", ignore_errors=True)
            kept.write_bytes(given)
    if (KEPT / "node_modules" / "@micropython").is_dir():
        return None
    done = run(["npm", "ci", "--no-audit", "--no-fund"], KEPT)
    if done.returncode == 0:
        return None
    if OFFLINE.search(done.stderr):
        return "npm cannot reach its registry"
    raise AssertionError(done.stderr)


def build_engine():
    exports = re.findall(r"\b(dualbank_\w+)\(", (ROOT / "dualbank/bindings/c/dualbank.h").read_text(encoding="utf-8"))
    exports = sorted(set(exports) - {"dualbank_c_version_fits", "dualbank_native_records"})
    names = [*exports, "board_open", "board_updater", "board_buffer"]
    objects = []
    for source in (HERE / "wasm_board.c", *sorted(CORE.glob("*.cpp"))):
        c = source.suffix == ".c"
        language = ["clang-19", "-std=c11"] if c else ["clang++-19", "-std=c++20", "-fno-exceptions", "-fno-rtti"]
        objects.append(KEPT / f"{source.stem}.o")
        must([*CACHE, *language, *WASM, "-c", source, "-o", objects[-1]], KEPT)
    must(["clang++-19", WASM[0], "-mexec-model=reactor", "-Wl,--gc-sections,--strip-all",
          *(f"-Wl,--export-if-defined={name}" for name in names), *objects, "-o", "board.wasm"], KEPT)


# Errors that errors.py does not meet: why.
ELSEWHERE = {
    "files, which devices have none of": r"(?:file|csv|uf2|elf|make)_\w+",
    "a flash that fails: device.py": r"flash_(?!geometry)\w+|power_lost",
    "the module opens before it calls, and passes no argument that is wrong": r"not_open|bad_argument",
    "Ctrl-C raises KeyboardInterrupt": r"stopped",
    "what scripts of devices cannot ask for": r"read_only|image_version_too_low|image_wrong_revision|signature_\w+|drive_\w+|no_drive|serial_\w+",
    "our bootloader's": r"image_outside_memory|image_bad_entry|image_refused",
    "other flashes: unit tests of the engine": r"flash_geometry|unaligned_piece|journal_full|seq_exhausted|running_(?:factory|unknown)",
    "other tables and images: unit tests of formats": r"table_(?:md5_missing|second_md5|no_end|too_long|rows_after_md5)|"
                                                      r"image_(?:truncated|is_bootloader|bad_mapping|linked_elsewhere|for_other_slot)",
}

# What stands around each Python block of the page.
AROUND = (
    "new_flash(); use(); pieces = cut(TWO)",
    "for boot in range(3): use(running='ota_1'); dualbank.boot_guard()\nuse(running='ota_1')",
    "device = RamFlash(40 * 4096); pieces = cut(DATA)",
)


def page_script():
    """The page's blocks as one script, and what it is to print."""
    blocks = re.findall(r"^```py\n(.*?)^```", (ROOT / "docs/MICROPYTHON.md").read_text(encoding="utf-8"), re.M | re.S)
    lines = ["def cut(b): return [b[at:at + 999] for at in range(0, len(b), 999)]",
             "def reset(): print('reset', dualbank.status().boot_slot)"]
    for around, block in zip(AROUND, blocks, strict=True):
        lines += [around, block]
    return "\n".join(lines), re.findall(r"# -> (.*)", blocks[0]) + ["reset ota_0"] + re.findall(r"# -> (.*)", blocks[2])


class Life(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.values = make_fixtures.write_scripts(cls.folder)
        for file in (*cls.folder.glob("*.bin"), *cls.folder.glob("*.flash")):
            file.unlink()
        env = {name: value for name, value in os.environ.items() if name not in ("DUALBANK_FLASH", "DUALBANK_POLICY")}
        cls.cpython = {name: must([sys.executable, "-B", f"{name}.py"], cls.folder, env).splitlines() for name in ("life", "errors")}

    def test_in_cpython(self):
        for name, said in self.cpython.items():
            with self.subTest(name):
                self.assertGreater(int(said[-1].split()[0]), 70, said)
                self.assertEqual(sum(line.startswith("ok ") for line in said), len(said) - 1)

    def test_every_documented_error_is_met_or_cannot_be(self):
        page = (ROOT / "docs/ERRORS.md").read_text(encoding="utf-8")
        documented = {name for number, name in re.findall(r"^\| (\d+) \| `(\w+)`", page, re.M) if 0 < int(number) < 200}
        met = {line[3:] for line in self.cpython["errors"] if line.startswith("ok ")}
        elsewhere = {name for name in documented if any(re.fullmatch(names, name) for names in ELSEWHERE.values())}
        self.assertGreater(len(met), 35)
        self.assertEqual((met - documented, met & elsewhere, documented - met - elsewhere), (set(), set(), set()))

    def test_the_scripts_import_nothing_else(self):
        for name in ("life", "errors", "device"):
            text = (self.folder / f"{name}.py").read_text(encoding="utf-8")
            self.assertEqual(set(re.findall(r"^ *(?:import|from) (.*)", text, re.M)), {"dualbank"}, name)

    def test_in_micropython_for_javascript(self):
        missing = [tool for tool in ("node", "npm", "clang++-19") if not shutil.which(tool)]
        why = f"no {', '.join(missing)}" if missing else install_interpreter()
        if why:
            self.skipTest(why)
        build_engine()
        shutil.copy(HERE / "wasm_module.py", self.folder / "dualbank.py")
        self.addCleanup((self.folder / "dualbank.py").unlink)
        shutil.copy(HERE / "bridge.mjs", KEPT)
        for name, said in self.cpython.items():
            self.assertEqual(self.in_micropython(name), said)
        self.assertIn("checks", self.in_micropython("device")[-1])
        text, expected = page_script()
        (self.folder / "page.py").write_text(make_fixtures.script(self.values, text), encoding="utf-8")
        self.assertEqual(self.in_micropython("page"), expected)

    def in_micropython(self, name):
        return must(["node", "bridge.mjs", "board.wasm", self.folder, name], KEPT).splitlines()


if __name__ == "__main__":
    unittest.main()
