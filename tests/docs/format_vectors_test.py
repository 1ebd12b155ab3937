"""The numbers printed in docs/FORMAT.md, computed again by other code than ours (zlib, hashlib)."""

import hashlib
import re
import struct
import unittest
import zlib

import pages

PAGE = pages.ROOT / "docs" / "FORMAT.md"
TEXT = PAGE.read_text(encoding="utf-8")


def record_crc(seq):
    return zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF)


class BootRecord(unittest.TestCase):
    def test_crc_table(self):
        rows = pages.table(PAGE, "Boot record", "seq")
        self.assertGreaterEqual(len(rows), 10)
        for row in rows:
            with self.subTest(seq=row["seq"]):
                crc = record_crc(int(row["seq"]))
                self.assertEqual(f"{crc:08X}", row["crc"])
                self.assertEqual(struct.pack("<I", crc).hex(" "), row["bytes in flash"])

    def test_check_values_of_both_crcs(self):
        self.assertIn(f"{zlib.crc32(b'123456789', 0xFFFFFFFF):08X}, where", TEXT)
        self.assertIn(f"gives {zlib.crc32(b'123456789'):08X}", TEXT)

    def test_whole_records(self):
        (block,) = [b for b in pages.blocks(PAGE, "text") if b.lines[0].startswith("01 00 00 00")]
        expected = [struct.pack("<I20sII", seq, b"\xff" * 20, state, record_crc(seq)).hex(" ")
                    for seq, state in ((1, 2), (2, 0xFFFFFFFF), (3, 0))]
        self.assertEqual(block.lines, expected)


class PartitionTable(unittest.TestCase):
    def test_md5_of_the_worked_layout(self):
        rows = b"".join(
            struct.pack("<2sBBII16sI", b"\xaa\x50", int(r["Type"]), int(r["Subtype"], 16), int(r["Offset"], 16),
                        int(r["Size"], 16), r["Label"].encode(), 0)
            for r in pages.table(PAGE, "Partition table", "Row"))
        self.assertEqual(len(rows), 0xC0)
        self.assertIn(f"`{hashlib.md5(rows).digest().hex(' ')}`", TEXT)


class AppImage(unittest.TestCase):
    def test_worked_image(self):
        found = re.search(r"header `([0-9a-f ]+)`, one segment\s+`([0-9a-f ]+)`", TEXT)
        header, segment = (bytes.fromhex(g) for g in found.groups())
        descriptor = struct.pack("<IIQ32s32s", 0xABCD5432, 0, 0, b"1.2.3", b"demo").ljust(256, b"\0")
        body = header + segment + descriptor
        total = (len(body) + 1 + 15) & ~15
        checksum = 0xEF
        for byte in descriptor:
            checksum ^= byte
        image = body.ljust(total - 1, b"\0") + bytes([checksum])
        stated = re.search(r"T = (\d+),\s+checksum (\w\w), length (\d+), SHA-256 `(\w+)`", TEXT).groups()
        self.assertEqual(stated, (str(total), f"{checksum:02X}", str(total + 32), hashlib.sha256(image).hexdigest()))


class Journal(unittest.TestCase):
    def test_map_of_each_slot_size(self):
        for row in pages.table(PAGE, "Journal", "Slot"):
            with self.subTest(slot=row["Slot"]):
                size, granule = int(row["Slot"], 16), 4096
                while -(-size // granule) > 768:
                    granule *= 2
                granules = -(-size // granule)
                marks = 4096 - 4 * granules
                opened = marks - 4 * -(-granules // 32)
                self.assertEqual([int(v) for v in list(row.values())[1:]],
                                 [granule, granules, marks, opened, opened // 16 * 16])


class Sources(unittest.TestCase):
    def test_every_source_that_a_rule_names_is_listed(self):
        listed = {row["Source"] for row in pages.table(PAGE, "Sources", "Source")}
        keys = {row["Key"] for row in pages.table(PAGE, "Sources", "Key")}
        named = set(re.findall(r"\b(?:" + "|".join(keys) + r") \d+\b", TEXT))
        self.assertEqual(named - listed, set())
        self.assertEqual({source.split()[0] for source in listed}, keys)
        for source in listed:
            self.assertGreater(len(re.findall(rf"\b{source}\b", TEXT)), 1, f"{source} is listed and never named")


if __name__ == "__main__":
    unittest.main()
