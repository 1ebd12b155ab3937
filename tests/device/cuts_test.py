"""A bounded part of `make device-cuts`, and that it would find a brick."""

import contextlib
import io
import tempfile
import unittest

import board
import cuts
from machine import Machine

SEED = 1


class Cuts(unittest.TestCase):
    def run_method(self, method, count):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            log = cuts.run(method, count, SEED)
        self.assertEqual((log.cuts, log.bricks), (count, []), said.getvalue())
        self.assertIn(f"{method}: {count} cuts, seed {SEED}", said.getvalue())
        return log

    def test_in_the_guest(self):
        log = self.run_method("in-guest", 120)
        for tear in ("nothing", "prefix", "suffix", "bits", "all"):
            self.assertGreater(log.kinds[f"program, {tear}"], 0, log.kinds)
        self.assertTrue(any(kind.startswith("erase") for kind in log.kinds), log.kinds)

    def test_the_process_stopped_and_killed(self):
        self.run_method("stop-and-kill", 6)

    def test_the_process_killed(self):
        self.run_method("kill", 6)


class WhatItFinds(unittest.TestCase):
    def dies_with(self, harm):
        """One process that dies, and `harm` to its flash file in the dark."""
        with tempfile.TemporaryDirectory() as folder:
            life = cuts.Board(folder, SEED)

            def end(machine):
                Machine.stop_and_kill(machine)
                with open(life.flash, "r+b") as flash:
                    harm(flash)

            cuts.process_dies(life, 1, cuts.Log(), end, True)

    @staticmethod
    def overwrite(address):
        def harm(flash):
            flash.seek(address)
            flash.write(bytes(64))
        return harm

    def test_a_flash_that_boots_nothing_is_found(self):
        def harm(flash):
            for slot in (0x10000, 0x90000):
                self.overwrite(slot + 0x1000)(flash)
        self.assertRaises((cuts.Brick, cuts.MachineError), self.dies_with, harm)

    def test_another_version_than_promised_is_found(self):
        said = "life: updates\ncut: 17 program 0x00031400 256 prefix 9\n"
        before = board.Boot("1.0", "ota_0", "active_record", 0)
        cuts.check(before, cuts.promised(said, before, ""), said)
        after = board.Boot("2.0", "ota_1", "trial_boot", 1)
        self.assertRaises(cuts.Brick, cuts.check, after, cuts.promised(said, before, ""), said)
        cuts.check(after, cuts.promised(said.replace("updates", "switches"), before, ""), said)
        self.assertRaises(cuts.Brick, cuts.check, after._replace(slot="ota_0"), {"2.0"}, said)


if __name__ == "__main__":
    board.run_tests()
