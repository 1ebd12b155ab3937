"""Flashes and images made by hand, byte by byte, so that no code under test has a part in them."""

import hashlib
import struct
import zlib


OTADATA = 0xE000
SLOTS = (0x10000, 0x170000)
SLOT_BYTES = 0x160000
FACTORY = 0x2D0000
STATES = {"new": 0, "pending_verify": 1, "valid": 2, "invalid": 3, "aborted": 4, "undefined": 0xFFFFFFFF}
CHIP_ESP32S3 = 9


def image(version, length=336, chip=CHIP_ESP32S3):
    """An app image of about that many bytes: one mapped segment that starts with the descriptor."""
    size = max(256, (length - 80) // 16 * 16)
    header = bytes.fromhex("e901022f00003740ee000000") + struct.pack("<H", chip) + bytes.fromhex("000000ffff0000000001")
    descriptor = struct.pack("<IIQ32s32s", 0xABCD5432, 0, 0, version.encode(), b"demo").ljust(256, b"\0")
    data = descriptor + bytes((i * 7 + i // 251 + len(version)) & 0xFF for i in range(size - 256))
    body = header + struct.pack("<II", 0x3C000020, len(data)) + data
    total = (len(body) + 16) & ~15
    checksum = 0xEF
    for byte in data:
        checksum ^= byte
    body = body.ljust(total - 1, b"\0") + bytes([checksum])
    return body + hashlib.sha256(body).digest()


def record(seq, state, good=True):
    crc = zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF) ^ (0 if good else 1)
    return struct.pack("<I20sII", seq, b"\xff" * 20, STATES[state], crc)


def table(factory=False):
    rows = [(1, 0x02, 0x9000, 0x5000, b"nvs"), (1, 0x00, OTADATA, 0x2000, b"otadata"),
            (0, 0x10, SLOTS[0], SLOT_BYTES, b"ota_0"), (0, 0x11, SLOTS[1], SLOT_BYTES, b"ota_1")]
    if factory:
        rows.append((0, 0x00, FACTORY, 0x40000, b"uf2"))
    packed = b"".join(struct.pack("<2sBBII16sI", b"\xaa\x50", *row, 0) for row in rows)
    return (packed + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(packed).digest()).ljust(0xC00, b"\xff")


def make(path, images, records=(record(1, "valid"), b""), factory=None):
    """A flash of 4 MiB with these images in its slots; None leaves a slot empty."""
    content = bytearray(b"\xff" * (4 << 20))
    pieces = [(0x8000, table(factory is not None)), (OTADATA, records[0]), (OTADATA + 0x1000, records[1]),
              (FACTORY, factory or b""), *zip(SLOTS, (i or b"" for i in images))]
    for at, data in pieces:
        content[at:at + len(data)] = data
    path.write_bytes(content)
