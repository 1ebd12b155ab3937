"""The Cortex-M board: the bootloader and application of examples/riscv_board on the machine ast1030-evb."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUALBANK_ARM", ROOT / "build" / "arm"))
COMMAND = os.environ.get("DUALBANK_BIN", str(ROOT / "build" / "dualbank"))
EMULATOR = "qemu-system-arm"
# w25q256: 32 MiB. The machine's own default is smaller than a flash file of ours.
MACHINE = [EMULATOR, "-M", "ast1030-evb,fmc-model=w25q256", "-nodefaults", "-display", "none", "-monitor", "none"]
STARTS = re.compile(rb"bootloader: starts (\w+), trial boot (\d+)\r\n")
RUNS = re.compile(rb"application: (\S+) in (\w+), (\w+), trial boot (\d+)\r\n")


def why_not():
    if shutil.which(EMULATOR) is None:
        return f"{EMULATOR} is not there: apt-get install qemu-system-arm"
    return None if (BUILD / "board.flash").exists() else f"{BUILD} is not built: run make device"


@unittest.skipIf(why_not(), why_not())
class ArmBoard(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.flash = self.folder / "board.flash"
        shutil.copyfile(BUILD / "board.flash", self.flash)
        self.log = self.folder / "log"
        self.seen = 0
        process = subprocess.Popen(
            [*MACHINE, "-kernel", BUILD / "bootloader.elf", "-drive", f"if=mtd,format=raw,file={self.flash}",
             "-chardev", f"pty,id=line,logfile={self.log}", "-serial", "chardev:line"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.process = process
        self.line = "serial:" + re.search(r"/dev/\S+", process.stdout.readline())[0]

    def next_boot(self, version, slot, reason, trial_boot):
        """Waits for it: bootloader and application must say the same."""
        end = time.monotonic() + 30
        while not (runs := RUNS.search(self.log.read_bytes(), self.seen)):
            self.assertLess(time.monotonic(), end, f"it said: {self.log.read_bytes()[self.seen:]}")
            time.sleep(0.02)
        starts = STARTS.search(self.log.read_bytes(), self.seen)
        self.seen = runs.end()
        self.assertEqual(starts.groups(), runs.groups()[1::2])
        self.assertEqual([word.decode() for word in runs.groups()], [version, slot, reason, str(trial_boot)])

    def command(self, verb, *words):
        done = subprocess.run([COMMAND, verb, self.line, *map(str, words)], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_an_update_comes_back_until_it_is_confirmed(self):
        self.next_boot("1.0", "ota_0", "no_record_first_slot", 0)
        self.command("update", BUILD / "application-2.0.bin")
        for boot in (1, 2, 3):
            self.command("reset")
            self.next_boot("2.0", "ota_1", "trial_boot", boot)
        self.command("reset")
        self.next_boot("1.0", "ota_0", "trial_failed", 0)
        self.command("update", BUILD / "application-2.0.bin")
        self.command("reset")
        self.next_boot("2.0", "ota_1", "trial_boot", 1)
        self.command("confirm")
        self.command("reset")
        self.next_boot("2.0", "ota_1", "active_record", 0)
        self.process.terminate()  # a clean end: all is in the file
        self.process.wait()
        status = subprocess.run([COMMAND, "status", self.flash, "--policy", "dualbank"], capture_output=True, text=True)
        self.assertRegex(status.stdout, r"ota_1 .*2\.0.*valid")


if __name__ == "__main__":
    unittest.main()
