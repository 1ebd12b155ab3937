"""repair: the smallest change after which the wanted slot boots. Each answer is tried: the dump is changed, and looked at again."""

import fcntl
import itertools
import os
import unittest

from dump_support import DumpTest, dump, shape
from support import ABORTED, INVALID, NEW, OTADATA, PENDING_VERIFY, SANITIZED, SLOTS, UNDEFINED, VALID, app_image, flash_bytes, joined, noise, record, table

ONE, TWO = app_image("1.0", 4_000), app_image("2.0", 5_000)
BOTH = {"ota_0": ONE, "ota_1": TWO}
POLICIES = ("stock", "stock-rollback", "dualbank")
BLANK = b""


def damaged(seq, state=UNDEFINED):
    return record(seq, state)[:-1] + bytes([record(seq, state)[-1] ^ 1])


def read_hex(text):
    """{address: byte} of Intel HEX; every record's checksum is looked at."""
    found, upper = {}, 0
    for line in text.splitlines():
        raw = bytes.fromhex(line.removeprefix(":"))
        assert line.startswith(":") and sum(raw) % 256 == 0, line
        count, address, kind, data = raw[0], raw[1] << 8 | raw[2], raw[3], raw[4:-1]
        assert len(data) == count
        if kind == 4:
            upper = int.from_bytes(data, "big") << 16
        elif kind == 0:
            found.update({upper + address + i: b for i, b in enumerate(data)})
        else:
            assert (kind, count) == (1, 0), line
    return found


class RepairTest(DumpTest):
    def repair(self, content, slot, *words, code=0, name="dump.bin"):
        answer = self.run_command("repair", self.file(name, content), slot, "--json", *words)
        self.assertEqual(answer.code, code, answer)
        return answer.json

    def boot(self, *words, name="dump.bin"):
        answer = self.run_command("inspect", self.folder / name, "--json", *words)
        return answer.json["boot_slot"]

    def check(self, content, slot, policy, *words):
        """Repairs, and looks: what boots, what was touched, and that a dry run said the same and wrote nothing."""
        dry = self.repair(content, slot, "--policy", policy, *words)
        self.assertEqual((self.folder / "dump.bin").read_bytes(), content)
        done = self.repair(content, slot, "--policy", policy, "--write", *words)
        self.assertEqual((dry["changes"], dry["boot_slot_after"]), (done["changes"], slot))
        self.assertEqual(self.boot("--policy", policy, *words), slot)
        after = (self.folder / "dump.bin").read_bytes()
        self.assertEqual(len(after), len(content))
        return done, after


class EveryState(RepairTest):
    def test_whatever_the_records_are_the_wanted_slot_boots_and_stays(self):
        pieces = [BLANK, record(0), record(1, VALID), record(2, NEW), record(2, PENDING_VERIFY), record(3, ABORTED), record(4, INVALID),
                  damaged(1), damaged(6, PENDING_VERIFY), record(4), record(0xFFFFFFFE, VALID), record(0xFFFFFFFD, PENDING_VERIFY), noise("r", 32)]
        cases = 0
        for index, (records, policy, slot) in enumerate(itertools.product(itertools.product(pieces, pieces), POLICIES, BOTH)):
            if index % (31 if SANITIZED else 3):  # a third of them: each pair with each policy or slot
                continue
            with self.subTest(records=[r.hex() for r in records], policy=policy, slot=slot):
                cases += 1
                content = dump(BOTH, records)
                before = self.inspect(content, "--policy", policy, code=self.any_code(content, policy))
                done, after = self.check(content, slot, policy)
                if before["boot_slot"] == slot:
                    self.assertEqual((done["changes"], after), ([], content))
                    continue
                self.assertIn(len(done["changes"]), (1, 2))
                self.assertEqual(after[:OTADATA] + after[OTADATA + 0x2000:], content[:OTADATA] + content[OTADATA + 0x2000:])
                resets = self.ok("reset", "dump.bin", "--policy", policy, "--times", "3", "--json").json["boots"]
                self.assertEqual({boot["slot"] for boot in resets}, {slot})
                self.ok("status", "dump.bin", "--policy", policy)
        self.assertGreater(cases, 30 if SANITIZED else 300)

    def any_code(self, content, policy):
        return self.run_command("inspect", self.file("dump.bin", content), "--policy", policy).code

    def test_the_ruling_record_is_left_alone_and_no_moment_is_without_one(self):
        for records, spare in (((record(1, VALID), BLANK), 1), ((BLANK, record(2)), 0), ((record(3), record(2)), 1), ((record(2), record(5)), 0)):
            for policy in POLICIES:
                content = dump(BOTH, records)
                running = self.inspect(content, "--policy", policy)["boot_slot"]
                other = "ota_1" if running == "ota_0" else "ota_0"
                done, after = self.check(content, other, policy)
                at = OTADATA + spare * 0x1000
                kept = slice(OTADATA + (1 - spare) * 0x1000, OTADATA + (2 - spare) * 0x1000)
                self.assertEqual([change["address"] for change in done["changes"]], [at])
                self.assertEqual(after[kept], content[kept])
                # the sector half done, as a power cut leaves it: erased, or all but the checksum
                for half in (b"\xff" * 32, after[at:at + 28] + b"\xff" * 4):
                    torn = content[:at] + half.ljust(0x1000, b"\xff") + content[at + 0x1000:]
                    self.file("torn.bin", torn)
                    self.assertEqual(self.boot("--policy", policy, name="torn.bin"), running)

    def test_at_the_top_of_the_numbers_a_small_one_is_written_and_the_top_goes(self):
        done, after = self.check(dump(BOTH, (record(0xFFFFFFFE, VALID), record(0xFFFFFFFD, VALID))), "ota_0", "stock")
        self.assertEqual([c["what"] for c in done["changes"]], ["record 1", "record 0"])
        self.assertEqual(after[OTADATA:OTADATA + 0x2000], b"\xff" * 0x1000 + record(1, VALID).ljust(0x1000, b"\xff"))

    def test_more_slots(self):
        images = {f"ota_{i}": app_image(str(i), 4_000) for i in range(4)}
        for slot in images:
            done, _ = self.check(dump(images, (record(2, VALID), record(7, VALID)), slots=4), slot, "stock")
            self.assertEqual(len(done["changes"]), 0 if slot == "ota_2" else 1)


