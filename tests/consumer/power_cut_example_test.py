"""The example of a user's own sweep: built among dualbank's sources and with an installed dualbank, and it bites."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "power_cut_test"
BUILD = pathlib.Path(os.environ.get("DUALBANK_BUILD", ROOT / "build"))


class PowerCutExample(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def run_tool(self, *command, code=0):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def build(self, project, *options):
        out = self.folder / "out"
        self.run_tool("cmake", "-G", "Ninja", "-S", project, "-B", out, *options)
        self.run_tool("cmake", "--build", out)
        return out / "power_cut_test"

    def install(self):
        prefix = self.folder / "prefix"
        self.run_tool("cmake", "--install", BUILD, "--prefix", prefix)
        return f"-DCMAKE_PREFIX_PATH={prefix}"

    def test_among_the_sources(self):
        # What runs is the same as installed; building all of dualbank once more would show nothing else.
        self.run_tool("cmake", "-G", "Ninja", "-S", EXAMPLE, "-B", self.folder / "out",
                      "-DCMAKE_DISABLE_FIND_PACKAGE_dualbank=ON")
        self.run_tool("cmake", "--build", self.folder / "out", "--target",
                      "CMakeFiles/power_cut_test.dir/power_cut_test.cpp.o")
        parts = self.run_tool("ninja", "-C", self.folder / "out", "-t", "inputs", "power_cut_test")
        for part in ("formats/otadata.cpp", "engine/updater.cpp", "sim/sweep.cpp"):
            self.assertIn(part, parts)

    def test_installed(self):
        program = self.build(EXAMPLE, self.install())
        said = self.run_tool(program)
        self.assertRegex(said, r"(?m)^  cut 2 +[1-9]")
        self.assertRegex(said.splitlines()[-1], r"^[1-9]\d* distinct cuts, 0 unsafe, in \d+\.\d s$")

    def test_a_broken_update_function_is_caught(self):
        project = self.folder / "broken"
        project.mkdir()
        (project / "CMakeLists.txt").write_text((EXAMPLE / "CMakeLists.txt").read_text())
        source = (EXAMPLE / "power_cut_test.cpp").read_text()
        # Before anything else it erases what runs.
        broken = source.replace("  if (updater.begin(", "  static_cast<void>(flash.erase(0x10000, 0x1000));\n"
                                "  if (updater.begin(")
        self.assertNotEqual(source, broken)
        (project / "power_cut_test.cpp").write_text(broken)
        said = self.run_tool(self.build(project, self.install()), code=1)
        self.assertRegex(said, r"UNSAFE \d+[^ +]+: ")
        self.assertRegex(said.splitlines()[-1], r"^\d+ distinct cuts, 1 unsafe, in ")

    def test_it_is_short(self):
        lines = (EXAMPLE / "power_cut_test.cpp").read_text().splitlines()
        code = [line for line in lines if line.strip() and not line.lstrip().startswith(("//", "#include"))]
        self.assertLessEqual(len(code), 40)


if __name__ == "__main__":
    unittest.main()
