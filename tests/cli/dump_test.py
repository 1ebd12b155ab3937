"""inspect and map on dumps of any kind: parts of a flash, tables of every fault, encrypted flash, signed images."""

import struct
import unittest

from dump_support import SLOT, DumpTest, dump, shape, signed
from support import (ESP32C3, ESP32S3, SLOTS, VALID, app_image, bootloader_image, descriptor, flash_bytes, joined, noise, record, table)

ONE = app_image("9.2.8", 20_000, project="circuitpython")
TWO = app_image("1.24.0", 30_000, project="micropython")
WHOLE = flash_bytes((ONE, TWO), (record(1, VALID), record(2)))
READ_AGAIN = "esptool read-flash 0 ALL"


class Parts(DumpTest):
    def test_one_that_begins_with_the_table_is_recognised(self):
        whole, part = self.inspect(WHOLE), self.inspect(WHOLE[0x8000:])
        self.assertEqual((part["kind"], part["from"], part["boot_slot"]), ("part of a flash", 0x8000, "ota_1"))
        for field in ("slots", "records", "boot_reason", "chip", "table"):
            self.assertEqual(part[field], whole[field])
        self.assertIn("not in the dump", self.ok("inspect", "dump.bin").out)

    def test_one_that_begins_behind_the_table_needs_where_and_which(self):
        part = WHOLE[0x9000:]
        finding = self.inspect(part, code=3)["findings"][0]
        self.assertEqual(finding["code"], "file_unknown")
        self.assertIn("--at", finding["cure"])
        finding = self.inspect(part, "--at", "0x9000", code=3)["findings"][0]
        self.assertEqual(finding["code"], "table_not_in_dump")
        self.assertIn("--layout", finding["cure"])
        self.file("table.bin", table())
        self.file("table.csv", b"nvs,data,nvs,0x9000,20K\notadata,data,ota,0xE000,8K\nota_0,app,ota_0,0x10000,1408K\n"
                               b"ota_1,app,ota_1,,1408K\nuser_fs,data,fat,,1216K\n")
        for layout in ("4MB-no-uf2", "table.bin", "table.csv"):
            with self.subTest(layout):
                answer = self.inspect(part, "--at", "0x9000", "--layout", layout)
                self.assertEqual((answer["boot_slot"], answer["from"]), ("ota_1", 0x9000))
                self.assertEqual(self.slot(answer, "ota_0")["image"]["version"], "9.2.8")

    def test_what_is_not_there_is_not_guessed(self):
        cut = self.inspect(WHOLE[:0x100000])
        self.assertEqual((cut["boot_slot"], cut["boot_reason"]), (None, None))
        self.assertEqual(self.found(cut), {("file", "ends_early"): "note", ("ota_1", "not_in_dump"): "note",
                                           ("boot", "not_in_dump"): "warning"})
        self.assertFalse(self.slot(cut, "ota_1")["known"])
        self.assertIn(READ_AGAIN, cut["findings"][-1]["cure"])
        # The bootloader looks no further than a good image: the missing half does not matter.
        sure = self.inspect(flash_bytes((ONE, TWO), (record(1, VALID), b""))[:0x100000])
        self.assertEqual((sure["boot_slot"], self.found(sure)["ota_1", "not_in_dump"]), ("ota_0", "note"))
        # An image that ends before the dump does is whole.
        self.assertEqual(self.inspect(WHOLE[:SLOTS[1] + len(TWO)])["boot_slot"], "ota_1")
        torn = self.inspect(WHOLE[:SLOTS[1] + len(TWO) - 1])
        self.assertEqual((torn["boot_slot"], self.slot(torn, "ota_1")["image"]["version"]), (None, "1.24.0"))

    def test_without_the_boot_records_nobody_knows_what_boots(self):
        answer = self.inspect(WHOLE[0x10000:], "--at", "0x10000", "--layout", "4MB-no-uf2")
        self.assertEqual((answer["boot_slot"], answer["records"]), (None, []))
        self.assertEqual(self.found(answer), {("otadata", "not_in_dump"): "warning", ("boot", "not_in_dump"): "warning"})
        self.assertEqual([slot["image"]["valid"] for slot in answer["slots"]], [True, True])

    def test_a_joined_file_is_no_part_its_rest_is_erased(self):
        answer = self.inspect(joined(ONE))
        self.assertEqual((answer["kind"], answer["boot_slot"], answer["sound"]), ("joined file", "ota_0", True))
        self.assertIsNone(self.slot(answer, "ota_1")["image"])
        used = bytearray(joined(ONE))
        used[0x9000:0x9020] = noise("nvs", 32)  # a board has run
        self.assertEqual(self.inspect(bytes(used))["kind"], "part of a flash")

    def test_where_it_begins_is_a_sector(self):
        self.refused("bad_number", "inspect", self.file("p.bin", WHOLE[0x9000:]), "--at", "0x9001", exit_code=2)

    def test_a_map_shows_what_is_known(self):
        regions = {r["name"]: r["cells"] for r in self.ok("map", self.file("p.bin", WHOLE[:0x100000]), "--json").json["regions"]}
        self.assertEqual((regions["ota_1"]["unknown"] > 0, regions["ota_1"]["image"], regions["nvs"]["unknown"]), (True, 0, 0))
        self.assertGreater(regions["ota_0"]["image"], 0)
        out = self.ok("map", self.file("p.bin", WHOLE[0x9000:]), "--at", "0x9000", "--layout", "4MB-no-uf2").out
        self.assertIn("? not in the dump", out)
        self.assertRegex(out, r"ota_1 .*<- boots next")


