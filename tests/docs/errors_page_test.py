"""docs/ERRORS.md is made from the list of statuses, and the maker understands every line of it."""

import importlib.machinery
import importlib.util
import re
import subprocess
import sys
import unittest

import pages

TOOL = pages.ROOT / "tools" / "make_error_docs"
PAGE = pages.ROOT / "docs" / "ERRORS.md"


def load_tool():
    loader = importlib.machinery.SourceFileLoader("make_error_docs", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_error_docs", loader))
    loader.exec_module(module)
    return module


class ErrorsPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sys.dont_write_bytecode = True
        cls.tool = load_tool()
        cls.statuses = [row for _, rows in cls.tool.read_list(cls.tool.LIST.read_text()) for row in rows]

    def test_is_up_to_date(self):
        run = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_numbers_and_names_are_used_once_and_ascend(self):
        numbers = [number for number, *_ in self.statuses]
        names = [name for _, name, *_ in self.statuses]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(names), len(set(names)))
        self.assertLess(max(numbers), 256)

    def test_every_error_says_what_to_do(self):
        for number, name, what, cure in self.statuses:
            with self.subTest(name=name):
                self.assertTrue(what)
                self.assertTrue(cure or number == 0 or number >= 200, "an error needs a cure")

    def test_no_sentence_speaks_of_more_than_three_values(self):
        for _, name, what, cure in self.statuses:
            values = set(re.findall(r"\{(\w+)", what + cure))
            with self.subTest(name=name):
                self.assertLessEqual(len(values), 3)

    def test_names_that_pages_give_are_statuses(self):
        names = {name for _, name, *_ in self.statuses}
        words = re.compile(r"`((?:table|layout|image|flash|csv|uf2|elf|slot|update)_\w+)`")
        others = {"flash_file", "image_length", "flash_next", "flash_at", "slot_count", "slot_name", "slot_named"}
        for page in pages.all_pages():
            for number, line in pages.prose(page):
                for word in words.findall(line):
                    with self.subTest(page=page.name, line=number, word=word):
                        self.assertIn(word, names | others)

    def test_a_line_that_cannot_be_read_is_an_error(self):
        for text in ('DUALBANK_STATUS(1, x, "a", "b")', '// ---- 0..9: general\nDUALBANK_STATUS(1, x, "a" "b", "c")'):
            with self.assertRaises(ValueError):
                self.tool.read_list(text)


if __name__ == "__main__":
    unittest.main()
