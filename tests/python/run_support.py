"""Scripts on the desk for the tests: a flash, a folder that is the drive, and runs of `python -m dualbank run`."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import dualbank
from support import ESP32C3, SLOT_BYTES, VALID, FlashTest, app_image, record, slot

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = str(Path(dualbank.__file__).resolve().parent.parent)


class Ran:
    def __init__(self, done, arguments):
        self.code, self.out, self.err, self.arguments = done.returncode, done.stdout, done.stderr, arguments

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def said(self):
        """What the script itself said, of a run with --json: without the desk's notes."""
        return [line for line in self.err.splitlines() if not line.startswith("-- ")]

    def __repr__(self):
        return f"{self.arguments}: exit {self.code}\n{self.out}\n{self.err}"


def circuitpython(version, **how):
    return app_image(version, project="circuitpython", **how)


class RunTest(FlashTest):
    """Runs 1.0 from ota_0; 2.0 lies on the drive as two.bin."""

    ONE = circuitpython("1.0")
    TWO = circuitpython("2.0", payload=30_000)

    def setUp(self):
        super().setUp()
        self.drive = self.folder / "drive"
        self.drive.mkdir()
        (self.drive / "two.bin").write_bytes(self.TWO)
        self.write_flash(self.ONE, records=(record(1, VALID),))

    def script(self, text, name="code.py"):
        path = self.drive / name
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def run_script(self, text, *options, code=0, stdin="", **environment):
        """Runs it with --json and every sleep skipped."""
        ran = self.run_plain(self.script(text), "--sleep", "0", "--json", *options, stdin=stdin, **environment)
        self.assertEqual(ran.code, code, ran)
        return ran

    def run_plain(self, *arguments, stdin="", flash=True, **environment):
        keep = {k: v for k, v in os.environ.items() if not k.startswith("DUALBANK_")}
        words = [*map(str, arguments), *(["--flash", str(self.path)] if flash else [])]
        done = subprocess.run([sys.executable, "-m", "dualbank", "run", *words], capture_output=True, text=True, input=stdin,
                              cwd=self.folder, timeout=60, env=keep | {"PYTHONPATH": PACKAGES} | environment)
        return Ran(done, words)

    def differences(self, ran):
        """[(line, point), ...]"""
        return [(d["line"], d["point"]) for d in ran.json["differences"]]

    def difference(self, ran, point):
        (found,) = [d for d in ran.json["differences"] if d["point"] == point]
        self.assertEqual(found["file"], "code.py")
        self.assertTrue(found["cure"])
        return found

    def slot_after(self, content):
        """A slot that was erased and then got `content`."""
        return content + b"\xff" * (SLOT_BYTES - len(content))

    def ota_1(self):
        return slot(self.flash_bytes(), 1)


__all__ = ["ESP32C3", "PACKAGES", "ROOT", "Ran", "RunTest", "circuitpython"]
