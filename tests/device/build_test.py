"""The emulated board is built, and is as small as is said of it. The other tests here need what this one builds."""

import shutil
import subprocess
import sys
import unittest

import board

BOARD = board.ROOT / "examples" / "riscv_board"
BOOTLOADER_BYTES = 8 << 10
BOARD_LINES = 400


class Build(unittest.TestCase):
    def test_all_is_built(self):
        done = subprocess.run([board.ROOT / "tools" / "build_device"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name in ("bootloader.elf", "application-4.0.bin", "guest/cut_bootloader.elf",
                     "guest/cut_application-4.0.bin"):
            self.assertTrue((board.BUILD / name).exists(), name)

    def test_the_bootloader_is_small(self):
        sizes = subprocess.check_output(["size", board.BUILD / "bootloader.elf"], text=True).splitlines()
        text, data = map(int, sizes[-1].split()[:2])
        self.assertLess(text + data, BOOTLOADER_BYTES)

    def test_the_board_is_small(self):
        lines = sum(len(path.read_text().splitlines()) for path in BOARD.glob("*.[ch]pp"))
        self.assertGreater(lines, 100)
        self.assertLess(lines, BOARD_LINES)


if __name__ == "__main__":
    for tool in ("clang++-19", "ld.lld-19", "arm-none-eabi-g++", "cmake", "ninja"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not there: run tools/setup test")
            sys.exit(0)
    unittest.main()
