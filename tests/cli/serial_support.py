"""A device behind a pseudo terminal (tests/serial/serial_device.cpp), and tests that speak with it."""

import os
import pathlib
import subprocess
import threading
import time

from support import COMMAND, SLOTS, CommandTest, app_image

DEVICE = pathlib.Path(os.environ.get("DUALBANK_BUILD", "build")) / "serial_device"
TWO = app_image("2.0", 60_000)
LONG = app_image("2.0", 256 << 10)


class Device:
    """A device process; its lines on standard output are kept as they come."""

    def __init__(self, flash, *options):
        self.process = subprocess.Popen([DEVICE, flash, *map(str, options)], stdout=subprocess.PIPE, text=True)
        self.target = "serial:" + self.process.stdout.readline().strip()
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.split())

    def written(self):
        """Offset and size of each piece that was answered as written."""
        return [(int(line[1]), int(line[2])) for line in self.lines if line[0] == "data"]

    def boots(self):
        return [int(line[1]) for line in self.lines if line[0] == "boot"]

    def wait_for(self, said, count):
        deadline = time.monotonic() + 60
        while len(said()) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(said())} of {count} came")
            time.sleep(0.002)

    def wait_for_pieces(self, count):
        self.wait_for(self.written, count)

    def kill(self):
        if self.process.stdout.closed:
            return
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class OverALine(CommandTest):
    def device(self, flash, *options):
        device = Device(flash, *options)
        self.addCleanup(device.kill)
        return device

    def start(self, *words, **how):
        return subprocess.Popen([COMMAND, *map(str, words)], cwd=self.folder, env=self.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)

    def holds(self, path, slot, image):
        return path.read_bytes()[SLOTS[slot]:SLOTS[slot] + len(image)] == image
