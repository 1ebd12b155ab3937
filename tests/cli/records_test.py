"""switch, confirm, rollback, reset: the records they leave, and what the next reset does."""

import unittest

from support import (ABORTED, NEW, PENDING_VERIFY, CommandTest, app_image, record, VALID)

BOTH = (app_image("1.0"), app_image("2.0"))


class Records(CommandTest):
    def record(self, board, index):
        at = 0xE000 + index * 0x1000
        return board.read_bytes()[at:at + 32]

    def boots(self, board, *words):
        return self.ok("status", board, "--json", *words).json["boot_slot"]

    def test_switch_makes_the_other_slot_boot_and_twice_is_once(self):
        board = self.board(BOTH)
        answer = self.ok("switch", board)
        self.assertIn("next: dualbank reset", answer.err)
        self.assertEqual(self.record(board, 1), record(2))
        self.assertEqual(self.boots(board), "ota_1")
        before = self.digest(board)
        again = self.ok("switch", board, "--running", "ota_0", "--json").json
        self.assertEqual(again["event"]["code"], "already_switched")
        self.assertEqual(self.digest(board), before)

    def test_switch_to_a_slot_by_name(self):
        board = self.board(BOTH)
        self.ok("switch", board, "ota_1")
        self.assertEqual(self.boots(board), "ota_1")
        self.refused("bad_slot", "switch", board, "ota1", exit_code=2)
        error = self.refused("slot_unknown", "switch", board, "ota_7", "--running", "ota_0")
        self.assertIn("7", error["message"])

    def test_switch_refuses_an_empty_and_a_damaged_slot(self):
        board = self.board((BOTH[0], None))
        before = self.digest(board)
        self.refused("image_empty_slot", "switch", board)
        self.assertEqual(self.digest(board), before)
        board = self.board((BOTH[0], BOTH[1][:-1] + b"\0"))
        before = self.digest(board)
        self.refused("image_hash_mismatch", "switch", board)
        self.assertEqual(self.digest(board), before)

    def test_rollback_goes_back(self):
        board = self.board(BOTH, (record(1, VALID), record(2)))
        result = self.ok("rollback", board, "--json").json
        self.assertEqual((result["event"]["code"], result["boot_slot"]), ("rolled_back", "ota_0"))
        self.assertEqual(self.boots(board), "ota_0")
        self.refused("no_rollback_target", "rollback", self.board((BOTH[0], None)))

    def test_confirm_keeps_the_image_on_trial(self):
        board = self.board(BOTH, (record(1, VALID), record(2, NEW)))
        rollback = ("--policy", "stock-rollback")
        self.ok("reset", board, *rollback)
        self.assertEqual(self.record(board, 1), record(2, PENDING_VERIFY))
        self.ok("confirm", board, *rollback, "--running", "ota_1")
        self.assertEqual(self.record(board, 1), record(2, VALID))
        self.assertEqual(self.ok("reset", board, *rollback, "--json").json["running_slot"], "ota_1")

    def test_an_unconfirmed_trial_is_dropped(self):
        board = self.board(BOTH, (record(1, VALID), record(2, NEW)))
        result = self.ok("reset", board, "--policy", "stock-rollback", "--times", "2", "--json").json
        self.assertEqual([boot["slot"] for boot in result["boots"]], ["ota_1", "ota_0"])
        self.assertEqual(result["boots"][0]["writes"], [{"record": 1, "seq": 2, "state": "pending_verify"}])
        self.assertEqual(self.record(board, 1), record(2, ABORTED))

    def test_our_bootloader_counts_boots_on_trial_and_goes_back(self):
        board = self.board(BOTH)
        ours = ("--policy", "dualbank")
        self.ok("switch", board, *ours)
        self.assertEqual(self.ok("status", board, *ours, "--json").json["running_slot"], "ota_0", "not booted yet")
        before = board.read_bytes()
        self.ok("reset", board, *ours, "--dry-run")
        self.assertEqual(board.read_bytes(), before)
        boots = self.ok("reset", board, *ours, "--times", "3", "--json").json["boots"]
        self.assertEqual([b["trial_boot"] for b in boots], [1, 2, 3])
        status = self.ok("status", board, *ours)
        self.assertIn("on trial, not confirmed (boot 3)", status.out)
        boots = self.ok("reset", board, *ours, "--times", "2", "--json").json["boots"]
        self.assertEqual([(b["slot"], b["reason"]) for b in boots], [("ota_0", "trial_failed")] * 2)
        self.assertEqual([b["writes"] for b in boots], [[], []])
        findings = self.ok("inspect", board, *ours, "--json").json["findings"]
        self.assertIn(("warning", "trial_failed"), [(f["severity"], f["code"]) for f in findings])
        self.ok("switch", board, *ours)
        self.ok("reset", board, *ours)
        self.ok("confirm", board, *ours)
        self.ok("reset", board, *ours)
        before = board.read_bytes()
        self.ok("reset", board, *ours, "--times", "9")
        self.assertEqual(board.read_bytes(), before, "a normal boot writes nothing")

    def test_the_policy_may_come_from_the_environment(self):
        board = self.board(BOTH, (record(1, VALID), record(2, NEW)))
        self.ok("reset", board, env={"DUALBANK_POLICY": "stock-rollback"})
        self.assertEqual(self.record(board, 1), record(2, PENDING_VERIFY))
        self.refused("unknown_policy", "status", board, exit_code=2, env={"DUALBANK_POLICY": "stocky"})


class Reset(CommandTest):
    def test_a_fresh_board_gets_its_first_record(self):
        board = self.board((BOTH[0], None), (b"", b""))
        answer = self.ok("reset", board)
        self.assertIn("ota_0 runs", answer.out)
        self.assertEqual(board.read_bytes()[0xE000:0xE020], record(1, VALID))
        before = self.digest(board)
        self.ok("reset", board)
        self.assertEqual(self.digest(board), before)

    def test_no_other_verb_does_the_bootloaders_writes(self):
        board = self.board((BOTH[0], None), (b"", b""))
        before = self.digest(board)
        for verb in ("status", "map", "inspect", "missing"):
            self.ok(verb, board)
        self.assertEqual(self.digest(board), before)

    def test_nothing_boots_is_exit_code_3(self):
        board = self.board((None, None), (b"", b""))
        answer = self.run_command("reset", board)
        self.assertEqual(answer.code, 3)
        self.assertIn("nothing boots", answer.out)

    def test_times_has_limits(self):
        for times in ("0", "1001", "many"):
            self.refused("bad_number", "reset", self.board(), "--times", times, exit_code=2)


if __name__ == "__main__":
    unittest.main()
