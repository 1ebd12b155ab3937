"""Flashes and images for the tests, made byte by byte with the standard library: nothing here comes from dualbank.

Layout: two slots of 256 KiB on a 1 MiB flash, made as the vendor's tool would.
"""

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib
from functools import reduce
from pathlib import Path

import dualbank

SECTOR = 0x1000
FLASH_BYTES = 0x100000
OTADATA = 0xE000
SLOT_OFFSETS = (0x10000, 0x50000)
SLOT_BYTES = 0x40000
FACTORY = 0x90000
FACTORY_BYTES = 0x20000
FAT = 0xB0000
FAT_BYTES = 0x40000
ESP32C3, ESP32S3 = 5, 9
VALID, INVALID, UNDEFINED = 2, 3, 0xFFFFFFFF
NEW, PENDING_VERIFY, ABORTED = 0, 1, 4
DROM = {ESP32C3: 0x3C000020, ESP32S3: 0x3C000020}


def descriptor(version, project="demo", secure_version=0):
    fields = struct.pack("<II8x32s32s16s16s32s", 0xABCD5432, secure_version, version.encode(), project.encode(),
                         b"12:00:00", b"Jan  1 2024", b"v5.4")
    return fields.ljust(256, b"\0")


def app_image(version="1.0", *, project="demo", chip=ESP32C3, payload=20_000, seed=None, hashed=True, app_descriptor=True,
              segments=None):
    """An app image: one mapped segment with descriptor and `payload` bytes that follow from version and seed."""
    if segments is None:
        body = noise(f"{version}/{seed}", payload + (-payload % 4))
        segments = [(DROM[chip], (descriptor(version, project) if app_descriptor else b"\0" * 256) + body)]
    header = struct.pack("<BBBBIB3xHBHHIB", 0xE9, len(segments), 2, 0x20, 0x42000020, 0xEE, chip, 0, 0, 0xFFFF, 0, hashed)
    data = header + b"".join(struct.pack("<II", address, len(body)) + body for address, body in segments)
    checksum = reduce(lambda x, y: x ^ y, b"".join(body for _, body in segments), 0xEF)
    data += b"\0" * (15 - len(data) % 16) + bytes([checksum])
    return data + (hashlib.sha256(data).digest() if hashed else b"")


def noise(seed, length):
    """Bytes that follow from the seed and look like anything."""
    blocks = (hashlib.sha256(f"{seed}:{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def record(seq, state=UNDEFINED):
    """A boot record as the vendor writes it. zlib's register is inverted on entry, so the start value makes it 0."""
    sequence = struct.pack("<I", seq)
    return sequence + b"\xff" * 20 + struct.pack("<II", state, zlib.crc32(sequence, 0xFFFFFFFF))


def partition_table(rows):
    packed = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, offset, size, name.encode(), 0)
        for name, kind, subtype, offset, size in rows
    )
    return packed + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(packed).digest()


def rows(slots=2, factory=False):
    return [
        ("nvs", 1, 2, 0x9000, 0x5000),
        ("otadata", 1, 0, OTADATA, 0x2000),
        *((f"ota_{i}", 0, 0x10 + i, SLOT_OFFSETS[i], SLOT_BYTES) for i in range(slots)),
        *([("uf2", 0, 0, FACTORY, FACTORY_BYTES)] if factory else []),
        ("user_fs", 1, 0x81, FAT, FAT_BYTES),
    ]


def make_flash(ota_0=b"", ota_1=b"", *, records=(), slots=2, factory=None, table=None, fat=b"", size=FLASH_BYTES):
    """A whole flash: FF, the table, images in the slots, boot records."""
    flash = bytearray(b"\xff" * size)

    def put(offset, content):
        flash[offset : offset + len(content)] = content

    put(0x8000, partition_table(rows(slots, factory is not None)) if table is None else table)
    put(SLOT_OFFSETS[0], ota_0)
    put(SLOT_OFFSETS[1], ota_1)
    put(FACTORY, factory or b"")
    put(FAT, fat)
    for i, content in enumerate(records):
        put(OTADATA + i * SECTOR, content)
    return bytes(flash)


def boot_choice(flash, slots=2):
    """Which slot the boot records choose by the vendor's rules, or None: read independently of dualbank."""
    usable = []
    for i in range(2):
        seq, state, crc = struct.unpack_from("<I20xII", flash, OTADATA + i * SECTOR)
        if seq != 0xFFFFFFFF and state not in (INVALID, ABORTED) and crc == zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF):
            usable.append(seq)
    return (max(usable) - 1) % slots if usable else None


def slot(flash, index):
    return flash[SLOT_OFFSETS[index] : SLOT_OFFSETS[index] + SLOT_BYTES]


def command():
    """The command `dualbank` of this build; None when the tests run without a build's environment."""
    return os.environ.get("DUALBANK_BIN")


class FlashTest(unittest.TestCase):
    """A folder of its own, a flash file in it, and no flash named by the environment."""

    ONE = app_image("1.0")
    TWO = app_image("2.0", payload=30_000)

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dualbank-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(dualbank.use, None)
        for name in ("DUALBANK_FLASH", "DUALBANK_POLICY"):
            saved = os.environ.pop(name, None)
            if saved is not None:
                self.addCleanup(os.environ.__setitem__, name, saved)
        self.path = self.folder / "board.flash"

    def write_flash(self, *args, **kwargs):
        self.path.write_bytes(make_flash(*args, **kwargs))
        return self.path

    def board(self, *args, options=None, **kwargs):
        """A board that runs 1.0 from ota_0 unless said otherwise, open until the test ends."""
        if not args and not kwargs:
            args, kwargs = (self.ONE,), {"records": (record(1, VALID),)}
        board = dualbank.open(self.write_flash(*args, **kwargs), **(options or {}))
        self.addCleanup(board.close)
        return board

    def flash_bytes(self):
        return self.path.read_bytes()

    def send(self, board, image, chunk=1024):
        for offset in range(0, len(image), chunk):
            board.flash(image[offset : offset + chunk], offset)

    def refused(self, code, call, *args, **kwargs):
        """Calls, expects dualbank.Error with that code, and returns it."""
        with self.assertRaises(dualbank.Error) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception

    def refused_untouched(self, code, call, *args, **kwargs):
        """The same, and not one byte of the flash has changed."""
        before = self.flash_bytes()
        error = self.refused(code, call, *args, **kwargs)
        self.assertEqual(self.flash_bytes(), before, "the refused call changed the flash")
        return error

    def run_command(self, *arguments, code=0):
        """Runs `dualbank` and returns what it printed; skips without the command."""
        if command() is None:
            self.skipTest("DUALBANK_BIN names no command")
        done = subprocess.run([command(), *map(str, arguments)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout
