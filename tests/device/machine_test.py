"""The emulated machine itself: its ends, what it says when something is wrong, and that nothing of it stays."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import board
from machine import FLASH_BYTES, Machine, MachineError, MachineSilent

BOOTLOADER = board.BUILD / "bootloader.elf"


class OnTheMachine(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.flash = self.folder / "board.flash"
        shutil.copyfile(board.BUILD / "board.flash", self.flash)

    def test_boots_and_resets(self):
        with Machine(BOOTLOADER, self.flash) as machine:
            first = board.next_boot(machine)
            self.assertEqual((first.version, first.slot), ("1.0", "ota_0"))
            machine.reset()
            self.assertEqual(board.next_boot(machine), first)

    def test_the_line_goes_both_ways_and_the_file_stands_still_in_a_pause(self):
        line = self.folder / "line"
        with Machine(BOOTLOADER, self.flash, serial=line) as machine:
            board.next_boot(machine)
            board.command("update", f"serial:{line}", board.BUILD / "application-2.0.bin")
            machine.pause()
            self.assertEqual(board.foreseen(self.flash).version, "2.0")
            machine.resume()
            machine.quit()
        self.assertFalse(line.is_symlink())
        self.assertEqual(self.flash.stat().st_size, FLASH_BYTES)
        self.assertEqual(board.foreseen(self.flash).version, "2.0")

    def test_what_was_acknowledged_outlives_the_process(self):
        for end in (Machine.stop_and_kill, Machine.quit):
            line = self.folder / "line"
            with Machine(BOOTLOADER, self.flash, serial=line) as machine:
                board.next_boot(machine)
                board.command("update", f"serial:{line}", board.BUILD / "application-2.0.bin")
                end(machine)
            self.assertEqual(board.foreseen(self.flash).version, "2.0")
            shutil.copyfile(board.BUILD / "board.flash", self.flash)

    def test_a_silent_device_and_a_dead_emulator_are_two_things(self):
        with Machine(BOOTLOADER, self.flash) as machine:
            board.next_boot(machine)
            with self.assertRaises(MachineSilent) as silent:
                machine.wait_for("a song", timeout=0.1)
            self.assertIn("application: 1.0", str(silent.exception))
        with Machine(self.folder / "no.elf", self.flash) as machine:
            with self.assertRaises(MachineError) as dead:
                machine.wait_for("anything", timeout=10)
            self.assertNotIsInstance(dead.exception, MachineSilent)
            self.assertIn("no.elf", str(dead.exception))

    def test_a_flash_of_another_size_is_refused(self):
        self.flash.write_bytes(b"\xff" * 4096)
        self.assertRaisesRegex(MachineError, "has 4096 bytes", Machine, BOOTLOADER, self.flash)

    def test_nothing_stays(self):
        def there():
            return (len(os.listdir("/proc/self/fd")), threading.active_count(),
                    len(list(pathlib.Path(tempfile.gettempdir()).glob("dualbank-machine-*"))))

        before = there()
        for end in (Machine.quit, Machine.kill, Machine.stop_and_kill, lambda machine: None):
            with Machine(BOOTLOADER, self.flash, serial=self.folder / "line") as machine:
                board.next_boot(machine)
                end(machine)
            self.assertFalse(machine.running)
        self.assertEqual(there()[:2], before[:2])

    def test_the_emulator_does_not_outlive_a_harness_that_is_killed(self):
        script = ("import sys, time; from machine import Machine; m = Machine(*sys.argv[1:]);"
                  "m.wait_for('application'); print(m._process.pid, flush=True); time.sleep(60)")
        harness = subprocess.Popen([sys.executable, "-c", script, BOOTLOADER, self.flash], stdout=subprocess.PIPE,
                                   text=True, env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent)})
        emulator = int(harness.stdout.readline())
        harness.send_signal(signal.SIGKILL)
        harness.wait()
        harness.stdout.close()
        end = time.monotonic() + 10
        while pathlib.Path(f"/proc/{emulator}/stat").exists() and time.monotonic() < end:
            if pathlib.Path(f"/proc/{emulator}/stat").read_text().split()[2] == "Z":
                return  # dead; whoever is its parent now has not looked yet
            time.sleep(0.02)
        self.assertFalse(pathlib.Path(f"/proc/{emulator}").exists())


if __name__ == "__main__":
    board.run_tests()
