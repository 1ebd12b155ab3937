"""What inspect says that a dump boots, and what the bootloader then writes: each rule of records, selection and fallback."""

import struct
import unittest

from dump_support import DumpTest, dump
from support import ABORTED, INVALID, NEW, PENDING_VERIFY, UNDEFINED, VALID, app_image, record

GOOD, BAD = app_image("1", 4_000), app_image("1", 4_000)[:-1] + b"\0"
STOCK, ROLLBACK = "stock", "stock-rollback"
BLANK = b""


def damaged(seq, state=UNDEFINED):
    return record(seq, state)[:-1] + bytes([record(seq, state)[-1] ^ 1])


class BootDumpTest(DumpTest):
    def boots(self, records, images="01", policy=STOCK, **how):
        """The slot and the bootloader's writes; `images` names the good ones: 0, 1, ..., f(actory), t(est)."""
        names = {"f": "factory", "t": "test"}
        given = {names.get(c, f"ota_{c}"): GOOD for c in images}
        given |= {f"ota_{i}": BAD for i in range(how.get("slots", 2)) if str(i) not in images}
        answer = self.run_command("inspect", self.file("d.bin", dump(given, records, **how)), "--json", "--policy", policy)
        self.assertIn(answer.code, (0, 3), answer)
        self.answer = answer.json
        writes = [(w["record"], w["seq"], w["state"]) for w in self.answer["boot_writes"]]
        return self.answer["boot_slot"], writes

    def both(self, expected, *arguments, **how):
        for policy in (STOCK, ROLLBACK):
            with self.subTest(str(arguments), policy=policy):
                self.assertEqual(self.boots(*arguments, policy=policy, **how), expected)


class Records(BootDumpTest):
    def test_the_larger_seq_rules_and_record_0_on_a_tie(self):
        self.both(("ota_0", []), (record(1, VALID), BLANK))
        self.both(("ota_1", []), (record(1, VALID), record(2, VALID)))
        self.both(("ota_0", []), (record(3, VALID), record(2, VALID)))
        self.both(("ota_1", []), (record(4), record(4, VALID)))
        self.assertIn(("otadata", "record_tie"), self.found(self.answer))
        self.both(("ota_1", []), (record(0x80000000), record(0x7FFFFFFF)))  # no wrap-around

    def test_slots_by_number(self):
        for slots in (1, 2, 3, 4, 5, 16):
            for seq in (1, 2, 3, slots, slots + 1, 0x7FFFFFFF, 0xFFFFFFFE):
                images = "0123456789"[:min(slots, 10)]
                slot = (seq - 1) % slots
                if slot < 10:
                    with self.subTest(slots=slots, seq=seq):
                        self.assertEqual(self.boots((record(seq, VALID), BLANK), images, slots=slots, size=2 << 20)[0], f"ota_{slot}")

    def test_seq_0_is_a_trap(self):
        for slots, slot in ((2, 1), (3, 0), (4, 3), (5, 0)):
            self.assertEqual(self.boots((record(0), BLANK), "0123456789"[:slots], slots=slots)[0], f"ota_{slot}")
            self.assertEqual(self.found(self.answer)["record 0", "record_seq_zero"], "warning")
        # an erase that was cut short leaves seq 0 and all else erased: its CRC is right
        self.assertEqual(record(0), struct.pack("<I", 0) + b"\xff" * 28)

    def test_the_top_of_the_numbers(self):
        self.both(("ota_1", []), (record(0xFFFFFFFE, VALID), record(1, VALID)))
        self.assertEqual(self.found(self.answer)["record 0", "record_seq_top"], "warning")
        self.boots((record(0xFFFFFFFD, VALID), record(0xFFFFFFFC, VALID)))
        self.assertEqual(self.found(self.answer), {})
        # FFFFFFFF is as good as erased, whatever its checksum
        self.both(("ota_0", [(0, 1, "valid")]), (record(0xFFFFFFFF, VALID), BLANK))

    def test_states_and_checksums(self):
        for state in (NEW, PENDING_VERIFY, VALID, UNDEFINED, 5, 0x1234):
            self.assertEqual(self.boots((record(1, VALID), record(2, state)))[0], "ota_1", state)
        self.assertEqual(self.found(self.answer)["record 1", "record_odd_state"], "warning")
        for state in (INVALID, ABORTED):
            self.both(("ota_0", []), (record(1, VALID), record(2, state)))
            self.assertEqual(self.found(self.answer)["record 1", "record_rejected"], "warning")
        self.both(("ota_0", []), (record(1, VALID), damaged(2)))
        self.assertEqual(self.found(self.answer)["record 1", "record_damaged"], "error")

    def test_bytes_that_nobody_looks_at(self):
        labelled = record(2)[:4] + b"what was there before" [:20] + record(2)[24:]
        self.both(("ota_1", []), (record(1, VALID), labelled))
        journal = record(2) + bytes(range(200))
        self.both(("ota_1", []), (record(1, VALID) + b"\0" * 4000, journal))