class Bytes(RepairTest):
    def test_one_record_of_32_bytes(self):
        content = flash_bytes((ONE, TWO), (record(1, VALID), BLANK))
        done, after = self.check(content, "ota_1", "stock")
        self.assertEqual(done["changes"], [{"what": "record 1", "address": 0xF000, "erases_sector": False, "before": "ff" * 32,
                                            "after": record(2, VALID).hex()}])
        self.assertEqual(after, content[:0xF000] + record(2, VALID) + content[0xF020:])

    def test_it_shows_what_it_would_change(self):
        out = self.ok("repair", self.file("d.bin", flash_bytes((ONE, TWO), (record(1, VALID), record(2)))), "ota_0").out
        for word in ("now ota_1 boots", "record 0 at 0xe000, after its sector is erased", "0x00e000 - 01 00 00 00", "+ 03 00 00 00",
                     "then ota_0 boots"):
            self.assertIn(word, out)
        self.assertIn("nothing has to change", self.ok("repair", "d.bin", "ota_1").out)

    def test_the_factory_app_boots_when_no_record_rules(self):
        images = BOTH | {"factory": app_image("f", 4_000)}
        for records, addresses in (((record(1, VALID), BLANK), [OTADATA]), ((record(1, VALID), record(2)), [OTADATA, OTADATA + 0x1000]),
                                   ((record(3, VALID), record(2)), [OTADATA + 0x1000, OTADATA]), ((record(1), damaged(2)), [OTADATA]),
                                   ((BLANK, BLANK), [])):
            for policy in POLICIES:
                with self.subTest(records=[r[:4] for r in records], policy=policy):
                    done, _ = self.check(dump(images, records, factory=True), "factory", policy)
                    self.assertEqual([change["address"] for change in done["changes"]], addresses)

    def test_the_drive_and_the_slots_stay(self):
        content = bytearray(flash_bytes((ONE, TWO), (damaged(1), damaged(2))))
        content[0x2D0000:0x2E0000] = noise("files", 0x10000)
        _, after = self.check(bytes(content), "ota_1", "stock")
        self.assertEqual(after[SLOTS[0]:], bytes(content)[SLOTS[0]:])


