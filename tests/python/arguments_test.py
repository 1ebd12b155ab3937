"""Arguments, buffers, offsets, files and errors: each kind of mistake has its own exception."""

import array
import errno
import mmap
import os
import signal
import subprocess
import sys
import threading
import unittest

import dualbank
from support import VALID, FlashTest, app_image, make_flash, record, slot


class Buffers(FlashTest):
    def test_every_contiguous_buffer_is_taken(self):
        part = self.TWO[:1024]
        for buffer in (part, bytearray(part), memoryview(part), memoryview(self.TWO)[:1024], array.array("I", part),
                       memoryview(part).cast("H")):
            with self.subTest(type(buffer)):
                board = self.board()
                board.flash(buffer, 0)
                self.assertEqual(slot(self.flash_bytes(), 1)[:1024], part)
                board.close()

    def test_a_buffer_with_holes_is_refused(self):
        board = self.board()
        before = self.flash_bytes()
        self.assertRaises(BufferError, board.flash, memoryview(self.TWO)[::2], 0)
        self.assertEqual(self.flash_bytes(), before)

    def test_what_is_no_buffer_is_a_type_error(self):
        board = self.board()
        for wrong in ("text", 5, None, [1, 2], 1.5):
            self.assertRaises(TypeError, board.flash, wrong)

    def test_a_buffer_of_four_gigabytes_overflows(self):
        board = self.board()
        with mmap.mmap(-1, 1 << 32) as untouched:
            self.assertRaises(OverflowError, board.flash, untouched, 0)

    def test_a_bytearray_is_free_again_after_the_call(self):
        buffer = bytearray(self.TWO[:1024])
        board = self.board()
        board.flash(buffer, 0)
        self.assertRaises(TypeError, board.flash, buffer, 1.5)
        buffer.append(0)  # BufferError while it is exported


class Offsets(FlashTest):
    def test_positional_or_keyword(self):
        board = self.board()
        board.flash(self.TWO[:4096], 0)
        board.flash(self.TWO[4096:8192], offset=4096)
        board.flash(buffer=self.TWO[8192:12288], offset=8192)
        board.flash(offset=12288, buffer=self.TWO[12288:])
        board.switch()

    def test_omitted_goes_on_after_the_last_byte(self):
        board = self.board()
        for at in range(0, len(self.TWO), 999):
            board.flash(self.TWO[at : at + 999])
        board.switch()
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def test_omitted_with_the_start_of_an_image_begins_at_zero(self):
        board = self.board()
        board.flash(self.TWO)
        board.flash(self.TWO)
        board.switch()
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def test_omitted_goes_on_where_an_explicit_one_ended(self):
        board = self.board()
        board.flash(self.TWO[:1000], 0)
        board.flash(self.TWO[1000:])
        board.switch()

    def test_negative_is_a_value_error(self):
        board = self.board()
        for offset in (-1, -(1 << 70)):
            self.assertRaisesRegex(ValueError, "offset must be >= 0", board.flash, b"x", offset)

    def test_huge_is_an_overflow_error(self):
        board = self.board()
        for offset in (1 << 32, 1 << 70):
            self.assertRaises(OverflowError, board.flash, b"x", offset)

    def test_no_int_is_a_type_error(self):
        board = self.board()
        for offset in (1.5, "0", None, b"0"):
            self.assertRaises(TypeError, board.flash, b"x", offset)

    def test_missing_extra_and_unknown_arguments_are_type_errors(self):
        board = self.board()
        self.assertRaises(TypeError, board.flash)
        self.assertRaises(TypeError, board.flash, b"x", 0, 0)
        self.assertRaises(TypeError, board.flash, b"x", ofset=0)
        self.assertRaises(TypeError, board.switch, None, None)
        self.assertRaises(TypeError, board.confirm, 1)

    def test_the_last_offset_is_beyond_the_slot_and_wraps_nowhere(self):
        board = self.board()
        board.flash(self.TWO[:4096], 0)
        error = self.refused_untouched("beyond_slot", board.flash, b"0123456789", 0xFFFFFFFF)
        self.assertEqual(error.values["offset"], 0xFFFFFFFF)


