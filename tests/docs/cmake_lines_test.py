"""The CMake lines of README build README's C++ program, both ways: installed, and as a subproject."""

import pathlib
import subprocess
import tempfile
import unittest

import pages
import toolchain

README = pages.ROOT / "README.md"


class Consumer(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (program,) = pages.blocks(README, "cpp")
        (self.folder / "update.cpp").write_text(program.text)
        self.blocks = pages.blocks(README, "cmake")

    def run_tool(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, " ".join(map(str, command)) + "\n" + done.stdout + done.stderr)

    def build(self, marker, *options):
        (block,) = [b for b in self.blocks if marker in b.text]
        (self.folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(product CXX)\n" + block.text)
        compiler = toolchain.cache().get("CMAKE_CXX_COMPILER", "c++")
        self.run_tool("cmake", "-S", ".", "-B", "out", f"-DCMAKE_CXX_COMPILER={compiler}", *options)
        self.run_tool("cmake", "--build", "out")
        self.assertTrue((self.folder / "out" / "update").exists())

    def test_as_a_package(self):
        prefix = self.folder / "prefix"
        self.run_tool("cmake", "--install", toolchain.build_folder(), "--prefix", prefix)
        self.build("find_package", f"-DCMAKE_PREFIX_PATH={prefix}")

    def test_as_a_subproject(self):
        (self.folder / "dualbank").symlink_to(pages.ROOT)
        self.build("add_subdirectory")


if __name__ == "__main__":
    unittest.main()
