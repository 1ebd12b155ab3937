"""status, inspect, map and missing: what they say, and that they never change a byte."""

import os
import unittest

from support import (ABORTED, NEW, SLOTS, SLOT_BYTES, CommandTest, app_image, bootloader_image, fat_boot_sector, flash_bytes, joined, noise,
                     record, table, uf2, UNDEFINED, VALID)

ONE, TWO = app_image("9.2.8", project="CircuitPython"), app_image("10.3.0", 60_000, project="CircuitPython")
BOTH = (ONE, TWO)
SWITCHED = (record(1, VALID), record(2))


class Looking(CommandTest):
    def test_it_never_changes_a_byte_whatever_is_on_the_flash(self):
        flashes = {
            "fresh": flash_bytes((ONE, None)),
            "switched": flash_bytes(BOTH, SWITCHED),
            "trial": flash_bytes(BOTH, (record(1, VALID), record(2, NEW))),
            "no journal, damaged record": flash_bytes(BOTH, (record(1, VALID), record(2)[:-1] + b"\0")),
            "damaged slot": flash_bytes((ONE, TWO[:30000]), SWITCHED),
        }
        for name, content in flashes.items():
            for policy in ("stock", "stock-rollback", "dualbank"):
                for verb in ("status", "map", "missing", "inspect"):
                    with self.subTest(name, policy=policy, verb=verb):
                        path = self.file("look.flash", content)
                        os.chmod(path, 0o444)
                        os.utime(path, (1, 1))
                        answer = self.run_command(verb, path, "--policy", policy)
                        self.assertIn(answer.code, (0, 3), answer)
                        self.assertEqual(path.read_bytes(), content)
                        self.assertEqual(path.stat().st_mtime, 1)
                        os.chmod(path, 0o644)
        self.assertEqual(os.listdir(self.folder), ["look.flash"])

    def test_a_dry_run_of_each_writing_verb_changes_nothing_either(self):
        board = self.board(BOTH, SWITCHED)
        before = self.digest(board)
        image = self.file("x.bin", app_image("3"))
        for words in (["update", board, image], ["flash", board, image], ["switch", board], ["rollback", board], ["reset", board],
                      ["reset", board, "--policy", "stock-rollback", "--times", "3"], ["confirm", board]):
            with self.subTest(words[0]):
                self.ok(*words, "--dry-run")
                self.assertEqual(self.digest(board), before)


class Status(CommandTest):
    def test_one_line_for_each_slot(self):
        lines = self.ok("status", self.board(BOTH, SWITCHED), "--running", "ota_0").out.splitlines()
        self.assertRegex(lines[0], r"^  ota_0 +CircuitPython 9.2.8 +0.0 of 1.4 MiB +valid +runs now$")
        self.assertRegex(lines[1], r"^  ota_1 +CircuitPython 10.3.0 +0.1 of 1.4 MiB +valid +boots next: .*\(seq 2\)$")

    def test_without_running_it_says_that_it_answers_as_after_a_reset(self):
        answer = self.ok("status", self.board(BOTH, SWITCHED))
        self.assertIn("as after a reset: ota_1", answer.err)
        self.assertNotIn("runs now", answer.out)

    def test_json_has_the_promised_fields(self):
        status = self.ok("status", self.board(BOTH, SWITCHED), "--json", "--running", "ota_0").json
        self.assertEqual({key: status[key] for key in ("schema", "available", "reason", "policy", "running_slot", "boot_slot",
                                                       "next_update_slot", "trial", "update")},
                         {"schema": 1, "available": True, "reason": None, "policy": "stock", "running_slot": "ota_0",
                          "boot_slot": "ota_1", "next_update_slot": "ota_1", "trial": None, "update": None})
        first, second = status["slots"]
        self.assertEqual((first["name"], first["offset"], first["size"]), ("ota_0", SLOTS[0], SLOT_BYTES))
        self.assertEqual({key: first["image"][key] for key in ("valid", "version", "project", "chip", "length")},
                         {"valid": True, "version": "9.2.8", "project": "CircuitPython", "chip": "esp32s3", "length": len(ONE)})
        self.assertEqual(first["record"], {"seq": 1, "state": "valid"})
        self.assertEqual(second["record"], {"seq": 2, "state": "undefined"})

    def test_an_empty_slot_has_no_image_and_a_damaged_one_is_not_valid(self):
        status = self.ok("status", self.board((ONE, None)), "--json").json
        self.assertIsNone(status["slots"][1]["image"])
        self.assertIsNone(status["slots"][1]["record"])
        damaged = self.ok("status", self.board((ONE, TWO[:30000])), "--json").json["slots"][1]
        self.assertFalse(damaged["image"]["valid"])
        self.assertEqual(damaged["fault"]["code"], "image_checksum_mismatch")

    def test_nothing_boots(self):
        answer = self.ok("status", self.board((None, None), (b"", b"")))
        self.assertIn("nothing boots", answer.out)
        status = self.ok("status", self.board((None, None), (b"", b"")), "--json").json
        self.assertIsNone(status["boot_slot"])

    def test_a_text_in_an_image_cannot_reach_the_terminal(self):
        board = self.board((app_image("\x1b[31m", project="\x07\x1b]0;x"), None))
        answer = self.ok("status", board)
        self.assertNotIn("\x1b", answer.out)
        self.assertIn("?[31m", answer.out)

    def test_colour_only_where_asked_for(self):
        board = self.board()
        self.assertNotIn("\x1b", self.ok("status", board).out)
        self.assertIn("\x1b", self.ok("status", board, "--color", "always").out)
        self.assertIn("\x1b", self.ok("--color=always", "status", board).out)
        self.assertNotIn("\x1b", self.ok("status", board, "--color", "never").out)


