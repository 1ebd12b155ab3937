"""`make demo`, run as it is, and its story checked: what it says, what it leaves, what it did to the flash."""

import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

import dualbank
from support import FlashTest, command

ROOT = Path(__file__).resolve().parents[2]
CROSS = os.environ.get("CROSS", "riscv64-unknown-elf-")


@unittest.skipIf(command() is None, "DUALBANK_BIN names no command")
@unittest.skipIf(shutil.which(f"{CROSS}g++") is None, f"needs {CROSS}g++")
class Demo(FlashTest):
    @classmethod
    def setUpClass(cls):
        cls.demo = Path(os.environ.get("TMPDIR", "/tmp")) / f"dualbank-demo-{os.getpid()}"
        environment = os.environ | {"DEMO_FOLDER": str(cls.demo), "DUALBANK_BIN": command(), "PYTHON": sys.executable,
                                    "PYTHONPATH": str(Path(dualbank.__file__).parents[1])}
        started = time.monotonic()
        cls.done = subprocess.run([ROOT / "examples/demo/run"], capture_output=True, text=True, env=environment, timeout=300)
        cls.seconds = time.monotonic() - started
        cls.said = cls.done.stdout

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.demo, ignore_errors=True)

    def chapter(self, number):
        found = re.search(rf"^{number}/\d+ .*?(?=^\d/\d+ |\Z)", self.said, re.MULTILINE | re.DOTALL)
        self.assertIsNotNone(found, self.said + self.done.stderr)
        return found.group()

    def test_it_ends_well_and_in_time(self):
        self.assertEqual(self.done.returncode, 0, self.said + self.done.stderr)
        self.assertLess(self.seconds, 60)

    def test_it_builds_two_real_programs_and_images_of_them(self):
        for version in ("1.0", "2.0"):
            elf = (self.demo / f"firmware-{version}.elf").read_bytes()
            self.assertEqual((elf[:4], struct.unpack_from("<H", elf, 18)[0]), (b"\x7fELF", 243), "RISC-V")
            image = (self.demo / f"firmware-{version}.bin").read_bytes()
            self.assertEqual(image[0x30:0x33].decode(), version)
            self.assertEqual(image[-32:], hashlib.sha256(image[:-32]).digest())
            self.assertEqual(image[0xB0:0xD0], hashlib.sha256(elf).digest())

    def test_the_mapped_segments_stand_where_the_bootloader_maps_them(self):
        image = (self.demo / "firmware-2.0.bin").read_bytes()
        at, addresses = 24, []
        for _ in range(image[1]):
            address, length = struct.unpack_from("<II", image, at)
            if 0x3C000000 <= address < 0x42800000 and not 0x3C800000 <= address < 0x42000000:
                self.assertEqual(address % 0x10000, (at + 8) % 0x10000)
            addresses.append(address)
            at += 8 + length
        self.assertEqual(addresses[0], 0x3C010020)
        self.assertIn(0x42000020, addresses)
        self.assertIn(0x3FC80000, addresses)
        self.assertIn(struct.unpack_from("<I", image, 4)[0], addresses, "the entry is the code's first byte")

    def test_it_updates_resets_and_goes_back(self):
        self.assertIn("1.0", self.chapter(2))
        self.assertIn("ota_1 boots at the next reset", self.chapter(3))
        self.assertIn("2.0", self.chapter(4))
        self.assertIn("1.0", self.chapter(8))
        with dualbank.open(self.demo / "board.flash", read_only=True) as board:
            status = board.status()
        self.assertEqual((status.running_slot, status.boot_slot), ("ota_0", "ota_0"))
        self.assertEqual([s.image.version for s in status.slots], ["1.0", "2.0"])
        self.assertEqual([s.image.valid for s in status.slots], [True, True])

    def test_the_damaged_image_is_refused_and_differs_by_one_byte(self):
        self.assertIn("checksum", self.chapter(6))
        self.assertIn("Refused before the first byte was written", self.chapter(6))
        good, bad = ((self.demo / f"firmware-{n}.bin").read_bytes() for n in ("2.0", "damaged"))
        self.assertEqual(sum(a != b for a, b in zip(good, bad, strict=True)), 1)
        self.assertEqual(dualbank.inspect(bad).fault.code, "image_checksum_mismatch")

    def test_the_flash_is_that_of_the_named_board(self):
        flash = (self.demo / "board.flash").read_bytes()
        self.assertEqual(len(flash), 4 << 20)
        self.assertEqual(flash[0x8000:0x8002], b"\xaa\x50")
        image = (self.demo / "firmware-1.0.bin").read_bytes()
        self.assertEqual(flash[0x10000 : 0x10000 + len(image)], image)

    def test_the_commands_it_names_at_its_end_work(self):
        lines = self.said.partition("For example:\n")[2].splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            done = subprocess.run(line.split(), capture_output=True, text=True, timeout=60, cwd=ROOT)
            self.assertEqual(done.returncode, 0, line + done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
