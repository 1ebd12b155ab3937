"""CircuitPython's drive from Python: availability follows it, erase_filesystem() makes it."""

import unittest

import dualbank
from support import FAT, FAT_BYTES, SLOT_BYTES, UNDEFINED, VALID, FlashTest, partition_table, record, rows, slot


class Drive(FlashTest):
    def drive_board(self, extended, **options):
        """A board with a drive, which runs 1.0 from ota_0."""
        with self.board() as board:
            board.erase_filesystem(extended)
        board = dualbank.open(self.path, **options)
        self.addCleanup(board.close)
        return board

    def volume_blocks(self):
        boot = self.flash_bytes()[FAT : FAT + 512]
        self.assertEqual(boot[510:], b"\x55\xaa")
        return int.from_bytes(boot[19:21], "little")

    def test_it_spans_the_partition_or_the_other_slot_too(self):
        board = self.board()
        for extended, size in ((True, FAT_BYTES + SLOT_BYTES), (False, FAT_BYTES), (1, FAT_BYTES + SLOT_BYTES), ([], FAT_BYTES)):
            with self.subTest(extended):
                board.erase_filesystem(extended=extended)
                self.assertEqual(self.volume_blocks(), size // 512)

    def test_none_keeps_what_is(self):
        board = self.board()
        self.assertEqual(board.status().drive.state, "unformatted")
        board.erase_filesystem()
        self.assertEqual(board.status().drive.state, "not_extended", "an update stays possible")
        board.erase_filesystem(True)
        board.erase_filesystem(None)
        self.assertEqual(board.status().drive, dualbank.Drive("extended", FAT, FAT_BYTES, "ota_1"))

    def test_status_follows_the_drive(self):
        with self.drive_board(False) as board:
            status = board.status()
        self.assertEqual((status.available, status.reason, status.reason_code), (True, None, None))
        status = self.drive_board(True).status()
        self.assertEqual((status.available, status.reason_code), (False, "storage_extended"))
        self.assertTrue(status.reason.startswith("storage is extended"))

    def test_an_extended_drive_refuses_as_circuitpython_does(self):
        board = self.drive_board(True)
        for call in (
            lambda: board.flash(self.TWO),
            lambda: board.flash(b""),
            lambda: board.begin(),
            board.switch,
            board.rollback,
            board.abandon,
            lambda: board.update(self.TWO),
        ):
            error = self.refused_untouched("storage_extended", call)
            self.assertIsInstance(error, RuntimeError)
            self.assertTrue(str(error).startswith("storage is extended"), str(error))
            self.assertIn("storage.erase_filesystem(extended=False)", error.cure)
            self.assertEqual(error.values, {"slot": "ota_1"})
        board.confirm()

    def test_a_drive_in_its_partition_survives_an_update(self):
        board = self.drive_board(False)
        before = self.flash_bytes()[FAT : FAT + FAT_BYTES]
        board.update(self.TWO)
        self.assertEqual(board.reset(), "ota_1")
        self.assertEqual(self.flash_bytes()[FAT : FAT + FAT_BYTES], before)

    def test_it_is_overridden_by_one_option_only(self):
        board = self.drive_board(True, force=True)
        self.refused("storage_extended", board.flash, self.TWO)
        board.close()
        with dualbank.open(self.path, overwrite_drive=True) as board:
            self.assertTrue(board.status().available)
            self.assertTrue(board.update(self.TWO))
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)
        dualbank.use(self.path, overwrite_drive=True)
        dualbank.rollback()

    def test_after_taking_the_slot_back_the_same_board_updates(self):
        board = self.drive_board(True)
        board.erase_filesystem(extended=False)
        self.assertTrue(board.update(self.TWO))

    def test_a_slot_that_is_needed_is_not_lent(self):
        board = self.board()
        board.begin(b"two", len(self.TWO), self.TWO[:288])
        self.refused_untouched("drive_slot_updating", board.erase_filesystem, True)
        board.flash(self.TWO, 0)
        board.switch()
        self.refused_untouched("drive_slot_boots", board.erase_filesystem, True)
        board.erase_filesystem(False)
        board.reset()
        self.refused_untouched("on_trial", board.erase_filesystem, True)
        board.confirm()
        board.erase_filesystem(True)
        self.assertEqual(board.status().drive.slot, "ota_0")
        board.close()
        with dualbank.open(self.path, running="ota_0", force=True) as board:
            board.erase_filesystem(True)

    def test_one_slot_and_no_drive(self):
        board = self.board(self.ONE, records=(record(1, VALID),), slots=1)
        self.refused_untouched("drive_one_slot", board.erase_filesystem, True)
        board.erase_filesystem(False)
        board.close()
        table = partition_table([row for row in rows() if row[0] != "user_fs"])
        board = self.board(self.ONE, records=(record(1, UNDEFINED),), table=table)
        self.assertIsNone(board.status().drive)
        self.refused_untouched("no_drive", board.erase_filesystem)

    def test_looking_only(self):
        self.drive_board(True).close()
        with dualbank.open(self.path, read_only=True) as board:
            self.refused_untouched("read_only", board.erase_filesystem, False)
            self.assertEqual(board.status().drive.state, "extended")

    def test_the_modules_function_and_wrong_arguments(self):
        self.board().close()
        dualbank.use(self.path)
        dualbank.erase_filesystem(extended=True)
        self.refused("storage_extended", dualbank.flash, self.TWO)
        with self.assertRaises(TypeError):
            dualbank.erase_filesystem(True, False)
        with self.assertRaises(TypeError):
            dualbank.erase_filesystem(extend=True)

        class Undecided:
            def __bool__(self):
                raise KeyError("undecided")

        with self.assertRaises(KeyError):
            dualbank.erase_filesystem(Undecided())

    def test_the_command_makes_the_same(self):
        self.drive_board(True).close()
        ours = self.flash_bytes()
        self.run_command("erase-filesystem", self.path, "--no-extended")
        self.run_command("erase-filesystem", self.path, "--extended")
        self.assertEqual(self.flash_bytes(), ours)


if __name__ == "__main__":
    unittest.main()
