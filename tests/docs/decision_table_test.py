"""The tables of docs/FORMAT.md that say what boots, held against the command on real flash files."""

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
                self.assertEqual((code, answer["boots"][0]["slot"]), (0, row["Boots"]))
                if written := re.match(r"record 0 = seq (\d+) (\w+)", row["Bootloader writes"]):
                    before[0] = flashes.record(int(written.group(1)), written.group(2))
                after = self.flash.read_bytes()
                self.assertEqual([after[flashes.OTADATA + at:][:32] for at in (0, 0x1000)], before)

    def test_damaged_slots_boot_what_it_says(self):
        images = {"good": flashes.image("1.0"), "bad": flashes.image("1.0")[:-1] + b"!", "none": None}
        rows = pages.table(PAGE, "What damaged slots boot", "Record 0")
        self.assertGreater(len(rows), 5)
        for row in rows:
            for policy, column in (("stock", "Boots"), ("dualbank", "Policy `dualbank` boots")):
                with self.subTest(policy=policy, **row):
                    flashes.make(self.flash, [images[row["ota_0"]], images[row["ota_1"]]],
                                 [parse(row["Record 0"]), parse(row["Record 1"])], images[row["factory"]])
                    answer, _ = self.reset("--dry-run", "--policy", policy)
                    self.assertEqual(answer["boots"][0]["slot"] or "nothing", row[column])

    def test_reasons_that_the_page_names_are_the_engines(self):
        header = (pages.ROOT / "dualbank" / "engine" / "boot_decision.hpp").read_text(encoding="utf-8")
        reasons = set(re.findall(r"^  (\w+),", header.split("enum class BootReason")[1].split("};")[0], re.MULTILINE))
        text = PAGE.read_text(encoding="utf-8").split("\n## Boot decision")[1].split("\n## App image")[0]
        self.assertEqual(reasons - set(re.findall(r"`(\w+)`", text)), set(), "reasons that the page leaves out")


if __name__ == "__main__":
    unittest.main()
