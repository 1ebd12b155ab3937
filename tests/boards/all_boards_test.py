"""Each board of the table lives: created, installed, updated in chunks, switched, reset, rolled back; byte for byte."""

import collections
import pathlib
import tempfile
import unittest

import life
import page


class AllBoards(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "board.flash"

    def test_all_live_and_the_page_says_so(self):
        results = {}
        for board in life.all_boards():
            with self.subTest(board["id"]):
                results[board["id"]] = "failed"
                results[board["id"]] = life.Life(board, self.path).live()
        self.assertEqual(page.PAGE.read_text(encoding="utf-8"), page.made(results), "tools/make_board_docs makes it")

    def test_there_are_118_and_of_each_kind_as_many_as_the_sources_say(self):
        boards = life.all_boards()
        self.assertEqual(len({board["id"] for board in boards}), 118)
        kinds = collections.Counter((board["chip"], board["layout"]) for board in boards)
        self.assertEqual(kinds, life.COUNTS)
        for board in boards:
            layout = life.Layout(board["layout"])
            self.assertEqual((board["flash"], board["uf2"]), (layout.flash, layout.factory is not None), board["id"])

    def test_those_with_4_mib_and_only_those_lost_it_with_release_10(self):
        for board in life.all_boards():
            with self.subTest(board["id"]):
                self.assertIn(board["first_release"], ("9.0", "9.1"))
                small = board["flash"] == 4 << 20
                later = {"4MB": "4MB-no-ota", "4MB-no-uf2": "4MB-no-ota-no-uf2"}[board["layout"]] if small else None
                self.assertEqual((board["last_release"], board["later_layout"]), ("9.2" if small else "10.2", later))
                self.assertEqual("since CircuitPython 10.0" in (board["why_not_later"] or ""), small)
        self.assertEqual(sum(board["first_release"] == "9.1" for board in life.all_boards()), 9)

    def test_a_life_sees_what_is_not_as_it_must_be(self):
        board = life.all_boards()[2]
        for at in (0x8000 + 4, 0x8000 + 0xD8, life.OTADATA, 0x9000, 0x10000 + 600):
            one = life.Life(board, self.path)
            one.install()
            with open(self.path, "r+b") as file:
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 4]))
            with self.subTest(hex(at)), self.assertRaisesRegex(AssertionError, f"at {at:#x} stands"):
                one.expect(one.records, (one.first, b""))


if __name__ == "__main__":
    unittest.main()
