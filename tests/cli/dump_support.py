"""Dumps of any layout, made byte by byte, and how the tests ask about them."""

import hashlib
import struct
import zlib

from support import CommandTest, OTADATA, record, table

SLOT = 0x10000


def shape(slots=2, factory=False, test=False, otadata=0x2000, extra=()):
    """Rows of a table with small slots, and where each app stands: {"ota_0": 0x10000, ...}."""
    rows = [("nvs", 1, 2, 0x9000, 0x5000)]
    if otadata:
        rows.append(("otadata", 1, 0, OTADATA, otadata))
    names = [(f"ota_{i}", 0x10 + i) for i in range(slots)] + [("factory", 0)] * factory + [("test", 0x20)] * test
    places = {}
    for i, (name, subtype) in enumerate(names):
        places[name] = 0x10000 + i * SLOT
        rows.append((name, 0, subtype, places[name], SLOT))
    return rows + list(extra), places


def dump(images=None, records=(b"", b""), *, table_at=0x8000, table_bytes=None, size=1 << 20, bootloader=(0, b""), **how):
    """A flash of that shape: images by slot name."""
    rows, places = shape(**how)
    content = bytearray(b"\xff" * size)
    pieces = [bootloader, (table_at, table(rows) if table_bytes is None else table_bytes)]
    pieces += [(OTADATA + i * 0x1000, r) for i, r in enumerate(records) if how.get("otadata", 0x2000) > i * 0x1000]
    pieces += [(places[name], image) for name, image in (images or {}).items()]
    for at, data in pieces:
        content[at:at + len(data)] = data
    return bytes(content)


def signature_block(signed, scheme="RSA-3072", *, digest=None, crc_error=0):
    block = bytearray(1216)
    block[:4] = b"\xe7" + (b"\x02" if scheme == "RSA-3072" else b"\x03") + b"\0\0"
    if scheme == "ECDSA P-384":
        block[2] = 1
        block[4:52] = hashlib.sha384(signed).digest()
        block[52] = 3
    else:
        block[4:36] = hashlib.sha256(signed).digest() if digest is None else digest
        block[36] = {"RSA-3072": 0x55, "ECDSA P-192": 1, "ECDSA P-256": 2}[scheme]
    block[100:300] = bytes(range(200))
    struct.pack_into("<I", block, 1196, zlib.crc32(block[:1196]) ^ crc_error)
    return bytes(block)


def signed(image, *schemes, **how):
    """The image, filled up to a sector, with the sector of its signatures."""
    padded = image.ljust((len(image) + 4095) // 4096 * 4096, b"\xff")
    return padded + b"".join(signature_block(padded, scheme, **how) for scheme in schemes).ljust(4096, b"\xff")


class DumpTest(CommandTest):
    def inspect(self, content, *words, code=0):
        answer = self.run_command("inspect", self.file("dump.bin", content), "--json", *words)
        self.assertEqual(answer.code, code, answer)
        return answer.json

    def found(self, answer):
        """{(where, code): severity} but for what is said of the drive."""
        return {(f["where"], f["code"]): f["severity"] for f in answer["findings"] if f["where"] != "drive"}

    def slot(self, answer, name):
        return next(slot for slot in answer["slots"] if slot["name"] == name)


__all__ = ["SLOT", "DumpTest", "dump", "record", "shape", "signature_block", "signed", "table"]