class Files(RepairTest):
    def test_intel_hex_and_bin_hold_the_bytes_and_the_line_says_where(self):
        content = flash_bytes((ONE, TWO), (record(1, VALID), record(2)))
        answer = self.repair(content, "ota_0", "--hex", "r.hex", "--bin", "r.bin")
        new = record(3, VALID)
        self.assertEqual((self.folder / "r.bin").read_bytes(), new)
        self.assertEqual(read_hex((self.folder / "r.hex").read_text()), {OTADATA + i: b for i, b in enumerate(new)})
        self.assertEqual(answer["commands"], ["esptool --chip esp32s3 write-flash 0xe000 r.bin"])
        self.assertEqual((answer["written"], (self.folder / "dump.bin").read_bytes()), (False, content))
        self.refused("file_exists", "repair", "dump.bin", "ota_0", "--bin", "r.bin")
        self.ok("repair", "dump.bin", "ota_0", "--bin", "r.bin", "--force")

    def test_what_the_file_brings_to_the_board_boots(self):
        content = bytearray(flash_bytes((ONE, TWO), (record(1, VALID), record(2))))
        (command,) = self.repair(bytes(content), "ota_0", "--bin", "r.bin")["commands"]
        address = int(command.split()[-2], 16)
        new = (self.folder / "r.bin").read_bytes()
        content[address:address + 0x1000] = new.ljust(0x1000, b"\xff")  # esptool erases the sector
        self.file("board.bin", bytes(content))
        self.assertEqual(self.boot(name="board.bin"), "ota_0")

    def test_sectors_that_are_only_erased_need_no_file(self):
        images = BOTH | {"factory": ONE}
        answer = self.repair(dump(images, (record(1, VALID), record(2)), factory=True), "factory", "--bin", "r.bin")
        self.assertEqual(answer["commands"], [f"esptool --chip esp32s3 erase-region {at:#x} 0x1000" for at in (0xE000, 0xF000)])
        self.assertFalse((self.folder / "r.bin").exists())

    def test_the_order_of_two_steps_is_that_of_the_lines(self):
        answer = self.repair(dump(BOTH, (record(0xFFFFFFFE, VALID), BLANK)), "ota_0", "--bin", "r.bin")
        self.assertEqual([c.split(" ", 3)[3] for c in answer["commands"]], ["write-flash 0xf000 r.bin", "erase-region 0xe000 0x1000"])

    def test_addresses_beyond_64_kib(self):
        rows = shape()[0]
        rows[1] = ("otadata", 1, 0, 0xAF000, 0x2000)
        content = bytearray(dump(BOTH, table_bytes=table(rows)))
        content[0xE000:0x10000] = b"\xff" * 0x2000
        content[0xAF000:0xAF020] = record(1, VALID)
        self.repair(bytes(content), "ota_1", "--hex", "r.hex")
        self.assertEqual(sorted(read_hex((self.folder / "r.hex").read_text())), list(range(0xB0000, 0xB0020)))


class Md5Row(RepairTest):
    WITHOUT = table(shape()[0], md5=False)

    def test_it_is_left_alone_unless_asked_for(self):
        content = dump(BOTH, (record(1, VALID), BLANK), table_bytes=self.WITHOUT)
        _, after = self.check(content, "ota_1", "stock")
        self.assertEqual(after[0x8000:0x9000], content[0x8000:0x9000])
        self.repair(content, "ota_1", "--md5", "--write")
        after = (self.folder / "dump.bin").read_bytes()
        self.assertEqual(after[0x8000:0x8C00], table(shape()[0]))
        self.assertTrue(self.inspect(after)["table"]["md5"])

    def test_alone_where_the_slot_boots_already(self):
        content = dump(BOTH, (record(1, VALID), BLANK), table_bytes=self.WITHOUT)
        answer = self.repair(content, "ota_0", "--md5", "--bin", "t.bin")
        self.assertEqual([change["what"] for change in answer["changes"]], ["table"])
        # esptool erases the sector: the file brings the rows too
        self.assertEqual((self.folder / "t.bin").read_bytes(), table(shape()[0])[:160])
        self.refused("two_places", "repair", "dump.bin", "ota_1", "--md5", "--bin", "u.bin")
        self.repair(content, "ota_1", "--md5", "--hex", "u.hex")
        self.assertEqual(min(read_hex((self.folder / "u.hex").read_text())), 0x8000)

    def test_one_that_is_there_or_wrong_is_not_written(self):
        self.file("dump.bin", dump(BOTH, (record(1, VALID), BLANK)))
        self.refused("table_md5_there", "repair", "dump.bin", "ota_0", "--md5")
        wrong = bytearray(table(shape()[0]))
        wrong[13] ^= 1
        self.file("dump.bin", dump(BOTH, table_bytes=bytes(wrong)))
        self.refused("table_md5_mismatch", "repair", "dump.bin", "ota_0", "--md5")


class Parts(RepairTest):
    def test_a_part_is_repaired_at_its_own_addresses(self):
        whole = flash_bytes((ONE, TWO), (record(1, VALID), record(2)))
        wanted = whole[:0xE000] + record(3, VALID) + whole[0xE020:]
        self.repair(whole[0x8000:], "ota_0", "--write")
        self.assertEqual((self.folder / "dump.bin").read_bytes(), wanted[0x8000:])
        words = ("--at", "0x9000", "--layout", "4MB-no-uf2")
        self.repair(whole[0x9000:], "ota_0", "--write", *words)
        self.assertEqual((self.folder / "dump.bin").read_bytes(), wanted[0x9000:])
        self.repair(whole[0x8000:SLOTS[1] + 5000], "ota_0", "--write")  # ends inside a sector
        self.assertEqual((self.folder / "dump.bin").read_bytes(), wanted[0x8000:SLOTS[1] + 5000])

    def test_a_joined_file(self):
        content = bytearray(joined(ONE))
        content[0xE000:0xE020] = damaged(1)
        self.repair(bytes(content), "ota_0")
        self.assertEqual(self.boot(), "ota_0")


