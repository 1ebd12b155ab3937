"""docs/DUMPS.md explains every finding that inspect can have, and no other."""

import re
import unittest

import pages

# A Finding is {severity, where, code, ...}
FINDING = re.compile(r'\{Severity::\w+,\s*[^,{}]+,\s*"(\w+)"')
SOURCES = ("findings.cpp", "table_findings.cpp", "verbs/inspect.cpp")


class FindingsPage(unittest.TestCase):
    def test_every_code_is_explained(self):
        codes = set()
        for name in SOURCES:
            codes |= set(FINDING.findall((pages.ROOT / "dualbank" / "cli" / name).read_text(encoding="utf-8")))
        self.assertGreater(len(codes), 10, "the pattern is wrong")
        codes.add("flash_encrypted")  # named by refused_encrypted, which repair and map say too
        rows = pages.table(pages.ROOT / "docs" / "DUMPS.md", "Findings", "Code")
        self.assertEqual({row["Code"].strip("`") for row in rows}, codes)


if __name__ == "__main__":
    unittest.main()