class Tables(DumpTest):
    def rows(self, rows, *words, code=3, md5=True):
        return self.inspect(dump({"ota_0": ONE}, table_bytes=table(rows, md5=md5)), *words, code=code)

    def test_elsewhere(self):
        for base in (0, 0x9000):
            content = bytearray(dump({"ota_0": ONE}))
            content[0x9000:0x9C00], content[0x8000:0x8C00] = content[0x8000:0x8C00], b"\xff" * 0xC00
            answer = self.inspect(bytes(content[base:]), "--table", "0x9000")
            self.assertEqual((answer["boot_slot"], answer["table"]["offset"], answer["from"]), ("ota_0", 0x9000, base))
        self.assertEqual(self.found(self.inspect(bytes(content), code=3)), {("table", "table_missing"): "error"})

    def test_the_md5_row(self):
        rows, _ = shape()
        answer = self.rows(rows, code=0, md5=False)
        self.assertEqual((answer["boot_slot"], answer["table"]["md5"]), ("ota_0", False))
        self.assertEqual(self.found(answer)["table", "table_md5_missing"], "warning")
        good = table(rows)
        at = 32 * len(rows)
        filler = good[:at + 2] + b"\0" * 14 + good[at + 16:]  # nobody looks at it
        self.assertTrue(self.inspect(dump({"ota_0": ONE}, table_bytes=filler))["table"]["md5"])
        for code, damaged in {"table_md5_mismatch": good[:at + 20] + b"\0" + good[at + 21:],
                              "table_second_md5": good[:at + 32] + good[at:at + 32] + good[at + 64:],
                              "table_rows_after_md5": good[:at + 32] + good[:32] + good[at + 64:]}.items():
            with self.subTest(code):
                answer = self.inspect(dump({"ota_0": ONE}, table_bytes=damaged), code=3)
                self.assertEqual(self.found(answer), {("table", code): "error"})
                self.assertTrue(answer["findings"][0]["cure"])

    def test_rows_and_end(self):
        rows, _ = shape()
        good = table(rows)
        end = 32 * (len(rows) + 1)
        behind = good[:end + 4] + b"\0" * 28 + good[end + 32:]  # of the end's row four bytes count
        self.assertTrue(self.inspect(dump({"ota_0": ONE}, table_bytes=behind))["sound"])
        padding = [(f"p{i}", 0x40, i, 0xF0000, 0x1000) for i in range(96 - len(rows))]
        for code, damaged in {"table_bad_row": good[:32] + b"\x12\x34" + good[34:],
                              "table_no_end": table(rows + padding, md5=False)}.items():
            with self.subTest(code):
                self.assertIn(("table", code), self.found(self.inspect(dump({"ota_0": ONE}, table_bytes=damaged), code=3)))
        most = table(rows + padding[:94 - len(rows)])
        self.assertEqual(len(self.inspect(dump({"ota_0": ONE}, table_bytes=most))["table"]["partitions"]), 94)

    def test_names_types_and_flags_are_shown_whatever_they_are(self):
        rows, _ = shape(extra=[("sixteen letters!", 0x40, 0xFE, 0xE0000, 0x1000), ("", 1, 0x99, 0xE1000, 0x1000),
                               ("tee", 0, 0x30, 0xD0000, 0x10000)])
        packed = bytearray(table(rows, md5=False))
        packed[28] = 3
        answer = self.inspect(dump({"ota_0": ONE}, table_bytes=bytes(packed)))
        partitions = {p["name"]: p for p in answer["table"]["partitions"]}
        self.assertEqual(partitions["nvs"]["flags"], 3)
        self.assertEqual(partitions["sixteen letters!"]["size"], 0x1000)
        self.assertEqual(len(partitions), 7)
        self.assertEqual(answer["boot_slot"], "ota_0")

    def test_what_the_bootloader_refuses_or_takes_in_another_way_than_an_app_does(self):
        rows, _ = shape()
        for code, changed in {
                "layout_slot_gap": rows[:3] + [("ota_2", 0, 0x12, 0x20000, SLOT)],
                "layout_duplicate": rows + [("again", 0, 0x10, 0x40000, SLOT)],
                "layout_overlap": rows[:3] + [("ota_1", 0, 0x11, 0x18000, SLOT)],
                "layout_misaligned": rows[:3] + [("ota_1", 0, 0x11, 0x20800, SLOT)]}.items():
            with self.subTest(code):
                self.assertEqual(self.found(self.rows(changed)), {("table", code): "error"})

    def test_a_table_for_a_larger_flash(self):
        answer = self.rows(shape(extra=[("far", 1, 6, 0xFF000, 0x2000)])[0], code=0)
        self.assertEqual((answer["kind"], self.found(answer)), ("part of a flash", {("file", "ends_early"): "note"}))
        self.assertIn("0x101000", answer["findings"][0]["message"])
        self.refused("table_beyond_flash", "status", "dump.bin")

    def test_what_a_build_would_refuse_is_a_warning(self):
        rows, _ = shape(extra=[("nvs", 1, 6, 0xC0000, 0x1000), ("a", 1, 6, 0xC2000, 0x2000), ("b", 1, 6, 0xC3800, 0x1000),
                               ("tee", 0, 0x30, 0xD1000, 0x1000)])
        found = self.found(self.rows(rows, code=0))
        self.assertEqual({code for where, code in found if where == "table"},
                         {"partition_name_twice", "partition_overlap", "partition_misaligned"})
        self.assertEqual(self.found(self.rows(shape(otadata=0x2000)[0], code=0)), {})
        large = shape()[0]
        large[1] = ("otadata", 1, 0, 0xC0000, 0x3000)
        self.assertIn(("table", "otadata_size"), self.found(self.rows(large, code=0)))

    def test_the_bootloaders_header_says_how_large_the_flash_is(self):
        for nibble, mib, sound in ((0, 1, False), (1, 2, False), (2, 4, True), (3, 8, True), (9, 2, False)):
            with self.subTest(nibble):
                loader = bytearray(bootloader_image())
                loader[3] = nibble << 4
                content = flash_bytes((ONE, None), (record(1), b""), bootloader=bytes(loader))
                answer = self.inspect(content, code=0 if sound else 3)
                self.assertEqual(("bootloader", "flash_size_in_header") in self.found(answer), not sound)
                if not sound:
                    self.assertIn(f"{mib} MiB", answer["findings"][0]["message"])

    def test_otadata_that_is_missing_or_too_small_and_a_single_slot(self):
        answer = self.inspect(dump({"ota_0": ONE}, otadata=0))
        self.assertEqual((answer["boot_slot"], answer["boot_reason"]), ("ota_0", "no_otadata"))
        self.assertIn(("table", "layout_no_otadata"), self.found(answer))
        answer = self.inspect(dump({"ota_0": ONE}, otadata=0x1000), code=3)
        self.assertEqual((answer["boot_slot"], answer["boot_reason"]), (None, "otadata_unreadable"))
        answer = self.inspect(dump({"ota_0": ONE}, (record(1), b""), slots=1))
        self.assertEqual((answer["boot_slot"], self.found(answer)), ("ota_0", {("table", "layout_one_slot"): "warning"}))