class No(RepairTest):
    def no(self, content, slot, *words):
        answer = self.repair(content, slot, *words, "--write", code=3)
        self.assertFalse(answer["possible"])
        self.assertEqual((self.folder / "dump.bin").read_bytes(), content)
        plain = self.run_command("repair", "dump.bin", slot, *words)
        self.assertEqual(plain.code, 3)
        self.assertIn(answer["why"]["message"], plain.out)
        return answer["why"]["code"]

    def test_an_image_that_does_not_verify_is_not_made_to_boot(self):
        for code, image in {"image_empty_slot": b"", "image_hash_mismatch": TWO[:-1] + b"\0", "image_no_magic": noise("n", 600),
                            "image_wrong_chip": app_image("2", 4_000, chip=5)}.items():
            with self.subTest(code):
                self.assertEqual(self.no(dump({"ota_0": ONE, "ota_1": image}, (record(1, VALID), BLANK)), "ota_1"), code)

    def test_what_the_dump_does_not_hold(self):
        whole = flash_bytes((ONE, TWO), (record(1, VALID), record(2)))
        self.assertEqual(self.no(whole[:0x100000], "ota_1"), "not_in_dump")

    def test_refused(self):
        self.file("dump.bin", dump(BOTH, (record(1, VALID), BLANK)))
        self.refused("slot_unknown", "repair", "dump.bin", "ota_5")
        self.refused("slot_unknown", "repair", "dump.bin", "factory")
        self.refused("bad_slot", "repair", "dump.bin", "test", exit_code=2)
        self.refused("bad_slot", "repair", "dump.bin", "slot1", exit_code=2)
        self.file("noise.bin", noise("e", 1 << 20))
        self.refused("flash_encrypted", "repair", "noise.bin", "ota_0")
        self.file("app.bin", ONE)
        self.refused("not_a_flash", "repair", "app.bin", "ota_0")
        self.file("table.bin", dump(BOTH, otadata=0))
        self.refused("layout_no_otadata", "repair", "table.bin", "ota_0")
        self.file("records.bin", flash_bytes((ONE, TWO))[0x10000:])
        self.refused("not_in_dump", "repair", "records.bin", "ota_1", "--at", "0x10000", "--layout", "4MB-no-uf2")

    def test_a_dump_that_is_in_use_is_not_written(self):
        path = self.file("dump.bin", dump(BOTH, (record(1, VALID), BLANK)))
        with open(path, "r+b") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.refused("file_in_use", "repair", path, "ota_1", "--write")

    def test_a_journal_that_would_undo_it_goes_too(self):
        board = self.file("dump.bin", flash_bytes((ONE, TWO), (record(1, VALID), BLANK)))
        self.ok("switch", board)  # dualbank's own marks are in both sectors now
        content = board.read_bytes()
        for slot, policy in itertools.product(("ota_0", "ota_1"), POLICIES):
            done, _ = self.check(content, slot, policy)
            if not done["changes"]:
                continue
            self.ok("switch", board, "ota_1" if slot == "ota_0" else "ota_0", "--running", slot, "--policy", policy)
        self.assertEqual(os.listdir(self.folder), ["dump.bin"])

    def test_a_switch_that_a_power_cut_left_is_not_finished_behind_the_repair(self):
        board = self.file("dump.bin", flash_bytes((ONE, TWO), (record(1, VALID), BLANK)))
        self.ok("switch", board)
        cut = bytearray(board.read_bytes())
        cut[0xF01C:0xF020], cut[0xF040:0xF050] = b"\xff" * 4, b"\xff" * 16  # before the checksum and the mark behind it
        cut = bytes(cut)
        self.file("cut.bin", cut)
        self.assertEqual(self.boot(name="cut.bin"), "ota_0")
        self.run_command("confirm", "cut.bin")  # any writing verb opens the flash, and finishes the switch
        self.assertEqual(self.boot(name="cut.bin"), "ota_1")
        done, _ = self.check(cut, "ota_0", "stock")
        self.assertEqual([change["what"] for change in done["changes"]], ["record 1"])
        self.run_command("confirm", board)
        self.assertEqual(self.boot(), "ota_0")


if __name__ == "__main__":
    unittest.main()
