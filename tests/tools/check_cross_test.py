"""tools/check_cross: the budget bites at 2 %, and the list of symbols is read per core."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True


def load():
    loader = importlib.machinery.SourceFileLoader("check_cross", str(ROOT / "tools" / "check_cross"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_cross", loader))
    loader.exec_module(module)
    return module


class CheckCross(unittest.TestCase):
    def setUp(self):
        self.tool = load()

    def complaints(self, budget, sizes):
        return list(self.tool.over_budget({("m0", name): numbers for name, numbers in budget.items()}, "m0", sizes))

    def test_within_two_percent(self):
        self.assertEqual(self.complaints({"boot": (1000, 100, 500)}, {"boot": (1020, 102, 510)}), [])
        self.assertEqual(self.complaints({"boot": (1000, 100, 500)}, {"boot": (500, 50, 50)}), [])

    def test_over_two_percent(self):
        (flash,) = self.complaints({"boot": (1000, 100, 500)}, {"boot": (1021, 100, 500)})
        self.assertIn("m0, boot: 1,021 bytes of flash, 21 more than the budget's 1,000", flash)
        (ram,) = self.complaints({"boot": (1000, 100, 500)}, {"boot": (1000, 103, 500)})
        self.assertIn("103 bytes of static RAM", ram)
        (stack,) = self.complaints({"boot": (1000, 100, 500)}, {"boot": (1000, 100, 511)})
        self.assertIn("511 bytes of stack", stack)

    def test_a_program_without_a_budget_is_refused(self):
        (said,) = self.complaints({}, {"boot": (1, 1, 1)})
        self.assertIn("boot on m0 is not in size_budget.txt", said)

    def test_every_program_has_a_budget_on_every_core(self):
        budget = self.tool.read_budget(self.tool.BUDGET.read_text())
        self.assertEqual(sorted(budget), sorted((core, program) for core in self.tool.CORES for program in self.tool.PROGRAMS))

    def test_size_counts_data_twice(self):
        text = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n   2660\t     20\t    256\t   2936\t    b78\tboot.elf\n"
        self.assertEqual(self.tool.flash_and_ram(text), (2680, 276))

    def test_symbols_are_allowed_per_core(self):
        text = "# comment\n* memcpy why\narm helper why\n"
        self.assertEqual(self.tool.allowed("arm", text), {"memcpy", "helper"})
        self.assertEqual(self.tool.allowed("riscv", text), {"memcpy"})

    def test_only_the_four_are_allowed_on_every_core(self):
        text = (self.tool.HERE / "allowed_symbols.txt").read_text()
        self.assertEqual(self.tool.allowed("no such core", text), {"memcpy", "memmove", "memset", "memcmp"})


if __name__ == "__main__":
    unittest.main()