class Encrypted(DumpTest):
    def test_it_is_said_and_nothing_is_guessed(self):
        halves = b"".join(noise(i, 16) * 2 for i in range(0x1000 // 32))  # 16 bytes stand there twice on an ESP32
        for name, content in {"all": noise("e", 1 << 20), "from the table on": noise("f", 0x80000),
                              "the places only": noise("b", 0x8000) + halves + b"\xff" * 0xF7000}.items():
            with self.subTest(name):
                words = ("--at", "0x8000") if name == "from the table on" else ()
                answer = self.inspect(content, *words, code=3)
                self.assertEqual(self.found(answer), {("flash", "flash_encrypted"): "error"})
                self.assertNotIn("slots", answer)
                self.refused("flash_encrypted", "map", "dump.bin", *words)
                self.refused("flash_encrypted", "repair", "dump.bin", "ota_0", *words)

    def test_a_damaged_table_under_a_bootloader_that_reads_is_not_encrypted(self):
        content = bytearray(dump({"ota_0": ONE}, bootloader=(0, bootloader_image())))
        content[0x8000:0x9000] = noise("t", 0x1000)
        self.assertEqual(self.found(self.inspect(bytes(content), code=3)), {("file", "table_missing"): "error"})
        self.assertEqual(self.found(self.inspect(noise("x", 5000), code=3)), {("file", "file_unknown"): "error"})


class Images(DumpTest):
    def fault(self, image, *words, **how):
        answer = self.inspect(dump({"ota_0": image, "ota_1": TWO}, (record(1), b""), **how), *words, code=3)
        self.assertEqual(answer["boot_slot"], "ota_1")
        return self.slot(answer, "ota_0")["fault"]["code"]

    def test_what_the_bootloader_does_not_boot(self):
        body = descriptor("1") + noise("b", 512)
        at = 0x3C000020
        for code, image in {
                "image_no_magic": app_image(magic=0xE8),
                "image_wrong_chip": app_image(chip=ESP32C3),
                "image_too_many_segments": app_image(count=17),
                "image_bad_segment": app_image(segments=[(at, body + b"\0")]),
                "image_bad_mapping": app_image(segments=[(at + 4, body)]),
                "image_checksum_mismatch": ONE[:5000] + b"\0" + ONE[5001:],
                "image_hash_mismatch": ONE[:-1] + bytes([ONE[-1] ^ 1]),
                "image_too_long": app_image(length=SLOT + 16),
                "image_unknown_chip": app_image(chip=0xFFFF)}.items():
            with self.subTest(code):
                # The chip is the bootloader's, so that the slot under test does not decide it.
                self.assertEqual(self.fault(image, bootloader=(0, bootloader_image())), code)

    def test_two_flipped_bits_that_cancel_are_only_seen_by_the_hash(self):
        flipped = bytearray(app_image("1", hashed=False))
        flipped[2000] ^= 4
        flipped[3000] ^= 4
        answer = self.inspect(dump({"ota_0": bytes(flipped)}, (record(1), b"")))
        self.assertTrue(self.slot(answer, "ota_0")["image"]["valid"])
        self.assertEqual(self.found(answer)["ota_0", "image_no_hash"], "warning")

    def test_what_boots_and_needs_allow_foreign(self):
        for code, image in {"image_no_hash": app_image(hashed=False),
                            "image_no_descriptor": app_image(start=noise("n", 300)),
                            "image_no_segments": app_image(segments=[], hashed=False)}.items():
            with self.subTest(code):
                answer = self.inspect(dump({"ota_0": image}, (record(1), b"")))
                self.assertEqual((answer["boot_slot"], self.found(answer)["ota_0", code]), ("ota_0", "warning"))

    def test_a_warning_where_it_is_let_in(self):
        for image, word in ((app_image("2", hashed=False), "SHA-256"), (app_image(start=noise("n", 300)), "descriptor")):
            board = self.board()
            answer = self.ok("update", board, self.file("f.bin", image), "--allow-foreign")
            self.assertIn("warning", answer.err)
            self.assertIn(word, answer.err)
            self.ok("rollback", board, "--running", "ota_0")
            self.assertIn(word, self.ok("switch", board, "ota_1", "--allow-foreign", "--running", "ota_0", "--json").json["warnings"][0])
            first = self.ok("new", "first.flash", "--force", "--layout", "8MB", "--image", self.file("f.bin", image), "--allow-foreign")
            self.assertIn(word, first.err)
        self.assertNotIn("warning", self.ok("update", self.board(), self.file("f.bin", app_image("2")), "--allow-foreign").err)

    def test_the_checksum_stands_at_the_end_of_16_bytes_wherever_the_segments_end(self):
        for length in range(256, 256 + 17 * 4, 4):
            image = app_image(segments=[(0x3C000020, descriptor("1") + noise(length, length - 256))])
            self.assertTrue(self.slot(self.inspect(dump({"ota_0": image})), "ota_0")["image"]["valid"], length)

    def test_each_chip_and_its_bootloader(self):
        chips = {"esp32": (0, 0x1000, 0x3F400020), "esp32s2": (2, 0x1000, 0x3F000020), "esp32c3": (5, 0, 0x3C000020),
                 "esp32s3": (9, 0, 0x3C000020), "esp32c2": (12, 0, 0x3C000020), "esp32c6": (13, 0, 0x42000020),
                 "esp32h2": (16, 0, 0x42000020), "esp32p4": (18, 0x2000, 0x40000020), "esp32c61": (20, 0, 0x42000020),
                 "esp32c5": (23, 0x2000, 0x42000020)}
        for name, (chip, at, address) in chips.items():
            with self.subTest(name):
                app = app_image(chip=chip, segments=[(address, descriptor("1") + noise(name, 400))])
                answer = self.inspect(dump({"ota_0": app}, bootloader=(at, bootloader_image(chip))))
                self.assertEqual((answer["chip"], answer["bootloader"], answer["boot_slot"]), (name, True, "ota_0"))
                self.assertEqual(self.inspect(dump({"ota_0": app}))["bootloader"], False)

    def test_fields_of_the_descriptor(self):
        image = self.slot(self.inspect(dump({"ota_0": app_image("v" * 31, project="p" * 31)})), "ota_0")["image"]
        self.assertEqual((image["version"], image["project"], image["idf"], image["built"]),
                         ("v" * 31, "p" * 31, "v5.4", "Jan  1 2026 12:34:56"))


class Signatures(DumpTest):
    def of_slot(self, image):
        answer = self.inspect(dump({"ota_0": image}))
        return self.slot(answer, "ota_0")["signature"], self.found(answer)

    def test_a_sector_of_each_scheme(self):
        for scheme, verdict, severity in (("RSA-3072", "signature_wrong", "warning"),
                                          ("ECDSA P-192", "signature_unknown_scheme", "note"),
                                          ("ECDSA P-256", "signature_damaged", "warning"),
                                          ("ECDSA P-384", "signature_damaged", "warning")):
            with self.subTest(scheme):
                signature, found = self.of_slot(signed(ONE, scheme))
                self.assertEqual((signature["kind"], signature["size"], signature["schemes"]), ("secure_boot_v2", 4096, [scheme]))
                self.assertEqual(signature["offset"] % 4096, 0)
                self.assertEqual(signature["digest_right"], None if scheme == "ECDSA P-384" else True)
                self.assertEqual(found, {("ota_0", verdict): severity}, "these blocks are made up")
        self.assertEqual(self.of_slot(signed(ONE, "RSA-3072", "RSA-3072", "RSA-3072"))[0]["schemes"], ["RSA-3072"] * 3)

    def test_a_signature_of_other_bytes_is_told(self):
        signature, found = self.of_slot(signed(ONE, "RSA-3072", digest=b"x" * 32))
        self.assertFalse(signature["digest_right"])
        self.assertEqual(found, {("ota_0", "signature_of_other_bytes"): "warning"})

    def test_a_damaged_block_is_told(self):
        signature, found = self.of_slot(signed(ONE, "RSA-3072", crc_error=1))
        self.assertEqual((signature["kind"], signature["schemes"]), ("secure_boot_v2", []))
        self.assertEqual(found, {("ota_0", "signature_damaged"): "warning"})

    def test_68_bytes_of_secure_boot_v1(self):
        old = struct.pack("<I", 0) + noise("signature", 64)
        signature, found = self.of_slot(ONE + old)
        self.assertEqual(signature, {"kind": "secure_boot_v1", "offset": len(ONE), "size": 68, "schemes": [], "blocks": [],
                                     "digest_right": None})
        self.assertEqual(found, {})
        for other in (b"", b"\0" * 68, b"\0\0\0\1" + old[4:], old + b"more"):
            self.assertIsNone(self.of_slot(ONE + other)[0])

    def test_of_an_image_in_a_file(self):
        answer = self.ok("inspect", self.file("s.bin", signed(ONE, "RSA-3072")))
        self.assertIn("signed for Secure Boot V2 (RSA-3072)", answer.out)
        self.assertIn("Secure Boot V1, 68 bytes", self.ok("inspect", self.file("s.bin", ONE + b"\0\0\0\0" + noise("s", 64) + b"\xff" * 16)).out)

    def test_it_changes_nothing_of_what_boots(self):
        self.assertEqual(self.inspect(dump({"ota_0": signed(ONE, "RSA-3072")}, (record(1), b"")))["boot_slot"], "ota_0")


class Platforms(DumpTest):
    def test_they_are_named_by_their_projects(self):
        for project, platform in {"circuitpython": "CircuitPython", "micropython": "MicroPython", "arduino-lib-builder": "Arduino",
                                  "tinyuf2": "TinyUF2", "my-lamp": "ESP-IDF project"}.items():
            with self.subTest(project):
                answer = self.inspect(dump({"ota_0": app_image("1", project=project)}))
                self.assertEqual(self.slot(answer, "ota_0")["platform"], platform)
                self.assertIn(platform, self.ok("inspect", "dump.bin").out)
                self.assertEqual(self.inspect(app_image("1", project=project))["platform"], platform)

    def test_nothing_is_said_where_nothing_tells(self):
        nameless = bytearray(descriptor("1", "thing"))
        nameless[112:144] = b"\0" * 32  # ESP-IDF's version
        for image in (app_image(start=noise("n", 300)), app_image(segments=[(0x3C000020, bytes(nameless))])):
            self.assertIsNone(self.slot(self.inspect(dump({"ota_0": image})), "ota_0")["platform"])


if __name__ == "__main__":
    unittest.main()
