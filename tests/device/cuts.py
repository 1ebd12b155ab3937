#!/usr/bin/env python3
"""Power cuts on the emulated board, in three ways. The last line counts: N cuts, B bricks, in S s.

usage: cuts.py [METHOD...] [--cuts N] [--seed N]

in-guest        the power goes in a flash operation, which is left half done; one process, all over an update
stop-and-kill   the process dies between two instructions of the guest; another one starts with the file that is left
kill            the process dies at any moment, with writes to the file under way; the same

Without a METHOD: all of them, with 5,000, 200 and 200 cuts. A brick is a boot that comes to no application, or to
another one than promised: docs/POWER-CUTS.md, and where a process died also what `dualbank reset --dry-run` and
`dualbank status` say of the file. The same seed and firmware make the same in-guest cuts; for the others the seed is
that of the moments.
"""

import argparse
import collections
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time

import board
from machine import Machine, MachineError, MachineSilent

CUTS = {"in-guest": 5000, "stop-and-kill": 200, "kill": 200}
VERSIONS = ("1.0", "2.0", "3.0", "4.0")  # each slot sees two of them by turns, so that there is something to write
FILES = {version: board.BUILD / "guest" / f"cut_application-{version}.bin" for version in VERSIONS}
ADDRESSES = {version: 0x81000000 + 0x100000 * i for i, version in enumerate(VERSIONS)}
APPLICATION = 0x80400000  # where it runs
CUT = re.compile(r"^cut: (\d+) (\w+) 0x(\w+) (\d+) (\w+).*$", re.M)
STEP = re.compile(r"^life: (updates|switches|confirms|switched)\b|^bootloader: (starts)", re.M)
FINISHED = "life: finished a switch"
OPERATIONS = re.compile(r"^life: switched after (\d+) operations", re.M)
AFTER_THE_SWITCH = 8  # operations of bootloader and application that belong to an update besides
LONGEST_LIFE_SECONDS = 0.2  # more than an update takes
MOST_BRICKS = 5


class Brick(Exception):
    """A boot that should not have been."""


class Board:
    """A board that lives one update after another, and the flash file that it lives on."""

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.flash = pathlib.Path(folder) / "board.flash"
        board.new_flash(self.flash, FILES["1.0"])
        # RAM does not outlive a cut. Besides, the emulator is slow where code is overwritten piece by piece.
        self.nothing = pathlib.Path(folder) / "nothing"
        self.nothing.write_bytes(bytes(0x40000))

    def start(self):
        images = [(FILES[version], ADDRESSES[version]) for version in VERSIONS] + [(self.nothing, APPLICATION)]
        return Machine(board.BUILD / "guest" / "cut_bootloader.elf", self.flash, images=images)

    def go(self, machine, boot, operation=0):
        """The next step of its life, cut in that operation from now on; 0: in none."""
        self._order(machine, boot, f"go {operation} {self.random.getrandbits(31) + 1}")

    def go_on(self, machine, boot):
        """The same; what was ordered before still stands."""
        self._order(machine, boot, "on")

    def _order(self, machine, boot, words):
        after = neighbour(boot.version, 1)
        machine.write(f"{words} {ADDRESSES[after]} {FILES[after].stat().st_size}\n".encode())


def neighbour(version, step):
    return VERSIONS[(VERSIONS.index(version) + step) % len(VERSIONS)]


def promised(said, before, said_before):
    """What may boot after the power went, by the step that was under way: docs/POWER-CUTS.md, "Promises".

    before: the boot that came to this; said_before: what was said until it, where the switch that had been cut may have
    been finished, so that another slot was to boot than the running one.
    """
    cut = CUT.search(said)
    steps = STEP.findall(said, 0, cut.start() if cut else len(said))
    own, after, former = before.version, neighbour(before.version, 1), neighbour(before.version, -1)
    return {
        "updates": {own, after} if FINISHED in said_before else {own},
        "switches": {own, after},
        "switched": {own, after} if cut else {after},  # a cut: in the bootloader, which counts the trial's boots
        "confirms": {own, former},
        "": {own} if not cut else {own, former, after},
    }.get("".join(steps[-1]) if steps else "", {own, former, after})


def check(boot, versions, said):
    slot = f"ota_{VERSIONS.index(boot.version) % 2}"
    if boot.slot != slot or boot.version not in versions:
        raise Brick(f"{boot}; promised: {' or '.join(sorted(versions))}\n{said}")


def in_guest(life, count, log):
    """Each round cuts one operation further into an update, then at random, until nothing is ordered any more."""
    operations = first = 0
    ordered = False
    said = ""
    with life.start() as machine:
        boot = board.next_boot(machine)
        check(boot, {"1.0"}, "at first")
        life.go(machine, boot)
        while log.cuts < count:
            mark, before, said_before = len(machine.said), boot, said
            boot = board.next_boot(machine)
            said = machine.said_since(mark)
            check(boot, promised(said, before, said_before), machine.said_since(max(0, mark - 2000)))
            cut = CUT.search(said)
            if cut:
                log.count(f"{cut[2]}, {cut[5]}")
                ordered = log.cuts % 4 != 0
                life.go(machine, boot, life.random.randint(1, 1 + operations // 4) if ordered else 0)
            elif ordered:
                life.go_on(machine, boot)
            else:
                operations = operations or int(OPERATIONS.search(said)[1])
                first = first % (operations + AFTER_THE_SWITCH) + 1
                ordered = True
                life.go(machine, boot, first)


def process_dies(life, count, log, end, keeps_promises):
    """`end`: how. keeps_promises: what was acknowledged is in the file."""
    versions = {"1.0"}
    said = "at first"
    while True:
        expected = board.foreseen(life.flash)
        with life.start() as machine:
            boot = board.next_boot(machine)
            if boot != expected:
                raise Brick(f"{boot}; by the file: {expected}\n{said}")
            if keeps_promises:
                check(boot, versions, said)
            if log.cuts == count:
                return
            until = time.monotonic() + life.random.uniform(0, LONGEST_LIFE_SECONDS)
            begun, mark = 0, len(machine.said)
            life.go(machine, boot)
            try:
                while (left := until - time.monotonic()) > 0:
                    boot = board.next_boot(machine, left)
                    begun, mark = mark, len(machine.said)
                    life.go(machine, boot)
            except MachineSilent:
                pass
            end(machine)
            said = machine.said_since(mark)
            versions = promised(said, boot, machine.said_since(begun)[:mark - begun])
            steps = STEP.findall(said)
            log.count("while it " + ("".join(steps[-1]) if steps else "starts"))


METHODS = {
    "in-guest": in_guest,
    "stop-and-kill": lambda life, count, log: process_dies(life, count, log, Machine.stop_and_kill, True),
    "kill": lambda life, count, log: process_dies(life, count, log, Machine.kill, False),
}


class Log:
    """What was cut so far."""

    def __init__(self):
        self.kinds = collections.Counter()
        self.bricks = []

    @property
    def cuts(self):
        return sum(self.kinds.values())

    def count(self, kind):
        self.kinds[kind] += 1
        if self.cuts % 1000 == 0:
            print(f"  {self.cuts:,} cuts", flush=True)


def run(method, count, seed):
    """Cuts so often; says what it finds. Returns the log. A brick's flash file is kept in build/device."""
    log = Log()
    print(f"{method}: {count} cuts, seed {seed}", flush=True)
    while log.cuts < count and len(log.bricks) < MOST_BRICKS:
        with tempfile.TemporaryDirectory() as folder:
            life = Board(folder, seed + len(log.bricks))
            try:
                METHODS[method](life, count, log)
            except (Brick, MachineError) as error:
                kept = board.BUILD / f"brick-{len(log.bricks) + 1}.flash"
                shutil.copyfile(life.flash, kept)
                log.bricks.append(str(error))
                print(f"BRICK after {log.cuts} cuts, seed {seed}; the file: {kept}\n{error}", flush=True)
    for kind, number in log.kinds.most_common():
        print(f"  {number:6} {kind}")
    return log


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2])
    parser.add_argument("methods", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--cuts", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if unknown := [method for method in asked.methods if method not in METHODS]:
        parser.error(f"no method {unknown[0]}; there are: {', '.join(METHODS)}")
    if why := board.why_not():
        sys.exit(f"cuts.py: {why}")
    seed = int(time.time()) if asked.seed is None else asked.seed
    begin = time.monotonic()
    logs = [run(method, asked.cuts or CUTS[method], seed) for method in asked.methods or METHODS]
    bricks = sum(len(log.bricks) for log in logs)
    print(f"{sum(log.cuts for log in logs):,} cuts, {bricks} bricks, in {time.monotonic() - begin:.0f} s")
    return 1 if bricks else 0


if __name__ == "__main__":
    sys.exit(main())
