"""CircuitPython's own `dualbank` behaves awkwardly in 22 points; docs/COMING-FROM.md lists them. Here ours does not."""

import signal
import struct
import unittest

import dualbank
from support import (ESP32S3, OTADATA, SECTOR, SLOT_BYTES, SLOT_OFFSETS, FAT, FAT_BYTES, VALID, FlashTest, app_image, boot_choice,
                     make_flash, noise, partition_table, record, slot)


class Points(FlashTest):
    def finish(self, board, image):
        """Switches, and finds the image whole in the slot that then boots."""
        board.switch()
        self.assertEqual(boot_choice(self.flash_bytes()), 1)
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(image)], image)

    def test_point_01_the_offset_is_taken_by_position(self):
        board = self.board()
        board.flash(self.TWO, 0)
        self.finish(board, self.TWO)

    def test_point_02_offset_0_means_0_so_a_failed_upload_starts_again(self):
        board = self.board()
        board.flash(self.TWO[:5000], offset=0)
        board.flash(self.TWO[5000:9000], offset=5000)
        for at in range(0, len(self.TWO), 4000):
            board.flash(self.TWO[at : at + 4000], offset=at)
        self.finish(board, self.TWO)

    def test_point_03_the_first_chunk_may_come_last(self):
        board = self.board()
        board.begin(identity=b"firmware 2.0", length=len(self.TWO))
        for at in reversed(range(0, len(self.TWO), 1000)):
            board.flash(self.TWO[at : at + 1000], at)
        self.finish(board, self.TWO)

    def test_point_04_a_small_first_chunk_is_held_back_not_refused(self):
        board = self.board()
        before = self.flash_bytes()
        for at in range(0, 288 - 24, 24):
            board.flash(self.TWO[at : at + 24])
        self.assertEqual(self.flash_bytes(), before)
        board.flash(self.TWO[264:])
        self.finish(board, self.TWO)

    def test_point_05_without_the_images_start_nothing_begins(self):
        board = self.board()
        error = self.refused_untouched("header_first", board.flash, self.TWO[4096:8192], 4096)
        self.assertEqual(error.values, {"offset": 4096, "need": 288})

    def test_point_06_junk_is_refused_before_the_first_erase(self):
        board = self.board(self.ONE, self.TWO, records=(record(2, VALID), record(1, VALID)), options={"running": "ota_1"})
        self.refused_untouched("image_no_magic", board.flash, b"\xa5" * 289)
        wrong_chip = app_image("3.0", chip=ESP32S3)
        self.refused_untouched("image_wrong_chip", board.flash, wrong_chip)
        self.refused_untouched("image_no_descriptor", board.flash, app_image("3.0", app_descriptor=False))
        too_long = bytearray(app_image("3.0"))
        too_long[28:32] = struct.pack("<I", SLOT_BYTES)
        self.refused_untouched("image_too_long", board.flash, too_long)
        board.rollback("ota_0")

    def test_point_07_a_running_image_without_descriptor_is_no_hindrance(self):
        board = self.board(app_image("?", app_descriptor=False), records=(record(1, VALID),))
        self.assertIsNone(board.status().slots[0].image.version)
        board.flash(self.TWO)
        self.finish(board, self.TWO)

    def test_point_08_another_build_of_the_same_version_is_taken(self):
        rebuilt = app_image("1.0", seed="another build")
        self.assertNotEqual(rebuilt, self.ONE)
        board = self.board()
        board.flash(rebuilt)
        self.finish(board, rebuilt)

    def test_point_09_after_a_failed_switch_the_update_goes_on(self):
        board = self.board()
        board.flash(self.TWO[:20_000])
        self.refused("update_incomplete", board.switch)
        board.flash(self.TWO[20_000:])
        self.finish(board, self.TWO)

        board.close()
        damaged = bytearray(app_image("3.0"))
        damaged[8000] ^= 1
        board = self.board()
        board.flash(damaged)
        self.refused("image_checksum_mismatch", board.switch)
        self.assertEqual(boot_choice(self.flash_bytes()), 0)
        board.flash(self.TWO)
        self.finish(board, self.TWO)

    def stopped_at_work(self, image):
        """A board on which a call of flash() was stopped between two flash operations."""

        def stop(signal_number, frame):
            raise TimeoutError

        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, stop))
        for attempt in range(400):
            board = self.board()
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + 0.00005 * (attempt % 40))
                board.flash(image, 0)
            except TimeoutError:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            missing = sum(end - start for start, end in board.missing())
            if board.status().update and 0 < missing < len(image):
                return board
            board.close()
        return self.fail("no stop met a call at work")

    def test_point_10_after_a_stop_in_the_erases_nothing_half_erased_is_used(self):
        image = app_image("2.0", payload=240_000)
        board = self.stopped_at_work(image)
        self.refused_untouched("image_wrong_chip", board.flash, app_image("3.0", chip=ESP32S3), 0)
        board.flash(image, 0)
        self.finish(board, image)

    def test_point_11_after_a_failed_write_missing_says_how_much_is_there(self):
        image = app_image("2.0", payload=240_000)
        board = self.stopped_at_work(image)
        missing = board.missing()
        self.assertTrue(missing)
        have, at = slot(self.flash_bytes(), 1), 0
        for start, end in [*missing, (len(image), len(image))]:
            self.assertEqual(have[at:start], image[at:start], "what is not missing is there")
            at = end
        for start, end in missing:
            board.flash(image[start:end], start)
        self.finish(board, image)

    def test_point_12_other_bytes_over_written_ones_are_refused_and_the_same_are_none(self):
        board = self.board()
        board.flash(self.TWO[:8192], 0)
        board.flash(self.TWO[4096:8192], 4096)
        error = self.refused_untouched("different_bytes", board.flash, b"\0" * 100, 5000)
        self.assertEqual(error.values["offset"], 5000)
        board.flash(self.TWO[8192:], 8192)
        self.finish(board, self.TWO)

    def test_point_13_bytes_beyond_the_slot_have_their_own_error(self):
        board = self.board()
        board.flash(self.TWO[:8192], 0)
        for offset, size in ((SLOT_BYTES, 1), (SLOT_BYTES - 10, 11), (0xFFFFFFF0, 100)):
            error = self.refused_untouched("beyond_slot", board.flash, b"\xff" * size, offset)
            self.assertEqual(error.values, {"size": size, "offset": offset, "slot": SLOT_BYTES})

    def test_point_14_a_missing_middle_chunk_is_named(self):
        board = self.board()
        board.flash(self.TWO[:12_000], 0)
        board.flash(self.TWO[13_000:], 13_000)
        error = self.refused_untouched("update_incomplete", board.switch)
        self.assertEqual(error.values, {"length": 1000, "offset": 12_000})
        self.assertEqual(board.missing(), [(12_000, 13_000)])
        board.flash(self.TWO[12_000:13_000], 12_000)
        self.finish(board, self.TWO)

    def test_point_15_flash_after_switch_first_takes_the_choice_back(self):
        board = self.board()
        board.update(self.TWO)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)
        three = app_image("3.0", payload=40_000)
        board.flash(three[:10_000], 0)
        self.assertEqual(boot_choice(self.flash_bytes()), 0, "no record may name a slot that is being written")
        self.assertEqual(board.status().boot_slot, "ota_0")
        board.close()
        with dualbank.open(self.path) as after_power_loss:
            self.assertEqual(after_power_loss.reset(), "ota_0")

    def test_point_16_switch_takes_the_slot_that_was_written_and_another_by_name(self):
        three_slots = [("otadata", 1, 0, OTADATA, 2 * SECTOR)]
        three_slots += [(f"app{i}", 0, 0x10 + i, 0x10000 + i * 0x40000, 0x40000) for i in range(3)]
        flash = bytearray(make_flash(self.ONE, records=(record(1, VALID),), table=partition_table(three_slots)))
        other = app_image("0.9")
        flash[0x90000 : 0x90000 + len(other)] = other
        self.path.write_bytes(flash)
        with dualbank.open(self.path) as board:
            board.flash(self.TWO)
            board.switch()
            self.assertEqual(boot_choice(self.flash_bytes(), slots=3), 1)
            board.switch("ota_2")
            self.assertEqual(boot_choice(self.flash_bytes(), slots=3), 2)
            self.assertEqual(board.reset(), "ota_2")

    def test_point_17_each_cause_has_its_own_code_values_and_cure(self):
        board = self.board()
        cut_short = self.TWO[:400]
        damaged = bytearray(self.TWO)
        damaged[-1] ^= 1
        self.assertEqual(self.refused("image_wrong_chip", board.flash, app_image(chip=ESP32S3)).values["image"], "esp32s3")
        board.flash(cut_short)
        incomplete = self.refused("update_incomplete", board.switch)
        board.flash(damaged)
        hash_fault = self.refused("image_hash_mismatch", board.switch)
        texts = {str(incomplete), str(hash_fault), incomplete.cure, hash_fault.cure}
        self.assertEqual(len(texts), 4)
        self.assertNotIn("", texts)

    def test_point_18_a_firmware_that_is_not_confirmed_can_go_back(self):
        board = self.board(options={"policy": "stock-rollback"})
        board.update(self.TWO)
        self.assertEqual(board.reset(), "ota_1")
        self.assertEqual(board.status().trial, "ota_1")
        self.assertEqual(board.reset(), "ota_0")
        board.update(self.TWO)
        board.reset()
        board.confirm()
        self.assertEqual(board.reset(), "ota_1")
        board.rollback()
        self.assertEqual(board.reset(), "ota_0")

    def test_point_19_one_slot_is_said_and_never_written(self):
        board = self.board(self.ONE, slots=1, records=(record(1, VALID),))
        status = board.status()
        self.assertEqual((status.available, status.reason_code), (False, "layout_one_slot"))
        self.assertIn("one OTA slot", status.reason)
        self.refused_untouched("layout_one_slot", board.flash, self.TWO, 0)
        self.refused_untouched("layout_one_slot", board.switch)

    def test_point_20_no_verb_touches_the_drive(self):
        drive = noise("the CIRCUITPY drive", FAT_BYTES)
        board = self.board(self.ONE, records=(record(1, VALID),), fat=drive, options={"policy": "stock-rollback"})
        board.update(self.TWO)
        board.reset()
        board.confirm()
        board.flash(app_image("3.0")[:9000], 0)
        board.abandon()
        board.update(app_image("4.0"))
        board.rollback()
        board.reset()
        after = self.flash_bytes()
        self.assertEqual(after[FAT : FAT + FAT_BYTES], drive)
        start = make_flash(self.ONE, fat=drive)
        ours = set(range(OTADATA, OTADATA + 2 * SECTOR, SECTOR)) | set(
            range(SLOT_OFFSETS[0], SLOT_OFFSETS[1] + SLOT_BYTES, SECTOR)
        )
        for at in range(0, len(after), SECTOR):
            if at not in ours:
                self.assertEqual(after[at : at + SECTOR], start[at : at + SECTOR], hex(at))

    def test_point_21_an_empty_buffer_is_nothing_to_do(self):
        board = self.board()
        before = self.flash_bytes()
        self.assertIsNone(board.flash(b""))
        self.assertIsNone(board.flash(b"", 0))
        self.assertEqual(self.flash_bytes(), before)
        self.assertIsNone(board.status().update)
        board.flash(self.TWO[:5000])
        board.flash(b"")
        board.flash(self.TWO[5000:])
        self.finish(board, self.TWO)

    def test_point_22_any_offset_and_any_length(self):
        board = self.board()
        board.flash(self.TWO[:300], 0)
        pieces, at = [], 300
        for step in noise("steps", 2000):
            pieces.append((at, self.TWO[at : at + step]))
            at += step
            if at >= len(self.TWO):
                break
        for offset, piece in pieces[1::2] + pieces[::2]:
            board.flash(piece, offset)
        self.finish(board, self.TWO)

    def test_all_22_points_have_a_test(self):
        points = sorted(name[11:13] for name in dir(self) if name.startswith("test_point_"))
        self.assertEqual(points, [f"{n:02}" for n in range(1, 23)])


if __name__ == "__main__":
    unittest.main()
