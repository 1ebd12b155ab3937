"""The table of docs/FORMAT.md, "What combinations of records boot", held against the command on real flash files."""

import json
import pathlib
import re
import tempfile
import unittest

import console
import flashes
import pages

PAGE = pages.ROOT / "docs" / "FORMAT.md"


def parse(cell):
    """(bytes of the record) of a table's cell: "-", "2 undefined", "2 undefined !"."""
    if cell == "-":
        return b""
    seq, state, *bad = cell.split()
    return flashes.record(int(seq), state, not bad)


class DecisionTable(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.flash = self.folder / "board.flash"

    def reset(self, *words):
        lines, code = console.run(["dualbank", "reset", "board.flash", "--json", *words], self.folder)
        return json.loads("\n".join(lines)), code

    def test_each_row_boots_what_it_says(self):
        rows = pages.table(PAGE, "What combinations of records boot", "Record 0")
        self.assertGreater(len(rows), 10)
        for row in rows:
            with self.subTest(**row):
                before = [parse(row["Record 0"]).ljust(32, b"\xff"), parse(row["Record 1"]).ljust(32, b"\xff")]
                flashes.make(self.flash, [flashes.image("1.0"), flashes.image("2.0")], before)
                answer, code = self.reset()
                self.assertEqual((code, answer["boot_slot"]), (0, row["Boots"]))
                if written := re.match(r"record 0 = seq (\d+) (\w+)", row["Bootloader writes"]):
                    before[0] = flashes.record(int(written.group(1)), written.group(2))
                after = self.flash.read_bytes()
                self.assertEqual([after[flashes.OTADATA + at:][:32] for at in (0, 0x1000)], before)


if __name__ == "__main__":
    unittest.main()
