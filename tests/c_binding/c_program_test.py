"""bindings/c: a C program that knows nothing but dualbank.h lives a device's life on a flash file; the command agrees."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ["DUALBANK_BUILD"])
DUALBANK = os.environ["DUALBANK_BIN"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Werror"]


def cached(name):
    for line in (BUILD / "CMakeCache.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return line.partition("=")[2]
    return ""


class CProgram(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        clang = "clang" in cached("CMAKE_CXX_COMPILER")
        self.compiler = "clang-19" if clang else "gcc"
        self.sanitize = [f"-fsanitize={cached('DUALBANK_SANITIZE')}"] if cached("DUALBANK_SANITIZE") else []

    def run_program(self, *words):
        done = subprocess.run(list(map(str, words)), cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def image(self, version):
        name = f"app-{version}.bin"
        data = bytes((i * 7 + len(version)) % 251 for i in range(20_000))
        (self.folder / "data.bin").write_bytes(data)
        self.run_program(DUALBANK, "make-image", "data.bin", "-o", name, "--chip", "esp32c3", "--address", "0x40380000",
                         "--app-version", version)
        return name

    @staticmethod
    def slot_line(slot):
        image, record = slot["image"], slot["record"]
        words = (slot["offset"], slot["size"], image["version"], image["chip"], image["length"], image["segments"], image["entry"],
                 image["sha256"][-2:], record["seq"], record["state"])
        return "slot " + " ".join(map(str, words))

    def compile(self, name):
        libraries = [BUILD / f"libdualbank_{room}.a" for room in ("c", "engine", "formats")]
        # Not the C++ compiler: nothing of C++ is needed to link.
        self.run_program(self.compiler, "-std=c99", "-O1", "-g", *WARNINGS, *self.sanitize, f"-I{ROOT}", HERE / f"{name}.c", *libraries,
                         "-o", name)

    def check_report(self, *words, fault=None):
        report = json.loads(self.run_program("./report", "board.flash", *words))
        status = json.loads(self.run_program(DUALBANK, "status", "board.flash", "--json"))
        del status["schema"]
        for slot in status["slots"]:
            if slot["fault"] is not None:
                self.assertEqual(slot["fault"]["code"], fault)
                slot["fault"] = slot["fault"]["message"]
        self.assertEqual(json.dumps(report, indent=1), json.dumps(status, indent=1))
        return status

    def test_the_report_is_what_the_command_says(self):
        self.compile("report")
        new = [DUALBANK, "new", "board.flash", "--layout", "4MB-no-uf2", "--chip", "esp32c3", "--force"]
        self.run_program(*new)
        self.assertEqual(self.check_report()["boot_reason"], "nothing_boots")
        self.run_program(*new, "--image", self.image("1.0"))
        self.assertEqual(self.check_report()["slots"][0]["image"]["version"], "1.0")
        whole = (self.folder / self.image("2.0")).read_bytes()
        (self.folder / "begin.bin").write_bytes(whole[:9000])
        self.run_program(DUALBANK, "flash", "board.flash", "begin.bin", "--offset", 0)
        self.assertEqual(self.check_report(fault="image_checksum_mismatch")["update"]["missing"], [[9000, len(whole)]])
        self.run_program(DUALBANK, "update", "board.flash", "app-2.0.bin")
        status = self.check_report()
        self.assertEqual((status["boot_slot"], status["slots"][1]["record"]["state"]), ("ota_1", "undefined"))
        flash = bytearray((self.folder / "board.flash").read_bytes())
        flash[status["slots"][1]["offset"] + 5000] ^= 1
        (self.folder / "board.flash").write_bytes(flash)
        self.assertIs(self.check_report(fault="image_checksum_mismatch")["slots"][1]["image"]["valid"], False)

    def test_the_report_says_why_there_is_no_second_slot(self):
        self.compile("report")
        self.run_program(DUALBANK, "new", "board.flash", "--layout", "2MB-no-ota-no-uf2", "--chip", "esp32c3")
        self.assertEqual(self.check_report()["reason_code"], "layout_no_otadata")
        self.run_program(DUALBANK, "new", "board.flash", "--layout", "4MB-no-uf2", "--chip", "esp32c3", "--force")
        self.run_program(DUALBANK, "erase-filesystem", "board.flash", "--extended", "--force")
        self.assertEqual(self.check_report()["drive"]["state"], "extended")
        self.assertIs(json.loads(self.run_program("./report", "board.flash", "overwrite"))["available"], True)

    def test_a_life_in_c(self):
        self.compile("life")
        self.run_program(DUALBANK, "new", "board.flash", "--layout", "4MB-no-uf2", "--chip", "esp32c3", "--image", self.image("1.0"))
        lines = self.run_program("./life", "board.flash", self.image("2.0")).splitlines()
        self.assertIn("ota_0 runs", lines[0])
        self.assertGreater(int(next(line for line in lines if line.endswith("cuts")).split()[0]), 40)
        status = json.loads(self.run_program(DUALBANK, "status", "board.flash", "--json"))
        self.assertEqual((status["boot_slot"], status["trial"]), ("ota_1", None))
        self.assertEqual([line for line in lines if line.startswith("slot")], [self.slot_line(slot) for slot in status["slots"]])
        self.assertIn(f"next {status['boot_slot'][-1]} {status['boot_reason']}", lines)
        self.run_program(DUALBANK, "inspect", "board.flash")

    def test_nothing_allocates(self):
        undefined = set()
        for room in ("c", "engine", "formats"):
            undefined |= set(self.run_program("nm", "-u", BUILD / f"libdualbank_{room}.a").split())
        self.assertIn("memcpy", undefined)
        heap = {name for name in undefined if re.fullmatch(r"_Zn[wa].*|_Zd[la].*|(?:m|c|re|aligned_)alloc|malloc|free|strdup", name)}
        self.assertEqual(heap, set())

    @unittest.skipUnless(shutil.which("g++"), "no g++")
    def test_the_header_is_cplusplus_too(self):
        (self.folder / "t.cpp").write_text('#include "dualbank/bindings/c/dualbank.h"\nint main() { return sizeof(dualbank_updater) == 0; }\n',
                                           encoding="utf-8")
        self.run_program("g++", "-std=c++11", *[w for w in WARNINGS if w != "-Wstrict-prototypes"], f"-I{ROOT}", "-fsyntax-only", "t.cpp")


if __name__ == "__main__":
    unittest.main()
