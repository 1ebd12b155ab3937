"""Every bad input is refused with its own reason, and the flash file stays as it was, byte for byte."""

import os
import unittest

from support import (ESP32C3, SLOT_BYTES, CommandTest, app_image, bootloader_image, flash_bytes, joined, noise, record, table,
                     uf2, VALID)


def damaged(image, at):
    return image[:at] + bytes([image[at] ^ 1]) + image[at + 1:]


GOOD = app_image("2.0")
BAD_IMAGES = {
    "empty": (b"", "file_empty"),
    "random": (noise("random", 2 << 20), "file_unknown"),
    "truncated": (GOOD[:-100], "image_truncated"),
    "only a start": (GOOD[:100], "image_too_short"),
    "too long": (app_image("2.0", SLOT_BYTES + 16), "image_too_long"),
    "other chip": (app_image("2.0", chip=ESP32C3), "image_wrong_chip"),
    "unknown chip": (app_image("2.0", chip=0x1234), "image_unknown_chip"),
    "no hash": (app_image("2.0", hashed=False), "image_no_hash"),
    "0 segments": (app_image(segments=[], count=0).ljust(400, b"\0"), "image_no_segments"),
    "17 segments": (app_image("2.0", count=17), "image_too_many_segments"),
    "bootloader": (bootloader_image(), "image_is_bootloader"),
    "no descriptor": (app_image("2.0", start=b"\0" * 256), "image_no_descriptor"),
    "checksum": (damaged(GOOD, len(GOOD) - 33), "image_checksum_mismatch"),
    "hash": (damaged(GOOD, len(GOOD) - 1), "image_hash_mismatch"),
    "joined, app damaged": (damaged(joined(GOOD), 0x10000 + 5000), "image_checksum_mismatch"),
    "joined, cut": (joined(GOOD)[:-1000], "image_truncated"),
    "partition table": (table(), "file_is_partition_table"),
    "ELF": (b"\x7fELF".ljust(400, b"\0"), "file_is_elf"),
    "UF2, half a block": (uf2(GOOD)[:-100], "uf2_bad_size"),
    "UF2, block missing": (uf2(GOOD)[:512] + uf2(GOOD)[1024:], "uf2_missing_block"),
    "UF2, other chip": (uf2(GOOD, 0xD42BA06C), "uf2_wrong_chip"),
}


class BadImages(CommandTest):
    def test_each_is_refused_with_its_own_reason_and_nothing_is_written(self):
        board = self.board()
        before = self.digest(board)
        for name, (content, code) in BAD_IMAGES.items():
            for verb in ("update", "flash"):
                with self.subTest(name, verb=verb):
                    image = self.file("bad.bin", content)
                    self.refused(code, verb, board, image)
                    self.assertEqual(self.digest(board), before)

    def test_nothing_stays_beside_the_flash_file(self):
        board = self.board()
        self.refused("image_no_hash", "update", board, self.file("bad.bin", app_image(hashed=False)))
        self.assertEqual(sorted(os.listdir(self.folder)), ["bad.bin", "board.flash"])

    def test_new_refuses_them_too_and_makes_no_file(self):
        for name in ("empty", "random", "truncated", "other chip", "no hash", "bootloader", "joined, app damaged"):
            content, code = BAD_IMAGES[name]
            with self.subTest(name):
                image = self.file("bad.bin", content)
                self.refused(code, "new", "n.flash", "--board", "adafruit_metro_esp32s3", "--image", image)
                self.assertEqual(sorted(os.listdir(self.folder)), ["bad.bin"])

    def test_an_image_that_fits_to_the_byte_is_taken_and_16_bytes_more_is_not(self):
        board = self.board()
        fits = app_image("2.0", SLOT_BYTES)
        self.assertEqual(len(fits), SLOT_BYTES)
        self.ok("update", board, self.file("fits.bin", fits))
        error = self.refused("image_too_long", "update", board, self.file("long.bin", app_image("2.0", SLOT_BYTES + 16)))
        self.assertEqual(error["values"]["slot"], SLOT_BYTES)

    def test_values_are_names_and_numbers(self):
        error = self.refused("image_wrong_chip", "update", self.board(), self.file("c3.bin", app_image("2.0", chip=ESP32C3)))
        self.assertEqual(error["values"], {"image": "esp32c3", "board": "esp32s3"})
        self.assertIn("esp32c3", error["message"])

    def test_an_image_of_another_platform_is_taken_where_that_is_said(self):
        for name in ("no hash", "no descriptor"):
            with self.subTest(name):
                board = self.board()
                self.ok("update", board, self.file("foreign.bin", BAD_IMAGES[name][0]), "--allow-foreign")
                self.assertEqual(self.ok("status", board, "--json").json["boot_slot"], "ota_1")


class BadFlashFiles(CommandTest):
    VERBS = (["status"], ["missing"], ["map"], ["switch"], ["confirm"], ["rollback"], ["abandon"], ["reset"])

    def test_each_kind_has_its_own_reason(self):
        files = {
            "file_too_short": b"",
            "file_not_sectors": b"\xff" * 5000,
            "table_missing": b"\xff" * (1 << 20),
            "table_md5_mismatch": flash_bytes(table_bytes=table()[:0xA0] + b"\xeb\xeb" + b"\xff" * 14 + b"\0" * 16),
            "layout_slot_gap": flash_bytes(table_bytes=table([("a", 0, 0x10, 0x10000, 0x10000), ("b", 0, 0x12, 0x20000, 0x10000)])),
        }
        for code, content in files.items():
            for verb in self.VERBS:
                with self.subTest(code, verb=verb[0]):
                    path = self.file("bad.flash", content)
                    error = self.refused(code, *verb, path)
                    self.assertEqual(path.read_bytes(), content)
                    self.assertTrue(error["cure"])

    def test_a_file_that_is_not_there_and_a_folder(self):
        (self.folder / "folder").mkdir()
        error = self.refused("file_not_found", "status", "nothing.flash")
        self.assertIn("nothing.flash", error["message"])
        self.refused("file_not_regular", "status", "folder")
        self.refused("file_not_found", "update", self.board(), "nothing.bin")
        self.refused("file_is_folder", "update", self.board(), "folder")

    def test_a_flash_in_use_can_be_looked_at_but_not_written(self):
        import fcntl
        board = self.board()
        with open(board, "r+b") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.refused("file_in_use", "switch", board)
            self.refused("file_in_use", "new", board, "--layout", "4MB", "--force")
            for verb in ("status", "inspect", "map"):
                self.assertIn("in use", self.ok(verb, board).err)
        self.assertNotIn("in use", self.ok("status", board).err)

    def test_a_flash_without_two_slots_says_so_and_is_still_shown(self):
        one = table([("otadata", 1, 0, 0xE000, 0x2000), ("ota_0", 0, 0x10, 0x10000, SLOT_BYTES)])
        board = self.board((app_image("1.0"), None), table_bytes=one)
        self.refused("layout_one_slot", "update", board, self.file("b.bin", GOOD))
        status = self.ok("status", board, "--json").json
        self.assertFalse(status["available"])
        self.assertEqual(status["reason_code"], "layout_one_slot")
        self.assertEqual(status["boot_slot"], "ota_0")
        self.assertEqual([slot["image"]["version"] for slot in status["slots"]], ["1.0"])


if __name__ == "__main__":
    unittest.main()
