"""Reads a flash in the middle of an update by the words of docs/FORMAT.md alone, and finds what the command says."""

import json
import pathlib
import struct
import tempfile
import unittest
import zlib

import console
import flashes
import pages

PAGE = pages.ROOT / "docs" / "FORMAT.md"


def kinds():
    return {int(row["Kind"]): row["Name"] for row in pages.table(PAGE, "Cells", "Kind")}


def cells(sector, end):
    """[(name, a, b, c, d)] of a sector's log; burnt cells are passed over."""
    names, found = kinds(), []
    for at in range(32, end, 16):
        cell = sector[at:at + 16]
        if cell == b"\xff" * 16:
            break
        head, a, b, c, d, crc = struct.unpack("<BBHIII", cell)
        if crc == zlib.crc32(cell[:12]):
            assert head >> 4 == 1
            found.append((names[head & 15], a, b, c, d))
    return found


def journal_map(slot_bytes):
    for row in pages.table(PAGE, "Journal", "Slot"):
        if int(row["Slot"], 16) == slot_bytes:
            return {name: int(value) for name, value in row.items() if name != "Slot"}
    raise AssertionError("the page has no row for this slot")


class Journal(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.flash = self.folder / "board.flash"
        flashes.make(self.flash, [flashes.image("1.0"), None])

    def call(self, *words):
        lines, code = console.run(["dualbank", *words], self.folder)
        self.assertEqual(code, 0, "\n".join(lines))
        return lines

    def test_a_page_reader_finds_what_missing_says(self):
        image = flashes.image("2.0", 40_000)
        (self.folder / "first.bin").write_bytes(image[:20_000])
        self.call("flash", "board.flash", "first.bin", "--offset", "0")
        layout = journal_map(flashes.SLOT_BYTES)
        content = self.flash.read_bytes()
        (sector,) = [s for s in self.sectors() if any(c[0] == "session" for c in cells(s, layout["Log ends at"]))]
        session = [c for c in cells(sector, layout["Log ends at"]) if c[0] == "session"][-1]
        self.assertEqual(session[1:3], (1, 12), "slot 1, granules of 4096 bytes")
        self.assertEqual(session[4], zlib.crc32(image[:288]))
        log = cells(sector, layout["Log ends at"])
        self.assertEqual(log[0][0], "erased")

        slot = content[flashes.SLOTS[1]:][:flashes.SLOT_BYTES]
        marks = struct.unpack_from(f"<{layout['Granules']}I", sector, layout["Marks at"])
        opened = sector[layout["Opened bits at"]:]
        done = [g for g, mark in enumerate(marks) if mark not in (0, 0xFFFFFFFF)]
        for g in done:
            self.assertEqual(marks[g], zlib.crc32(slot[g * 4096:][:4096]))
            self.assertEqual(opened[g // 8] >> g % 8 & 1, 0, "a finished granule is opened")
        self.assertEqual(done, [0, 1, 2, 3])
        self.assertEqual(slot[:16384], image[:16384])

        partial = [c for c in log if c[0] == "partial"]
        kept = sum(c[2] + 1 for c in partial)
        for _, _, size, offset, crc in partial:
            self.assertEqual(crc, zlib.crc32(slot[offset:][:size + 1]))
        lines, code = console.run(["dualbank", "missing", "board.flash", "--json"], self.folder)
        self.assertEqual(code, 0, lines)
        missing = json.loads("\n".join(lines))["missing"]
        self.assertEqual(missing[0][0], 16384 + kept)

    def test_a_switch_leaves_intent_and_firm(self):
        self.switch()
        log = cells(self.sectors()[1], 4096)
        self.assertEqual([c for c in log if c[0] == "intent"], [("intent", 1, 1, 2, 0xFFFFFFFF)])
        self.assertEqual(log[-1][0], "firm")
        self.assertNotIn("note", [c[0] for c in cells(self.sectors()[0], 4096)])

    def test_a_switch_tells_the_other_sector_where_the_bootloader_rolls_back(self):
        self.switch("--policy", "stock-rollback")
        self.assertIn(("intent", 1, 1, 2, 0), cells(self.sectors()[1], 4096))
        self.assertIn(("note", 1, 0, 2, 0), cells(self.sectors()[0], 4096))

    def switch(self, *options):
        (self.folder / "new.bin").write_bytes(flashes.image("2.0", 40_000))
        self.call("update", "board.flash", "new.bin", *options)
        self.assertEqual([struct.unpack_from("<I", s)[0] for s in self.sectors()], [1, 2])

    def sectors(self):
        content = self.flash.read_bytes()
        return [content[flashes.OTADATA + i * 4096:][:4096] for i in (0, 1)]


if __name__ == "__main__":
    unittest.main()
