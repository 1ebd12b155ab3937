"""README and pages do what they say: every console, python and cpp block runs and prints what stands there."""

import pathlib
import re
import tempfile
import unittest

import console
import measure
import pages
import verbs


class Executed(unittest.TestCase):
    def test_blocks_print_what_the_pages_say(self):
        ran = 0
        for page in pages.all_pages():
            with tempfile.TemporaryDirectory() as folder:
                for block in pages.blocks(page):
                    for result in console.run_block(block, pathlib.Path(folder)):
                        ran += 1
                        self.check(page, result)
        self.assertGreater(ran, 5, "no blocks were run: the pages or the pattern are wrong")

    def check(self, page, result):
        with self.subTest(page=page.name, line=result.block.line, command=result.command):
            if not console.matches(result.expected, result.got):
                self.fail("it prints:\n" + "\n".join(result.got) + "\nthe page says:\n" + "\n".join(result.expected) +
                          "\n(tools/fill_docs puts in what it prints)")
            if result.block.language != "console":
                self.assertEqual(result.exit_code, 0)

    def test_numbers_are_those_measured(self):
        seen = 0
        for page in pages.all_pages():
            for name, value in measure.stated(page.read_text(encoding="utf-8")):
                with self.subTest(page=page.name, number=name):
                    seen += 1
                    self.assertEqual(value, measure.number(name), "tools/fill_docs puts in what was measured")
        self.assertGreater(seen, 3)

    def test_worked_update_is_what_happens(self):
        page = pages.ROOT / "docs" / "FORMAT.md"
        (block,) = [b for b in pages.blocks(page, "text") if b.note == "worked update"]
        self.assertEqual(block.text, measure.worked_update("trace"))

    def test_table_of_verbs_is_that_of_the_help(self):
        (stated,) = verbs.PLACE.findall((pages.ROOT / "README.md").read_text(encoding="utf-8"))
        self.assertEqual(stated, verbs.table(), "tools/fill_docs makes it")
        self.assertIn("| `update` |", stated)

    def test_verbs_and_make_targets_that_pages_name_exist(self):
        known = {verb for _, rows in verbs.read_help(verbs.help_text()) for verb, _ in rows} | {"VERB"}
        makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
        for page in pages.all_pages():
            text = page.read_text(encoding="utf-8")
            for verb in re.findall(r"(?:`|^\$ |^build/)dualbank (?!--)([\w-]+)", text, re.MULTILINE):
                with self.subTest(page=page.name, verb=verb):
                    self.assertIn(verb, known)
            for target in re.findall(r"(?:`|^)make ([\w-]+)", text, re.MULTILINE):
                with self.subTest(page=page.name, target=target):
                    self.assertRegex(makefile, rf"(?m)^{target}:")


class Matcher(unittest.TestCase):
    def test_takes_what_is_the_same_and_nothing_else(self):
        self.assertTrue(console.matches(["a", "b {...} d"], ["a", "b c c d"]))
        self.assertTrue(console.matches(["a", "{...}", "z"], ["a", "b", "c", "z"]))
        self.assertTrue(console.matches([], []))
        self.assertFalse(console.matches(["a"], ["a", "b"]))
        self.assertFalse(console.matches(["a.c"], ["abc"]))
        self.assertFalse(console.matches(["{...} d"], ["b c"]))
        self.assertFalse(console.matches(["a"], []))


if __name__ == "__main__":
    unittest.main()