class Inspect(CommandTest):
    def findings(self, content, exit_code=3, *words):
        answer = self.run_command("inspect", self.file("dump.bin", content), "--json", *words)
        self.assertEqual(answer.code, exit_code, answer)
        return {(f["where"], f["code"]): f for f in answer.json["findings"]}

    def test_kinds(self):
        for name, content in {"app image": ONE, "joined file": joined(ONE), "UF2 file": uf2(ONE),
                              "whole flash": flash_bytes((ONE, None), bootloader=bootloader_image())}.items():
            with self.subTest(name):
                answer = self.ok("inspect", self.file("f.bin", content), "--json").json
                self.assertEqual((answer["kind"], answer["sound"], answer["findings"]), (name, True, []))

    def test_an_image_is_told_in_full(self):
        answer = self.ok("inspect", self.file("f.bin", ONE))
        for word in ("CircuitPython 9.2.8", "esp32s3", str(len(ONE)), "Jan  1 2026", ONE[-32:].hex(), "nothing wrong"):
            self.assertIn(word, answer.out)

    def test_a_whole_flash_is_told_in_full(self):
        answer = self.ok("inspect", self.file("f.bin", flash_bytes(BOTH, SWITCHED)))
        for word in ("nvs", "0x170000", "CircuitPython 10.3.0", "boots next", "record 0: seq 1 (valid), names ota_0",
                     "record 1: seq 2 (undefined), names ota_1", "5 partitions"):
            self.assertIn(word, answer.out)

    def test_faults(self):
        bad_crc = record(2)[:-1] + b"\0"
        self.assertIn(("record 1", "record_damaged"), self.findings(flash_bytes(BOTH, (record(1, VALID), bad_crc))))
        self.assertIn(("ota_1", "image_checksum_mismatch"), self.findings(flash_bytes((ONE, TWO[:30000]), (record(1), b""))))
        self.assertIn(("boot", "fallback"), self.findings(flash_bytes((ONE, TWO[:30000]), SWITCHED)))
        self.assertIn(("boot", "nothing_boots"), self.findings(flash_bytes()))
        damaged = bytearray(table())
        damaged[0x20 + 12] ^= 1  # a letter of the second label
        self.assertIn(("table", "table_md5_mismatch"), self.findings(flash_bytes(BOTH, table_bytes=bytes(damaged))))
        self.assertIn(("image", "image_hash_mismatch"), self.findings(ONE[:-1] + bytes([ONE[-1] ^ 1])))
        self.assertIn(("file", "file_unknown"), self.findings(noise("x", 5000)))
        self.assertIn(("file", "image_too_short"), self.findings(b""))

    def test_warnings_are_no_faults(self):
        found = self.findings(flash_bytes((ONE, None), table_bytes=table(md5=False)), 0)
        self.assertEqual(found["table", "table_md5_missing"]["severity"], "warning")
        found = self.findings(flash_bytes(BOTH, (record(1, VALID), record(2, ABORTED))), 0)
        self.assertEqual(found["record 1", "record_rejected"]["severity"], "warning")

    def test_an_extended_drive_is_recognised_and_its_half_is_no_damaged_image(self):
        content = bytearray(flash_bytes((ONE, noise("files", 5000))))
        content[0x2D0000:0x2D0200] = fat_boot_sector((0x130000 + SLOT_BYTES) // 512)
        found = self.findings(bytes(content), 0)
        self.assertTrue(found["drive", "storage_extended"]["message"].startswith("storage is extended"))
        self.assertIn(("ota_1", "slot_lent"), found)
        content[0x2D0000:0x2D0200] = fat_boot_sector(0x130000 // 512)
        self.assertNotIn(("drive", "storage_extended"), self.findings(bytes(content)))

    def test_the_policy_decides_what_boots(self):
        content = flash_bytes(BOTH, (record(1, VALID), record(2, 1)))
        answer = self.ok("inspect", self.file("f.bin", content), "--json").json
        self.assertEqual((answer["boot_slot"], answer["boot_reason"]), ("ota_1", "active_record"))
        self.assertEqual(answer["boot_reason_text"], "the newest boot record names it")
        self.assertEqual(self.ok("inspect", "f.bin", "--json", "--policy", "stock-rollback").json["boot_slot"], "ota_0")


class Map(CommandTest):
    def test_the_picture_fits_the_width_and_shows_all(self):
        board = self.board(BOTH, SWITCHED)
        for columns in (40, 80, 200):
            with self.subTest(columns):
                lines = self.ok("map", board, env={"COLUMNS": str(columns)}).out.splitlines()
                grid = [line for line in lines if line.lstrip().startswith("0x")]
                self.assertLessEqual(max(map(len, grid)), columns)
                cells = "".join(line.split(maxsplit=1)[1] for line in grid)
                self.assertIn("0", cells)
                self.assertIn("1", cells)
                self.assertTrue(any("ota_1" in line and "boots next" in line for line in lines))

    def test_blocks_and_colours_where_the_terminal_has_them(self):
        board = self.board(BOTH, SWITCHED)
        out = self.ok("map", board, "--color", "always", env={"LC_ALL": "C.UTF-8"}).out
        self.assertIn("\x1b[38;5;", out)
        self.assertIn("\u2588", out)
        self.assertTrue(self.ok("map", board, "--color", "always").out.isascii())

    def test_an_update_under_way_is_shown(self):
        board = self.board()
        self.ok("flash", board, self.file("piece.bin", TWO[:16384]), "--offset", "0")
        out = self.ok("map", board).out
        self.assertIn("update under way", out)
        self.assertIn("still to be sent", out)
        answer = self.ok("map", board, "--json").json
        regions = {r["name"]: r for r in answer["regions"]}
        self.assertGreater(regions["ota_1"]["cells"]["missing"], 0)
        self.check_grid(answer)

    def check_grid(self, answer):
        """The picture and its regions tell the same of each cell."""
        grid = answer["grid"]
        self.assertEqual(len(grid["holds"]) * answer["cell"], answer["size"])
        self.assertEqual(len(grid["regions"]), len(grid["holds"]))
        self.assertEqual(len(grid["holds"]) % grid["columns"], 0)
        for number, region in enumerate(answer["regions"]):
            for sign, name in zip("edim?", ("empty", "data", "image", "missing", "unknown")):
                shown = sum(r == number and h == sign for r, h in zip(grid["regions"], grid["holds"]))
                self.assertEqual(shown, region["cells"][name], (region["name"], name))


if __name__ == "__main__":
    unittest.main()
