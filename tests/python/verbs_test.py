"""Every verb of a board, on flashes made by hand."""

import unittest

import dualbank
from support import (ABORTED, NEW, PENDING_VERIFY, VALID, FlashTest, app_image, boot_choice, make_flash, record, slot)


class Update(FlashTest):
    def test_flash_and_switch_return_none_and_make_the_new_image_boot(self):
        board = self.board()
        self.assertIsNone(board.flash(self.TWO[:1024], 0))
        self.send(board, self.TWO)
        self.assertIsNone(board.switch())
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)

    def test_the_running_slot_is_never_touched(self):
        board = self.board()
        before = slot(self.flash_bytes(), 0)
        board.update(self.TWO)
        self.assertEqual(slot(self.flash_bytes(), 0), before)

    def test_reset_returns_what_runs_then(self):
        board = self.board()
        board.update(self.TWO)
        self.assertEqual(board.status().running_slot, "ota_0")
        self.assertEqual(board.reset(), "ota_1")
        self.assertEqual(board.status().running_slot, "ota_1")

    def test_update_takes_a_path_bytes_or_any_buffer(self):
        path = self.folder / "two.bin"
        path.write_bytes(self.TWO)
        for image in (path, str(path), self.TWO, bytearray(self.TWO), memoryview(self.TWO)):
            with self.subTest(type(image)):
                board = self.board()
                self.assertTrue(board.update(image))
                self.assertEqual(boot_choice(self.flash_bytes()), 1)
                board.close()

    def test_update_takes_a_joined_file(self):
        joined = make_flash(self.TWO)[: 0x10000 + len(self.TWO)]
        board = self.board()
        board.update(joined)
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def test_update_takes_a_uf2_file(self):
        board = self.board()
        board.update(uf2(self.TWO, 0xD42BA06C))
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def test_update_tells_its_progress_up_to_the_end(self):
        steps = []
        self.board().update(self.TWO, progress=lambda done, total: steps.append((done, total)))
        self.assertEqual(steps[0], (0, len(self.TWO)))
        self.assertEqual(steps[-1], (len(self.TWO), len(self.TWO)))
        self.assertEqual(steps, sorted(steps))
        self.assertGreater(len(steps), 5)

    def test_an_exception_of_progress_stops_the_update_and_the_next_call_goes_on(self):
        board = self.board()

        def stop_half_way(done, total):
            if done > total // 2:
                raise InterruptedError("enough")

        with self.assertRaises(InterruptedError):
            board.update(self.TWO, progress=stop_half_way)
        self.assertEqual(boot_choice(self.flash_bytes()), 0)
        steps = []
        board.update(self.TWO, progress=lambda done, total: steps.append(done))
        self.assertGreater(steps[0], len(self.TWO) // 2 - 4096)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)

    def test_an_update_goes_on_after_closing_with_not_one_byte_sent_again(self):
        board = self.board()
        self.send(board, self.TWO[:13_000], chunk=700)
        board.close()
        again = dualbank.open(self.path)
        self.addCleanup(again.close)
        self.assertEqual(again.missing()[0][0], 13_000)
        for start, end in again.missing():
            again.flash(self.TWO[start:end], start)
        again.switch()
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def test_the_image_that_boots_next_is_no_update(self):
        board = self.board()
        before = self.flash_bytes()
        self.assertFalse(board.update(self.ONE))
        self.assertEqual(self.flash_bytes(), before)
        self.assertTrue(board.update(self.TWO))
        before = self.flash_bytes()
        self.assertFalse(board.update(self.TWO))
        self.assertEqual(self.flash_bytes(), before)

    def test_update_refuses_a_damaged_image_before_the_first_write(self):
        board = self.board()
        damaged = bytearray(self.TWO)
        damaged[20_000] ^= 1
        self.refused_untouched("image_checksum_mismatch", board.update, damaged)
        self.refused_untouched("image_truncated", board.update, self.TWO[:-100])
        self.refused_untouched("file_unknown", board.update, b"Not a firmware at all. " * 100)

    def test_begin_says_what_comes_and_goes_on_with_the_same(self):
        board = self.board()
        board.begin(identity=b"two", length=len(self.TWO))
        self.assertEqual(board.status().update, ("ota_1", len(self.TWO), ((0, len(self.TWO)),)))
        board.flash(self.TWO[:8192], 0)
        board.begin(identity=b"two", length=len(self.TWO))
        self.assertEqual(board.missing(), [(8192, len(self.TWO))])
        board.begin(identity=b"three", length=len(self.TWO))
        self.assertEqual(board.missing(), [(0, len(self.TWO))])

    def test_abandon_ends_the_update(self):
        board = self.board()
        board.flash(self.TWO[:8192], 0)
        board.abandon()
        self.assertIsNone(board.status().update)
        self.assertEqual(board.missing(), [])
        self.refused("no_update", board.abandon)

    def test_switch_takes_a_slot_by_name(self):
        board = self.board(self.ONE, self.TWO, records=(record(1, VALID),))
        board.switch("ota_1")
        self.assertEqual(boot_choice(self.flash_bytes()), 1)
        self.refused_untouched("slot_is_running", board.switch, "ota_0")
        self.refused_untouched("slot_unknown", board.switch, slot="ota_7")
        for nonsense in ("", "ota_", "ota_16", "ota_1x", "one"):
            self.assertRaises(ValueError, board.switch, nonsense)
        self.assertRaises(TypeError, board.switch, 1)


class Trial(FlashTest):
    def switched(self, policy):
        board = self.board(options={"policy": policy})
        board.update(self.TWO)
        board.reset()
        return board

    def test_the_running_image_is_on_trial_until_confirmed(self):
        for policy in ("stock", "stock-rollback"):
            with self.subTest(policy):
                board = self.switched(policy)
                self.assertEqual(board.status().trial, "ota_1")
                self.refused_untouched("on_trial", board.flash, self.ONE, 0)
                board.confirm()
                self.assertIsNone(board.status().trial)
                board.confirm()
                board.flash(app_image("3.0"), 0)
                board.close()

    def test_force_updates_although_on_trial(self):
        board = self.switched("stock")
        board.close()
        with dualbank.open(self.path, force=True) as board:
            board.flash(app_image("3.0"), 0)

    def test_under_rollback_an_unconfirmed_image_is_dropped_by_the_second_reset(self):
        board = self.switched("stock-rollback")
        states = [s.record.state for s in board.status().slots if s.record]
        self.assertIn("pending_verify", states)
        self.assertEqual(board.reset(), "ota_0")
        self.assertEqual(board.status().slots[1].record.state, "aborted")

    def test_a_confirmed_image_stays(self):
        board = self.switched("stock-rollback")
        board.confirm()
        self.assertEqual(board.reset(), "ota_1")
        self.assertEqual(board.status().slots[1].record.state, "valid")

    def test_our_bootloader_gives_three_boots_and_then_the_old_image(self):
        board = self.switched("dualbank")
        self.assertEqual([board.reset() for _ in range(4)], ["ota_1", "ota_1", "ota_0", "ota_0"])
        self.assertIsNone(board.status().trial)
        board.update(self.TWO)
        self.assertEqual(board.reset(), "ota_1")
        board.confirm()
        self.assertEqual([board.reset() for _ in range(4)], ["ota_1"] * 4)

    def test_the_boot_guard_counts_and_goes_back_where_the_bootloader_cannot(self):
        board = self.switched("stock")
        for _ in range(2):
            self.assertIsNone(board.boot_guard(most_boots=2))
            self.assertIsNone(board.boot_guard(2), "once a boot")
            self.assertEqual(board.reset(), "ota_1")
        error = self.refused("trial_failed", board.boot_guard, 2)
        self.assertEqual(error.values, {"running": "ota_1", "tries": 2, "slot": "ota_0"})
        self.assertEqual(board.reset(), "ota_0")
        self.assertIsNone(board.boot_guard())
        self.assertRaises(OverflowError, board.boot_guard, 256)
        self.assertRaises(TypeError, board.boot_guard, "3")

    def test_the_boot_guard_leaves_confirmed_images_and_counting_bootloaders_alone(self):
        for policy in ("stock", "dualbank"):
            with self.subTest(policy):
                board = self.switched(policy)
                if policy == "stock":
                    board.confirm()
                before = self.flash_bytes()
                for _ in range(5):
                    self.assertIsNone(board.boot_guard(1))
                self.assertEqual(self.flash_bytes(), before)
                board.close()

    def test_rollback_goes_back_after_a_reset_and_takes_back_a_switch_before_one(self):
        board = self.switched("stock")
        board.confirm()
        self.assertIsNone(board.rollback())
        self.assertEqual(board.reset(), "ota_0")
        board.close()
        board = self.board(self.ONE, self.TWO, records=(record(1, VALID),))
        board.switch()
        board.rollback()
        self.assertEqual(board.reset(), "ota_0")

    def test_rollback_with_nothing_to_go_back_to_says_so(self):
        self.refused_untouched("no_rollback_target", self.board().rollback)


class Status(FlashTest):
    def test_status_says_what_is_where(self):
        status = self.board(self.ONE, self.TWO, records=(record(1, VALID), record(2, ABORTED))).status()
        self.assertEqual(
            (status.available, status.reason, status.policy, status.running_slot, status.boot_slot, status.boot_reason),
            (True, None, "stock", "ota_0", "ota_0", "active_record"),
        )
        self.assertEqual((status.next_update_slot, status.trial, status.update), ("ota_1", None, None))
        one, two = status.slots
        self.assertEqual((one.name, one.offset, one.size, one.record), ("ota_0", 0x10000, 0x40000, (1, "valid")))
        self.assertEqual(one.image[:5], (True, "1.0", "demo", "esp32c3", len(self.ONE)))
        self.assertEqual(one.image.sha256, self.ONE[-32:].hex())
        self.assertEqual(two.record, (2, "aborted"))
        self.assertEqual(two.image.version, "2.0")

    def test_status_knows_every_state_of_a_record(self):
        for state, name in ((NEW, "new"), (PENDING_VERIFY, "pending_verify"), (VALID, "valid"), (3, "invalid"),
                            (ABORTED, "aborted"), (0xFFFFFFFF, "undefined")):
            with self.subTest(name):
                self.write_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2, state)))
                with dualbank.open(self.path, read_only=True) as board:
                    self.assertEqual(board.status().slots[1].record.state, name)

    def test_a_damaged_image_has_a_fault(self):
        damaged = bytearray(self.TWO)
        damaged[9000] ^= 0x40
        two = self.board(self.ONE, bytes(damaged), records=(record(1, VALID),)).status().slots[1]
        self.assertEqual((two.image.valid, two.image.version), (False, "2.0"))
        self.assertEqual(two.fault.code, "image_checksum_mismatch")

    def test_an_empty_slot_has_neither_image_nor_fault(self):
        two = self.board().status().slots[1]
        self.assertEqual((two.image, two.fault, two.record), (None, None, None))

    def test_factory_is_listed_and_may_run(self):
        status = self.board(self.ONE, factory=app_image("0.9", payload=1000)).status()
        self.assertEqual([s.name for s in status.slots], ["ota_0", "ota_1", "factory"])
        self.assertEqual((status.running_slot, status.next_update_slot), ("factory", "ota_0"))

    def test_status_tells_of_an_update_under_way(self):
        board = self.board()
        board.flash(self.TWO[:5000], 0)
        update = board.status().update
        self.assertEqual(update.slot, "ota_1")
        self.assertEqual(update.missing[0][0], 5000)
        self.assertEqual(list(update.missing), board.missing())

    def test_running_names_the_slot_that_runs(self):
        self.write_flash(self.ONE, self.TWO, records=(record(1, VALID),))
        with dualbank.open(self.path, running="ota_1") as board:
            status = board.status()
        self.assertEqual((status.running_slot, status.boot_slot, status.next_update_slot), ("ota_1", "ota_0", "ota_0"))

    def test_looking_changes_nothing(self):
        self.write_flash(self.ONE, self.TWO, records=(record(1, VALID), b"\0" * 40))
        before = self.flash_bytes()
        with dualbank.open(self.path, read_only=True) as board:
            board.status()
            board.missing()
            for verb in (board.switch, board.confirm, board.rollback, board.abandon, board.reset):
                self.refused("read_only", verb)
            self.refused("read_only", board.flash, self.TWO, 0)
        self.assertEqual(self.flash_bytes(), before)

    def test_nothing_boots_on_an_empty_flash_and_status_says_so(self):
        board = self.board(b"")
        status = board.status()
        self.assertEqual((status.running_slot, status.boot_slot, status.boot_reason), (None, None, "nothing_boots"))

    def test_a_first_image_comes_to_an_empty_flash_and_boots(self):
        board = self.board(b"")
        board.update(self.ONE)
        self.assertEqual(board.reset(), "ota_0")


def uf2(image, family):
    """The image in blocks of 256 bytes, addresses from the slot's start, the last one filled up."""
    padded = image + b"\0" * (-len(image) % 256)
    count = len(padded) // 256
    words = lambda *numbers: b"".join(n.to_bytes(4, "little") for n in numbers)
    return b"".join(
        (words(0x0A324655, 0x9E5D5157, 0x2000, i * 256, 256, i, count, family) + padded[i * 256 : i * 256 + 256]).ljust(508, b"\0")
        + words(0x0AB16F30)
        for i in range(count)
    )


if __name__ == "__main__":
    unittest.main()
