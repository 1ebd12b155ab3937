"""Every link, anchor and file that a page names is there; so is every section that a header points to."""

import re
import unittest

import pages

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# `dualbank/engine/flash.hpp`, `tools/x`, `docs/X.md`: a path of this repository, in one of its top folders
OURS = re.compile(r"^(?:dualbank|docs|tests|tools|examples|packaging|cmake)/[\w./-]*$")
HEADER_POINTER = re.compile(r'docs/(\w[\w-]*\.md)(?:, "([^"]+)")?')


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in pages.all_pages():
            for number, line in pages.prose(page):
                for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                    with self.subTest(page=page.name, line=number, target=target):
                        self.check(page, target)

    def check(self, page, target):
        if re.match(r"[a-z]+:", target):
            return
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        self.assertTrue(file.exists(), f"{target}: there is no such file")
        if fragment:
            anchors = [pages.anchor(h) for h in pages.headings(file)]
            self.assertIn(fragment, anchors, f"{target}: there is no such heading")

    def test_files_that_pages_name_exist(self):
        for page in pages.all_pages():
            for number, line in pages.prose(page):
                for name in re.findall(r"`([^`]+)`", line):
                    if OURS.match(name) and page.name != "CHANGELOG.md":
                        with self.subTest(page=page.name, line=number, name=name):
                            self.assertTrue((pages.ROOT / name).exists(), f"{name}: there is no such file")

    def test_sections_that_headers_point_to_exist(self):
        seen = 0
        for header in sorted((pages.ROOT / "dualbank").rglob("*.hpp")):
            for name, section in HEADER_POINTER.findall(self.joined(header)):
                seen += 1
                with self.subTest(header=header.name, page=name, section=section):
                    page = pages.ROOT / "docs" / name
                    self.assertTrue(page.exists(), f"docs/{name}: there is no such page")
                    if section:
                        self.assertIn(section, pages.headings(page))
        self.assertGreater(seen, 3, "no pointers found: the pattern is wrong")

    def joined(self, header):
        """The header's text with comments that go over several lines in one."""
        return re.sub(r"\n\s*///? ", " ", header.read_text(encoding="utf-8"))

    def test_headings_of_a_page_are_told_apart(self):
        for page in pages.all_pages():
            anchors = [pages.anchor(h) for h in pages.headings(page)]
            if page.name != "CHANGELOG.md":
                with self.subTest(page=page.name):
                    self.assertEqual(sorted(set(anchors)), sorted(anchors))

    def test_no_page_is_a_stub_or_names_this_machine(self):
        for page in pages.all_pages():
            text = page.read_text(encoding="utf-8")
            for word in ("TO BE WRITTEN", "TODO", "FIXME", "XXX", "lorem", "/work/", "/home/", "/root/"):
                with self.subTest(page=page.name, word=word):
                    self.assertNotIn(word, text)

    def test_tables_have_as_many_cells_as_their_head(self):
        for page in pages.all_pages():
            for heading, names, rows in pages.tables(page):
                for row in rows:
                    with self.subTest(page=page.name, heading=heading, row=row[0]):
                        self.assertEqual(len(row), len(names))


if __name__ == "__main__":
    unittest.main()
