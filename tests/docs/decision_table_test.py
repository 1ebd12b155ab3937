"""The tables of docs/FORMAT.md that say what boots, held against the command on real flash files."""

import json
import pathlib
import re
import struct
import tempfile
import unittest
import zlib

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


KINDS = {int(row["Kind"]): row["Name"] for row in pages.table(PAGE, "Cells", "Kind")}
SWITCH = 1  # the reason in an intent


def cell(name, a=0, b=0, c=0, d=0):
    kind = next(kind for kind, known in KINDS.items() if known == name)
    body = struct.pack("<BBHII", 1 << 4 | kind, a, b, c, d)
    return body + struct.pack("<I", zlib.crc32(body))


def reason_number(name):
    return int(re.search(rf"\b(\d+)\s+`{name}`", PAGE.read_text(encoding="utf-8")).group(1))


class DecisionTable(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.flash = self.folder / "board.flash"

    def reset(self, *words):
        lines, code = console.run(["dualbank", "reset", "board.flash", "--json", *words], self.folder)
        text = "\n".join(lines)  # what to do next may stand around it
        return json.loads(text[text.index("{"):text.rindex("}") + 1]), code

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

    def test_trials_boot_what_it_says(self):
        images = {"good": flashes.image("1.0"), "bad": flashes.image("1.0")[:-1] + b"!", "none": None}
        rows = pages.table(PAGE, "What trials boot", "Tried")
        self.assertGreater(len(rows), 10)
        for row in rows:
            with self.subTest(**row):
                tries = int(row["Tried"])
                log = [cell("erased"), cell("intent", 1, SWITCH, 2, 0xFFFFFFFF), cell("firm")]
                log += [cell("tried", n + 1) for n in range(tries)]
                log += [cell("booted", 1, reason_number("trial_boot"), 2, 1)] if tries else []
                log += [cell(row["Cell behind it"])] if row["Cell behind it"] != "-" else []
                sector = flashes.record(2, "undefined") + b"".join(log)
                flashes.make(self.flash, [images[row["ota_0"]], images[row["ota_1"]]],
                             [flashes.record(1, "valid"), sector], images[row["factory"]])
                before = self.flash.read_bytes()
                answer, _ = self.reset("--policy", "dualbank")
                boot = answer["boots"][0]
                self.assertEqual(boot["slot"] or "nothing", row["Boots"])
                self.assertEqual(boot["reason"], row["Reason"].strip("`"))
                after = self.flash.read_bytes()
                end = flashes.OTADATA + 0x1000 + len(sector)
                written = [after[at:at + 16] for at in range(end, end + 0x100, 16)]
                names = [KINDS[c[0] & 15] for c in written if c[0] >> 4 == 1]
                self.assertEqual(", ".join(names) or "-", row["Cells written"])
                self.assertEqual(before[:end] + after[end:end + 0x100] + before[end + 0x100:], after)

    def test_reasons_have_the_numbers_that_the_page_gives_them(self):
        header = (pages.ROOT / "dualbank" / "engine" / "boot_decision.hpp").read_text(encoding="utf-8")
        reasons = re.findall(r"^  (\w+),", header.split("enum class BootReason")[1].split("};")[0], re.MULTILINE)
        self.assertEqual([reason_number(name) for name in reasons], list(range(len(reasons))))

    def test_reasons_that_the_page_names_are_the_engines(self):
        header = (pages.ROOT / "dualbank" / "engine" / "boot_decision.hpp").read_text(encoding="utf-8")
        reasons = set(re.findall(r"^  (\w+),", header.split("enum class BootReason")[1].split("};")[0], re.MULTILINE))
        text = PAGE.read_text(encoding="utf-8").split("\n## Boot decision")[1].split("\n## App image")[0]
        self.assertEqual(reasons - set(re.findall(r"`(\w+)`", text)), set(), "reasons that the page leaves out")


if __name__ == "__main__":
    unittest.main()