class Errors(FlashTest):
    def test_an_error_has_code_values_and_cure_and_is_a_runtime_error(self):
        board = self.board()
        error = self.refused("image_wrong_chip", board.flash, app_image("2.0", chip=9), 0)
        self.assertIsInstance(error, RuntimeError)
        self.assertEqual(error.values, {"image": "esp32s3", "board": "esp32c3"})
        self.assertIn("esp32s3", str(error))
        self.assertIn("esp32c3", error.cure)

    def test_every_error_says_what_and_what_to_do(self):
        board = self.board()
        for call, arguments in (
            (board.switch, ()), (board.rollback, ()), (board.abandon, ()), (board.flash, (b"x" * 500, 0)),
            (board.flash, (b"x", 5000)), (board.update, (b"\x7fELF" + bytes(400),)),
        ):  # fmt: skip
            with self.subTest(call.__name__), self.assertRaises(dualbank.Error) as caught:
                call(*arguments)
            error = caught.exception
            self.assertRegex(error.code, "^[a-z0-9_]+$")
            self.assertGreater(len(str(error)), 15)
            self.assertTrue(error.cure)
            self.assertNotIn("{", str(error))

    def test_a_closed_board_says_so(self):
        board = self.board()
        board.close()
        board.close()
        self.assertTrue(board.closed)
        for call in (board.switch, board.status, board.missing, board.reset):
            self.refused("closed", call)
        self.refused("closed", board.flash, b"x", 0)

    def test_with_closes_and_says_which_board(self):
        self.write_flash(self.ONE)
        with dualbank.open(self.path) as board:
            self.assertEqual(board.path, str(self.path))
            self.assertIn("board.flash", repr(board))
        self.assertTrue(board.closed)

    def test_a_policy_that_is_none_is_a_value_error(self):
        self.write_flash(self.ONE)
        self.assertRaisesRegex(ValueError, "stock-rollback", dualbank.open, self.path, policy="rollback")
        self.assertRaises(ValueError, dualbank.open, self.path, running="slot 1")
        os.environ["DUALBANK_POLICY"] = "stock-rollback"
        self.addCleanup(os.environ.pop, "DUALBANK_POLICY")
        with dualbank.open(self.path) as board:
            self.assertEqual(board.status().policy, "stock-rollback")

    def test_a_slot_that_is_none_of_this_flash_is_refused(self):
        self.write_flash(self.ONE)
        self.refused("slot_unknown", dualbank.open, self.path, running="ota_5")

    def test_ctrl_c_stops_a_call_between_two_flash_operations(self):
        image = app_image("2.0", payload=240_000)
        board = self.board()

        def interrupt(signal_number, frame):
            raise KeyboardInterrupt

        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, interrupt))
        stopped_inside = False
        for attempt in range(400):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + 0.00005 * (attempt % 40))
                board.flash(image, 0)
            except KeyboardInterrupt:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            missing = sum(end - start for start, end in board.missing())
            if board.status().update and 0 < missing < len(image):
                stopped_inside = True
                break
            if board.status().update:
                board.abandon()
        self.assertTrue(stopped_inside, "no interrupt met a call at work")
        board.flash(image, 0)
        board.switch()
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(image)], image)


class Files(FlashTest):
    def test_a_file_that_is_not_there(self):
        with self.assertRaises(FileNotFoundError) as caught:
            dualbank.open(self.path)
        self.assertEqual(os.fspath(caught.exception.filename), str(self.path))

    def test_a_folder(self):
        self.assertRaises(IsADirectoryError, dualbank.open, self.folder)

    def test_a_file_that_may_not_be_written(self):
        self.write_flash(self.ONE).chmod(0o444)
        self.folder.chmod(0o755)
        child = os.fork()
        if child == 0:  # root may write every file, so a child becomes somebody else
            if os.geteuid() == 0:
                os.setuid(65534)
            try:
                dualbank.open(self.path, read_only=True).close()
                dualbank.open(self.path)
            except PermissionError as error:
                os._exit(0 if error.errno == errno.EACCES else 2)
            except BaseException:
                os._exit(3)
            os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def test_a_file_in_use_and_looking_at_it_all_the_same(self):
        self.board()
        with self.assertRaises(BlockingIOError) as caught:
            dualbank.open(self.path)
        self.assertEqual(caught.exception.errno, errno.EAGAIN)
        with dualbank.open(self.path, read_only=True) as looking:
            self.assertEqual(looking.status().running_slot, "ota_0")

    def test_a_file_is_free_again_after_close(self):
        self.board().close()
        dualbank.open(self.path).close()

    def test_what_is_no_flash_is_an_error_with_a_code(self):
        for content in (b"", b"\xff" * 0x100000, os.urandom(0x2000), make_flash(self.ONE)[:0x8800]):
            with self.subTest(size=len(content)):
                self.path.write_bytes(content)
                with self.assertRaises(dualbank.Error) as caught:
                    dualbank.open(self.path)
                self.assertTrue(caught.exception.code)
                self.assertEqual(self.path.read_bytes(), content)

    def test_a_board_forgotten_by_a_process_keeps_what_came(self):
        self.write_flash(self.ONE, records=(record(1, VALID),))
        (self.folder / "two.bin").write_bytes(self.TWO)
        script = (
            "import dualbank, sys\n"
            f"board = dualbank.open({str(self.path)!r})\n"
            f"board.flash(open({str(self.folder / 'two.bin')!r}, 'rb').read()[:10_001], 0)\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
        with dualbank.open(self.path) as board:
            self.assertEqual(board.missing()[0][0], 10_001)

    def test_a_forked_child_does_not_write_to_its_parents_board(self):
        board = self.board()
        board.flash(self.TWO[:10_001], 0)
        before = self.flash_bytes()
        child = os.fork()
        if child == 0:
            board.close()
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(self.flash_bytes(), before)
        board.flash(self.TWO[10_001:])
        board.switch()


class Threads(FlashTest):
    def test_a_call_that_meets_another_is_refused_and_harms_nothing(self):
        board = self.board()
        met = []

        def progress(done, total):
            # Between two pieces the board is free: what Python calls may use it.
            met.append(board.status().update is not None)

        board.update(self.TWO, progress=progress)
        self.assertTrue(all(met))

        def from_signal(signal_number, frame):
            with self.assertRaises(dualbank.Error) as caught:
                board.switch()
            met.append(caught.exception.code)

        met.clear()
        image = app_image("3.0", payload=240_000)
        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, from_signal))
        for attempt in range(400):
            signal.setitimer(signal.ITIMER_REAL, 0.0003)
            board.flash(image, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if "busy" in met:
                break
            board.abandon()
        self.assertIn("busy", met)
        board.switch()
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(image)], image)

    def test_a_board_works_from_another_thread(self):
        board = self.board()
        thread = threading.Thread(target=board.update, args=(self.TWO,))
        thread.start()
        thread.join()
        self.assertEqual(board.status().boot_slot, "ota_1")


if __name__ == "__main__":
    unittest.main()
