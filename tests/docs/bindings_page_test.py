"""docs/BINDINGS.md: the table of verbs is made from the code; the other one says in four words what was tried of each place."""

import importlib.machinery
import importlib.util
import re
import subprocess
import sys
import unittest

import pages

TOOL = pages.ROOT / "tools" / "make_binding_docs"
PAGE = pages.ROOT / "docs" / "BINDINGS.md"
WORDS = re.compile(r"runs in CI|compiled in CI|untried|tried by hand at \S.*")


def load_tool():
    loader = importlib.machinery.SourceFileLoader("make_binding_docs", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_binding_docs", loader))
    loader.exec_module(module)
    return module


class BindingsPage(unittest.TestCase):
    def test_is_up_to_date(self):
        run = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_the_maker_finds_the_verbs_and_has_a_row_for_each(self):
        sys.dont_write_bytecode = True
        tool = load_tool()
        for title, names in tool.BINDINGS:
            self.assertIn("switch_slot" if title == "C++" else "switch", names(), title)
        tool.ROWS = tool.ROWS[:-1]
        with self.assertRaisesRegex(SystemExit, "no row for .*'sim'"):
            tool.make_table()

    def test_what_was_tried_is_said_in_four_words_of_every_place(self):
        rows = pages.table(PAGE, "What was tried", "What")
        for row in rows:
            with self.subTest(row["What"]):
                self.assertRegex(row["How"], rf"\A(?:{WORDS.pattern})\Z")
        named = {place for row in rows for place in re.findall(r"`(\S+)/`", row["Where"])}
        places = {str(folder.relative_to(pages.ROOT)) for room in ("bindings", "ports")
                  for folder in (pages.ROOT / "dualbank" / room).iterdir() if folder.is_dir() and folder.name != "__pycache__"}
        self.assertEqual(places - named, set(), "a place that the table does not name")


if __name__ == "__main__":
    unittest.main()
