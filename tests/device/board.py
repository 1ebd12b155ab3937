"""The board's files and words: what its build made, what it says at a boot, and what the command says of its flash."""

import json
import os
import pathlib
import re
import subprocess
import sys
import typing
import unittest

from machine import MISSING, MachineError

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUALBANK_BUILD", ROOT / "build")) / "device"
COMMAND = os.environ.get("DUALBANK_BIN", str(ROOT / "build" / "dualbank"))
POLICY = ("--policy", "dualbank")  # the board's bootloader is ours

# A reply's frame may end right before it, with a zero.
STARTS = re.compile(r"(?:^|\0)bootloader: starts (\w+), trial boot (\d+)\r?$", re.M)
RUNS = re.compile(r"(?:^|\0)application: (\S+) in (\w+), (\w+), trial boot (\d+)\r?$", re.M)
NOTHING_BOOTS = "bootloader: nothing boots"


def why_not():
    """Why the machine cannot run here, or None."""
    return MISSING or (None if (BUILD / "bootloader.elf").exists() else f"{BUILD} is not built: run make device")


def run_tests():
    """For the tests' scripts: CTest counts what says that it was skipped as skipped."""
    if why := why_not():
        print(f"skipped: {why}")
        sys.exit(0)
    unittest.main()


class Boot(typing.NamedTuple):
    """A boot, as bootloader and application said it, or as the command foresees it."""

    version: str
    slot: str
    reason: str
    trial_boot: int


def command(*words, code=0):
    """Runs the command; returns its standard output."""
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, timeout=120)
    if done.returncode != code:
        raise MachineError(f"dualbank {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def answer(*words, code=0):
    return json.loads(command(*words, *POLICY, "--json", code=code))


def foreseen(flash):
    """What the next reset boots, by `dualbank reset --dry-run` and `dualbank status`, which must agree."""
    boot = answer("reset", flash, "--dry-run")["boots"][0]
    status = answer("status", flash)
    slot = next(slot for slot in status["slots"] if slot["name"] == boot["slot"])
    if status["boot_slot"] != boot["slot"] or not slot["image"]["valid"]:
        raise MachineError(f"reset --dry-run says {boot}, status says {status}")
    return Boot(slot["image"]["version"], boot["slot"], boot["reason"], boot["trial_boot"] or 0)


def new_flash(path, image):
    """A flash as the factory makes it, with the image in ota_0."""
    command("new", path, "--csv", BUILD / "partitions.csv", "--size", "32MB", "--image", image, "--force", *POLICY)


def next_boot(machine, timeout=20):
    """Waits until an application runs. A board on which nothing boots is a MachineError."""
    said = len(machine.said)
    line = machine.wait_for_any([" in ota_", NOTHING_BOOTS], timeout)
    runs = RUNS.search(line)
    if not runs:
        raise MachineError(f"the board said: {line}")
    boot = Boot(runs[1], runs[2], runs[3], int(runs[4]))
    starts = STARTS.findall(machine.said_since(max(0, said - 2000)))
    if not starts or starts[-1] != (boot.slot, str(boot.trial_boot)):
        raise MachineError(f"the bootloader said {starts[-1:]}, the application {boot}")
    return boot