class NoChoice(BootDumpTest):
    def test_both_blank(self):
        self.both(("ota_0", [(0, 1, "valid")]), (BLANK, BLANK))
        self.both(("ota_1", [(0, 2, "valid")]), (BLANK, BLANK), "1")
        self.both(("factory", []), (BLANK, BLANK), "01f", factory=True)
        self.both(("ota_0", []), (BLANK, BLANK), "01", factory=True)

    def test_damaged_ones_are_not_repaired(self):
        self.both(("ota_0", []), (damaged(2), BLANK))
        self.both(("ota_0", []), (BLANK, damaged(2)))
        self.both(("ota_1", []), (damaged(1), damaged(2)), "1")
        self.both(("factory", []), (damaged(1), BLANK), "01f", factory=True)
        self.assertIn(("boot", "no_usable_record"), self.found(self.answer))

    def test_rejected_ones(self):
        self.both(("ota_0", []), (record(2, ABORTED), record(4, INVALID)))
        self.both(("factory", []), (record(2, ABORTED), BLANK), "01f", factory=True)
        # rejected and with a wrong checksum: as if blank
        self.both(("ota_0", [(0, 1, "valid")]), (damaged(2, ABORTED), BLANK))


class Fallback(BootDumpTest):
    def test_downwards_through_factory_then_upwards_then_test(self):
        third = (record(3, VALID), BLANK)
        for images, slot in (("0123f", "ota_2"), ("013f", "ota_1"), ("03f", "ota_0"), ("3f", "factory"), ("3", "ota_3"), ("t", "test")):
            self.both((slot, []), third, images, slots=4, factory=True, test=True)
        self.both((None, []), third, "", slots=4)
        self.assertIn(("boot", "nothing_boots"), self.found(self.answer))

    def test_a_broken_ota_0_drops_into_the_factory_app(self):
        self.both(("factory", []), (record(2), record(3)), "1f", factory=True)
        self.assertEqual(self.found(self.answer)["boot", "fallback"], "error")
        self.both(("ota_1", []), (record(2), record(3)), "1")

    def test_it_writes_nothing_but_on_a_blank_board(self):
        self.assertEqual(self.boots((record(1, VALID), record(2)), "0"), ("ota_0", []))


class Trials(BootDumpTest):
    def test_new_is_begun_and_pending_is_dropped_only_with_rollback(self):
        new, pending = (record(1, VALID), record(2, NEW)), (record(1, VALID), record(2, PENDING_VERIFY))
        self.assertEqual(self.boots(new), ("ota_1", []))
        self.assertEqual(self.boots(pending), ("ota_1", []))
        self.assertEqual(self.boots(new, policy=ROLLBACK), ("ota_1", [(1, 2, "pending_verify")]))
        self.assertEqual(self.boots(pending, policy=ROLLBACK), ("ota_0", [(1, 2, "aborted")]))
        self.assertEqual(self.boots(pending, policy="dualbank"), ("ota_1", []))

    def test_a_new_image_that_does_not_verify_has_lost_its_trial_all_the_same(self):
        self.assertEqual(self.boots((record(1, VALID), record(2, NEW)), "0", ROLLBACK), ("ota_0", [(1, 2, "pending_verify")]))

    def test_both_on_trial(self):
        twice = (record(4, NEW), record(4, NEW))
        self.assertEqual(self.boots(twice, policy=ROLLBACK), ("ota_1", [(0, 4, "pending_verify")]))
        self.assertEqual(self.boots((record(4, PENDING_VERIFY), record(4, NEW)), policy=ROLLBACK),
                         ("ota_1", [(0, 4, "aborted"), (1, 4, "pending_verify")]))
        self.assertEqual(self.boots((record(1, PENDING_VERIFY), record(2, PENDING_VERIFY)), policy=ROLLBACK)[1],
                         [(0, 1, "aborted"), (1, 2, "aborted")])
        # the checksum does not matter for that
        self.assertEqual(self.boots((record(1, VALID), damaged(2, PENDING_VERIFY)), policy=ROLLBACK), ("ota_0", [(1, 2, "aborted")]))

    def test_that_it_depends_on_the_bootloader_is_said(self):
        pending = (record(1, VALID), record(2, PENDING_VERIFY))
        images = {"ota_0": app_image("9", project="circuitpython"), "ota_1": app_image("1", project="micropython")}
        for policy, slot, word in ((STOCK, "ota_0", "--policy stock-rollback"), (ROLLBACK, "ota_1", "--policy stock")):
            answer = self.inspect(dump(images, pending), "--policy", policy)
            (finding,) = [f for f in answer["findings"] if f["code"] == "boot_depends_on_policy"]
            self.assertIn(slot, finding["message"])
            self.assertIn(word, finding["cure"])
            self.assertIn("MicroPython", finding["cure"])
        self.assertEqual(self.found(self.inspect(dump(images, (record(1, VALID), record(2, NEW))))), {})

    def test_what_is_said_is_what_reset_does(self):
        for records in ((BLANK, BLANK), (record(1, VALID), record(2, NEW)), (record(1, VALID), record(2, PENDING_VERIFY)),
                        (damaged(1), damaged(2)), (record(4, PENDING_VERIFY), record(4, NEW))):
            for policy in (STOCK, ROLLBACK):
                slot, writes = self.boots(records, policy=policy)
                boot = self.ok("reset", "d.bin", "--policy", policy, "--json").json["boots"][0]
                self.assertEqual((boot["slot"], [(w["record"], w["seq"], w["state"]) for w in boot["writes"]]), (slot, writes))


if __name__ == "__main__":
    unittest.main()
