"""Other people's projects: dualbank installed, as a subproject, and as a subproject for a device."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "consumer"
BUILD = pathlib.Path(os.environ.get("DUALBANK_BUILD", ROOT / "build"))
# Configuring fails as soon as one of these is asked for.
NO_PACKAGES = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in
               ("GTest", "CLI11", "fmt", "nlohmann_json", "Python3", "rapidcheck")]


class Consumer(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.out = self.folder / "out"

    def run_tool(self, *command, code=0):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def configure(self, project, *options, code=0):
        return self.run_tool("cmake", "-G", "Ninja", "-S", HERE / project, "-B", self.out, *options, code=code)

    def build(self):
        self.run_tool("cmake", "--build", self.out)

    def says_there_is_no_table(self, program):
        self.assertIn("there is no partition table at 0x8000", self.run_tool(self.out / program))

    def targets(self):
        return set((self.out / "targets.txt").read_text().split(";"))

    def install(self):
        prefix = self.folder / "prefix"
        self.run_tool("cmake", "--install", BUILD, "--prefix", prefix)
        return prefix

    def test_installed(self):
        prefix = self.install()
        self.configure("package", f"-DCMAKE_PREFIX_PATH={prefix}", *NO_PACKAGES)
        self.build()
        self.says_there_is_no_table("product")
        self.says_there_is_no_table("on_sim")

    def test_what_is_installed(self):
        prefix = self.install()
        files = {path.relative_to(prefix).as_posix() for path in prefix.rglob("*") if path.is_file()}
        self.assertIn("include/dualbank/engine/updater.hpp", files)
        self.assertIn("include/dualbank/formats/status_list.inc", files)
        self.assertIn("include/dualbank/bindings/c/dualbank.h", files)
        wrong = [f for f in files if re.search(r"_test|\.cpp$|/cli/|/bindings/(?!c/)|/template/", f)]
        self.assertEqual(wrong, [])

    def test_installed_command_has_page_and_completions(self):
        if not (BUILD / "dualbank").exists():
            self.skipTest("this build is without the command")
        prefix = self.install()
        self.assertIn("dualbank", self.run_tool(prefix / "bin" / "dualbank", "--version"))
        for page in ("man/man1/dualbank.1", "bash-completion/completions/dualbank", "zsh/site-functions/_dualbank",
                     "fish/vendor_completions.d/dualbank.fish"):
            with self.subTest(page=page):
                self.assertIn("rollback", (prefix / "share" / page).read_text())

    def test_a_version_that_is_not_there_is_refused(self):
        prefix = self.install()
        project = self.folder / "wants_another"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(p CXX)\nfind_package(dualbank 99.0 REQUIRED)\n")
        said = self.run_tool("cmake", "-S", project, "-B", self.out, f"-DCMAKE_PREFIX_PATH={prefix}", code=1)
        self.assertIn("99.0", said)

    def test_subproject(self):
        self.configure("subproject", f"-DDUALBANK={ROOT}", "-DDUALBANK_PORTS=ram;file", *NO_PACKAGES)
        self.assertEqual(self.targets(), {"dualbank_formats", "dualbank_engine", "dualbank_ports", "dualbank_c"})
        self.build()
        self.says_there_is_no_table("product")

    def test_subproject_for_a_device(self):
        self.assertIsNotNone(shutil.which("arm-none-eabi-g++"), "tools/setup test installs it")
        toolchain = ROOT / "cmake" / "toolchains" / "cortex-m0plus.cmake"
        self.configure("subproject", f"-DDUALBANK={ROOT}", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",
                       "-DCMAKE_BUILD_TYPE=MinSizeRel", "-DDUALBANK_PORTS=ram", *NO_PACKAGES)
        self.assertEqual(self.targets(), {"dualbank_formats", "dualbank_engine", "dualbank_ports", "dualbank_c"})
        self.build()
        header = self.run_tool("arm-none-eabi-readelf", "-h", self.out / "dualbank" / "libdualbank_engine.a")
        self.assertIn("ARM", header)

    def test_a_port_that_is_not_there(self):
        said = self.configure("subproject", f"-DDUALBANK={ROOT}", "-DDUALBANK_PORTS=tape", code=1)
        self.assertIn("DUALBANK_PORTS names 'tape'", said)

    def test_a_port_that_needs_an_operating_system(self):
        toolchain = ROOT / "cmake" / "toolchains" / "cortex-m0plus.cmake"
        said = self.configure("subproject", f"-DDUALBANK={ROOT}", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",
                              "-DDUALBANK_PORTS=file", code=1)
        self.assertRegex(said, r"'file',\s+which\s+needs\s+an\s+operating\s+system")


if __name__ == "__main__":
    unittest.main()
