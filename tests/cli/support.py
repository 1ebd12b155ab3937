"""The command under test, and files for it, made byte by byte so that nothing of dualbank has a part in them."""

import hashlib
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest
import zlib

COMMAND = os.environ.get("DUALBANK_BIN", "dualbank")
# With sanitizers everything takes five times as long.
SANITIZED = "asan" in os.environ.get("DUALBANK_BUILD", "")
OTADATA = 0xE000
ESP32C3, ESP32S3 = 5, 9
NEW, PENDING_VERIFY, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF
# The layout 4MB-no-uf2 of CircuitPython.
SLOTS = (0x10000, 0x170000)
SLOT_BYTES = 0x160000
DRIVE = (0x2D0000, 0x130000)
FLASH_BYTES = 4 << 20
UF2_FAMILY_S3 = 0xC47E5767


def noise(seed, length):
    blocks = (hashlib.sha256(f"{seed}:{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def descriptor(version, project="demo"):
    return struct.pack("<II8x32s32s16s16s32s", 0xABCD5432, 0, version.encode(), project.encode(), b"12:34:56",
                       b"Jan  1 2026", b"v5.4").ljust(256, b"\0")


def app_image(version="1.0", length=40_000, *, chip=ESP32S3, project="demo", magic=0xE9, segments=None, count=None,
              hashed=True, start=None):
    """One segment, mapped from flash. A `length` that is a multiple of 16 is the image's. The others make wrong ones."""
    if segments is None:
        first = descriptor(version, project) if start is None else start
        body = first + noise(version, max(0, length - len(first) - 80) // 4 * 4)
        segments = [(0x3C000020, body)]
    header = struct.pack("<BBBBIB3xHBHHIB", magic, len(segments) if count is None else count, 2, 0x20, 0x42000020, 0xEE,
                         chip, 0, 0, 0xFFFF, 0, hashed)
    data = header + b"".join(struct.pack("<II", at, len(body)) + body for at, body in segments)
    checksum = 0xEF
    for _, body in segments:
        for byte in body:
            checksum ^= byte
    data += b"\0" * (15 - len(data) % 16) + bytes([checksum])
    return data + (hashlib.sha256(data).digest() if hashed else b"")


def bootloader_image(chip=ESP32S3):
    return app_image(chip=chip, segments=[(0x3FCD5820, b"\x50" + noise("bootloader", 4095))])


def record(seq, state=UNDEFINED):
    return struct.pack("<I20sII", seq, b"\xff" * 20, state, zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF))


def table(rows=None, md5=True):
    if rows is None:
        rows = [("nvs", 1, 2, 0x9000, 0x5000), ("otadata", 1, 0, OTADATA, 0x2000),
                ("ota_0", 0, 0x10, SLOTS[0], SLOT_BYTES), ("ota_1", 0, 0x11, SLOTS[1], SLOT_BYTES),
                ("user_fs", 1, 0x81, *DRIVE)]
    packed = b"".join(struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, offset, size, name.encode(), 0)
                      for name, kind, sub, offset, size in rows)
    md5_row = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(packed).digest() if md5 else b""
    return (packed + md5_row).ljust(0xC00, b"\xff")


def flash_bytes(slots=(None, None), records=(b"", b""), *, table_bytes=None, bootloader=None, size=FLASH_BYTES, drive=None):
    """A flash whose drive is not extended, unless `drive` says what stands there."""
    if drive is None:
        drive = b"" if table_bytes is not None else fat_boot_sector(DRIVE[1] // 512)
    content = bytearray(b"\xff" * size)
    pieces = [(0, bootloader or b""), (0x8000, table() if table_bytes is None else table_bytes), (OTADATA, records[0]),
              (OTADATA + 0x1000, records[1]), (DRIVE[0], drive)] + [(at, image or b"") for at, image in zip(SLOTS, slots)]
    for at, data in pieces:
        content[at:at + len(data)] = data
    return bytes(content)


def joined(app, chip=ESP32S3):
    return flash_bytes((app, None), bootloader=bootloader_image(chip))[:SLOTS[0] + len(app)]


def uf2(app, family=UF2_FAMILY_S3):
    pieces = [app[i:i + 256].ljust(256, b"\0") for i in range(0, len(app), 256)]
    return b"".join(struct.pack("<IIIIIIII", 0x0A324655, 0x9E5D5157, 0x2000, i * 256, 256, i, len(pieces), family) +
                    piece.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30) for i, piece in enumerate(pieces))


def fat_boot_sector(blocks):
    """Of a FAT of so many blocks of 512 bytes, as CircuitPython makes them."""
    boot = bytearray(512)
    boot[:3], boot[54:62] = b"\xeb\xfe\x90", b"FAT     "
    struct.pack_into("<HBHBHH", boot, 11, 512, 2, 1, 1, 512, blocks)
    struct.pack_into("<H", boot, 22, 12)
    boot[510:] = b"\x55\xaa"
    return bytes(boot)


class Answer:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class CommandTest(unittest.TestCase):
    """A folder of its own for each test, and no settings from outside."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def environment(self, **more):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("DUALBANK_", "LC_", "LANG", "NO_COLOR", "COLUMNS"))}
        return {**keep, "LC_ALL": "C", **more}

    def run_command(self, *words, env=None, stdin=b"", text=True):
        done = subprocess.run([COMMAND, *map(str, words)], cwd=self.folder, env=self.environment(**(env or {})),
                              input=stdin.decode("latin-1") if text else stdin, capture_output=True, text=text,
                              timeout=120, **({"encoding": "latin-1"} if text and stdin else {}))
        return Answer(done)

    def ok(self, *words, **how):
        answer = self.run_command(*words, **how)
        self.assertEqual(answer.code, 0, answer)
        return answer

    def refused(self, code, *words, exit_code=1, **how):
        """Runs twice: once for people, once as JSON, which must name the code. Returns the error object."""
        plain = self.run_command(*words, **how)
        self.assertEqual(plain.code, exit_code, plain)
        self.assertEqual(plain.out, "")
        answer = self.run_command(*words, "--json", **how)
        self.assertEqual(answer.code, exit_code, answer)
        self.assertEqual(answer.json["schema"], 1)
        error = answer.json["error"]
        self.assertEqual(set(error), {"code", "message", "cure", "values"})
        self.assertEqual(error["code"], code, answer)
        self.assertIn(error["message"], plain.err)
        self.assertIn(error["cure"], plain.err)
        return error

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def board(self, slots=None, records=(record(1, VALID), b""), **how):
        """A flash file with 1.0 in ota_0, which boots."""
        return self.file("board.flash", flash_bytes((app_image("1.0"), None) if slots is None else slots, records, **how))

    def digest(self, path):
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
