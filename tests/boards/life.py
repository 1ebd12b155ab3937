"""A board's life in a flash file, with every byte expected beforehand: nothing of dualbank has a part in what is expected.

The 118 boards and their layouts are told here once more, by what their sources say, so that a slip in
dualbank/cli/boards.txt shows.
"""

import functools
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import zlib

import dualbank

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import support  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
# Image header's number of the chip, and where it maps data from flash.
CHIPS = {"esp32": (0, 0x3F400020), "esp32s2": (2, 0x3F000020), "esp32c3": (5, 0x3C000020), "esp32s3": (9, 0x3C000020),
         "esp32c6": (13, 0x42000020)}
# How many boards there are of each kind.
COUNTS = {("esp32", "4MB-no-uf2"): 20, ("esp32", "8MB-no-uf2"): 9, ("esp32", "16MB-no-uf2"): 7,
          ("esp32c3", "4MB-no-uf2"): 15, ("esp32c6", "4MB-no-uf2"): 2, ("esp32c6", "8MB-no-uf2"): 3,
          ("esp32s2", "4MB"): 2, ("esp32s2", "8MB"): 2, ("esp32s2", "16MB"): 4, ("esp32s3", "4MB"): 1,
          ("esp32s3", "8MB"): 29, ("esp32s3", "8MB-no-uf2"): 1, ("esp32s3", "16MB"): 19, ("esp32s3", "16MB-no-uf2"): 3,
          ("esp32s3", "32MB"): 1}
OTADATA, SLOT_0 = 0xE000, 0x10000
VALID, UNDEFINED = 2, 0xFFFFFFFF
UF2_BYTES = 256 * KIB
CHUNKS = (1, 300, 4095, 17, 4097, 1023, 8191)
RESULT = "installed, updated, switched, rolled back"


class Layout:
    """Two slots from 64 KiB on, then the UF2 bootloader where there is one, then the drive."""

    def __init__(self, name):
        size, _, rest = name.partition("-")
        self.flash = int(size.removesuffix("MB")) * MIB
        self.slot_bytes = 1408 * KIB if self.flash == 4 * MIB else 2 * MIB
        self.slots = (SLOT_0, SLOT_0 + self.slot_bytes)
        end = SLOT_0 + 2 * self.slot_bytes
        self.factory = None if rest == "no-uf2" else end
        self.drive = end if self.factory is None else end + UF2_BYTES

    def table(self):
        rows = [("nvs", 1, 2, 0x9000, 20 * KIB), ("otadata", 1, 0, OTADATA, 8 * KIB),
                *((f"ota_{i}", 0, 0x10 + i, at, self.slot_bytes) for i, at in enumerate(self.slots))]
        if self.factory is not None:
            rows.append(("uf2", 0, 0, self.factory, UF2_BYTES))
        rows.append(("user_fs", 1, 0x81, self.drive, self.flash - self.drive))
        packed = b"".join(struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, at, size, label.encode(), 0)
                          for label, kind, sub, at, size in rows)
        return packed + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(packed).digest()


def record(seq, state=UNDEFINED):
    """As the vendor's bootloader reads it. zlib's register is inverted on entry, so the start value makes it 0."""
    return struct.pack("<I20sII", seq, b"\xff" * 20, state, zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF))


@functools.cache
def image(version, chip, length):
    number, mapped = CHIPS[chip]
    body = support.descriptor(version, "circuitpython") + support.noise(version, (length - 512) // 4 * 4)
    return support.app_image(version, chip=number, segments=[(mapped, body)])


def run(*words):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DUALBANK_")}
    done = subprocess.run([support.COMMAND, *map(str, words)], capture_output=True, text=True, env=environment, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"dualbank {' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


@functools.cache
def all_boards():
    return json.loads(run("boards", "--json"))["boards"]


@functools.cache
def all_layouts():
    return json.loads(run("boards", "--layouts", "--json"))["layouts"]


class Life:
    """Lives it, and raises AssertionError at the first byte or answer that is not as expected."""

    def __init__(self, board, path):
        self.board, self.path = board, path
        self.layout = Layout(board["layout"])
        self.first = image("9.0.0", board["chip"], 9000)
        self.second = image("9.2.8", board["chip"], 23_456)
        self.bootloader = image("uf2", board["chip"], 3000)

    def equal(self, got, expected, what):
        if got != expected:
            raise AssertionError(f"{self.board['id']}: {what}: {got!r:.200} instead of {expected!r:.200}")

    def expect(self, records, slots):
        """All of the flash but the drive, and what the journal has behind the records."""
        layout = self.layout
        with open(self.path, "rb") as file:
            got = bytearray(file.read(layout.drive))
        expected = bytearray(b"\xff" * layout.drive)
        pieces = [(0x8000, layout.table()), *((OTADATA + i * 0x1000, r) for i, r in enumerate(records)),
                  *zip(layout.slots, slots)]
        if layout.factory is not None:
            pieces.append((layout.factory, self.bootloader))
        for at, content in pieces:
            expected[at:at + len(content)] = content
        for i in range(2):
            journal = slice(OTADATA + i * 0x1000 + 32, OTADATA + (i + 1) * 0x1000)
            got[journal] = expected[journal]
        if got != expected:
            at = next(i for i, (a, b) in enumerate(zip(got, expected)) if a != b)
            raise AssertionError(f"{self.board['id']}: at {at:#x} stands {got[at:at + 32].hex()}, "
                                 f"not {expected[at:at + 32].hex()}")

    def live(self):
        self.install()
        drive = self.drive_check()
        with dualbank.open(self.path) as board:
            self.update(board)
            self.roll_back(board)
        self.equal(self.drive_check(), drive, "the CRC of the drive, which no update touches")
        return RESULT

    def drive_check(self):
        with open(self.path, "rb") as file:
            file.seek(self.layout.drive)
            return zlib.crc32(file.read())

    def install(self):
        """A board with a UF2 bootloader gets its first record from it, the others boot ota_0 without one."""
        (self.path.parent / "first.bin").write_bytes(self.first)
        run("new", self.path, "--board", self.board["id"], "--image", self.path.parent / "first.bin", "--force")
        self.equal(self.path.stat().st_size, self.layout.flash, "the flash's size")
        self.records = (b"", b"")
        if self.layout.factory is not None:
            self.records = (record(1), b"")
            with open(self.path, "r+b") as file:
                for at, content in ((self.layout.factory, self.bootloader), (OTADATA, self.records[0])):
                    file.seek(at)
                    file.write(content)
        self.expect(self.records, (self.first, b""))

    def update(self, board):
        """Where no record names the running slot, the update begins with one that does (docs/FORMAT.md, anchor)."""
        self.equal(board.status().running_slot, "ota_0", "the running slot of a new board")
        self.records = (self.records[0] or record(1, VALID), record(2))
        offset = turn = 0
        while offset < len(self.second):
            chunk = self.second[offset:offset + CHUNKS[turn % len(CHUNKS)]]
            board.flash(chunk, offset)
            offset, turn = offset + len(chunk), turn + 1
        board.switch()
        self.expect(self.records, (self.first, self.second))
        self.equal(board.reset(), "ota_1", "after the switch boots")
        board.confirm()
        self.expect(self.records, (self.first, self.second))

    def roll_back(self, board):
        board.rollback()
        self.expect((record(3), record(2)), (self.first, self.second))
        self.equal(board.reset(), "ota_0", "after the rollback boots")
        slots = [s.image.version for s in board.status().slots if s.name.startswith("ota_")]
        self.equal(slots, ["9.0.0", "9.2.8"], "the versions in the slots")
