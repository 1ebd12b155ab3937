"""The module's own functions: CircuitPython's two, and the rest, without naming a board."""

import os
import subprocess
import sys
import unittest

import dualbank
from support import VALID, FlashTest, boot_choice, record, slot


class DefaultBoard(FlashTest):
    def setUp(self):
        super().setUp()
        self.write_flash(self.ONE, records=(record(1, VALID),))

    def test_without_a_flash_the_error_says_how_to_name_one(self):
        error = self.refused("no_flash_named", dualbank.switch)
        self.assertIn("DUALBANK_FLASH", str(error))
        self.assertIn("dualbank.use", error.cure)

    def test_a_script_of_circuitpython_runs_on_the_flash_of_the_environment(self):
        (self.folder / "new.bin").write_bytes(self.TWO)
        script = self.folder / "code.py"
        script.write_text(
            "import dualbank\n"
            "image = open('new.bin', 'rb')\n"
            "offset = 0\n"
            "while chunk := image.read(512):\n"
            "    dualbank.flash(chunk, offset=offset)\n"
            "    offset += len(chunk)\n"
            "dualbank.switch()\n"
        )
        environment = os.environ | {"DUALBANK_FLASH": str(self.path)}
        subprocess.run([sys.executable, script], cwd=self.folder, env=environment, check=True, timeout=60)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def test_use_names_a_flash_and_gives_the_one_before_back(self):
        dualbank.use(self.path)
        self.assertRaises(BlockingIOError, dualbank.open, self.path)
        dualbank.use(None)
        dualbank.open(self.path).close()
        self.assertRaises(FileNotFoundError, dualbank.use, self.folder / "no.flash")

    def test_use_goes_before_the_environment(self):
        os.environ["DUALBANK_FLASH"] = str(self.folder / "no.flash")
        self.addCleanup(os.environ.pop, "DUALBANK_FLASH")
        dualbank.use(self.path)
        self.assertEqual(dualbank.status().running_slot, "ota_0")

    def test_the_verbs_are_those_of_a_board(self):
        dualbank.use(self.path, policy="stock-rollback")
        self.assertIsNone(dualbank.begin(length=len(self.TWO), header=self.TWO[:288]))
        self.assertIsNone(dualbank.flash(self.TWO[:10_000], 0))
        self.assertEqual(dualbank.missing(), [(10_000, len(self.TWO))])
        dualbank.abandon()
        self.assertIsNone(dualbank.flash(buffer=self.TWO))
        self.assertIsNone(dualbank.switch())
        self.assertEqual(dualbank.reset(), "ota_1")
        self.assertIsNone(dualbank.confirm())
        self.assertIsNone(dualbank.rollback())
        self.assertEqual(dualbank.reset(), "ota_0")
        self.assertTrue(dualbank.update(self.TWO))
        self.assertRaises(TypeError, dualbank.flash)
        self.assertRaises(TypeError, dualbank.flash, b"x", None)

    def test_every_board_has_the_same_verbs_with_the_same_words(self):
        for verb in ("begin", "flash", "switch", "confirm", "rollback", "boot_guard", "abandon", "reset", "status", "missing",
                     "update"):
            self.assertEqual(getattr(dualbank, verb).__doc__, getattr(dualbank.Board, verb).__doc__)


if __name__ == "__main__":
    unittest.main()
