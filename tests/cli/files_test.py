"""new, extract, make-image, boards: the files they make."""

import hashlib
import os
import struct
import unittest

from support import (ESP32C3, SLOTS, CommandTest, app_image, bootloader_image, flash_bytes, joined, noise, record, table,
                     VALID)

# The 8 MB layout's MD5, as the vendor's tool computes it.
MD5_8MB = bytes.fromhex("672a75ddecbcece1136b89cf7fcc27b7")


class New(CommandTest):
    def test_a_board_by_id_and_by_name(self):
        self.ok("new", "a.flash", "--board", "adafruit_feather_esp32s3_nopsram")
        self.ok("new", "b.flash", "--board", "Adafruit Feather ESP32S3 No PSRAM")
        a, b = ((self.folder / name).read_bytes() for name in ("a.flash", "b.flash"))
        self.assertEqual(a, b)
        self.assertEqual(len(a), 8 << 20)
        self.assertEqual(a[0x80C0:0x80C2] + a[0x80D0:0x80E0], b"\xeb\xeb" + MD5_8MB)
        self.assertEqual(a[:0x8000].strip(b"\xff") + a[0x80E0:0x450000].strip(b"\xff"), b"")

    def test_near_misses_are_named(self):
        error = self.refused("unknown_board", "new", "a.flash", "--board", "adafruit_metro_esp32s2x", exit_code=2)
        self.assertIn("adafruit_metro_esp32s", error["cure"])
        error = self.refused("unknown_layout", "new", "a.flash", "--layout", "8MB-no-uf3", exit_code=2)
        self.assertIn("8MB-no-uf2", error["cure"])
        self.assertEqual(os.listdir(self.folder), [])

    def test_the_first_image_goes_to_ota_0_and_boots(self):
        image = app_image("1.0")
        self.ok("new", "a.flash", "--layout", "4MB-no-uf2", "--image", self.file("one.bin", image))
        self.assertEqual((self.folder / "a.flash").read_bytes()[:0x2D0000], flash_bytes((image, None))[:0x2D0000])
        status = self.ok("status", "a.flash", "--json").json
        self.assertEqual((status["boot_slot"], status["slots"][0]["image"]["version"]), ("ota_0", "1.0"))

    def test_the_bootloader_goes_where_the_chip_has_it(self):
        for chip, board, at in ((9, "adafruit_metro_esp32s3", 0), (0, "adafruit_feather_esp32_v2", 0x1000)):
            self.ok("new", "a.flash", "--board", board, "--bootloader", self.file("boot.bin", bootloader_image(chip)), "--force")
            self.assertEqual((self.folder / "a.flash").read_bytes()[at:at + 4096 + 80], bootloader_image(chip)[:4096 + 80])
        self.refused("image_wrong_chip", "new", "b.flash", "--board", "adafruit_metro_esp32s3", "--bootloader", "boot.bin")
        self.refused("not_bootloader", "new", "b.flash", "--layout", "8MB", "--bootloader", self.file("x.bin", b"x" * 100))

    def test_csv_and_its_faults(self):
        csv = b"# a comment\nnvs,data,nvs,0x9000,20K,\notadata,data,ota,,8K\na,app,ota_0,,512K,\nb,app,ota_1,,512K,\n"
        self.ok("new", "a.flash", "--csv", self.file("p.csv", csv))
        self.assertEqual((self.folder / "a.flash").stat().st_size, 2 << 20)
        self.ok("new", "b.flash", "--csv", "p.csv", "--size", "4MB")
        self.assertEqual((self.folder / "b.flash").stat().st_size, 4 << 20)
        error = self.refused("csv_unknown_type", "new", "c.flash", "--csv", self.file("q.csv", b"nvs,data,nvs,,20K\nx,appl,ota_0,,1M\n"))
        self.assertIn(2, error["values"].values())

    def test_sizes(self):
        for text in ("4MB", "4M", "4MiB", "4194304", "0x400000", "4096K"):
            self.ok("new", "a.flash", "--layout", "4MB", "--size", text, "--force")
            self.assertEqual((self.folder / "a.flash").stat().st_size, 4 << 20)
        self.refused("flash_too_small", "new", "b.flash", "--layout", "4MB", "--size", "2MB")
        for text in ("4MBB", "x", "5000", "0", "-4M", "1.5M"):
            code = "bad_size" if text in ("5000", "0") else "bad_number"
            self.refused(code, "new", "b.flash", "--layout", "4MB", f"--size={text}", exit_code=2)

    def test_a_joined_file_becomes_a_flash(self):
        app = app_image("1.0")
        self.ok("new", "a.flash", "--from", self.file("cp.bin", joined(app)))
        self.assertEqual((self.folder / "a.flash").read_bytes(), flash_bytes((app, None), bootloader=bootloader_image(), drive=b""))
        self.refused("not_joined", "new", "b.flash", "--from", self.file("app.bin", app))

    def test_an_existing_file_stays_without_force(self):
        path = self.file("a.flash", b"precious")
        self.refused("file_exists", "new", path, "--layout", "4MB")
        self.assertEqual(path.read_bytes(), b"precious")
        self.ok("new", path, "--layout", "4MB", "--force")
        self.assertEqual(path.stat().st_size, 4 << 20)
        self.assertEqual(os.listdir(self.folder), ["a.flash"])

    def test_a_dry_run_makes_nothing(self):
        self.ok("new", "a.flash", "--layout", "4MB", "-n")
        self.assertEqual(os.listdir(self.folder), [])

    def test_one_source_is_needed(self):
        self.refused("usage", "new", "a.flash", exit_code=2)
        self.refused("usage", "new", "a.flash", "--layout", "4MB", "--board", "adafruit_metro_esp32s3", exit_code=2)

    def test_every_board_of_the_list_can_be_made(self):
        boards = self.ok("boards", "--json").json["boards"]
        self.assertEqual(len(boards), 118)
        for board in boards:
            made = self.ok("new", "a.flash", "--board", board["id"], "-n", "--json").json
            self.assertEqual((made["size"], made["chip"], len([s for s in made["slots"] if s["name"].startswith("ota_")])),
                             (board["flash"], board["chip"], 2), board["id"])

    def test_boards_can_be_searched(self):
        lines = self.ok("boards", "adafruit", "s3").out.splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertIn("adafruit", line.lower())
            self.assertIn("s3", line.lower())


class Extract(CommandTest):
    def test_the_image_comes_out_as_it_went_in(self):
        image = app_image("1.0")
        board = self.board((image, None))
        result = self.ok("extract", board, "ota_0", "-o", "out.bin", "--json").json
        self.assertEqual((self.folder / "out.bin").read_bytes(), image)
        self.assertEqual(result["sha256"], hashlib.sha256(image).hexdigest())
        self.assertEqual(self.run_command("extract", board, "ota_0", "-o", "-", text=False).out, image)

    def test_other_parts_come_whole(self):
        board = self.board(records=(record(1, VALID), record(2)))
        self.ok("extract", board, "otadata", "-o", "o.bin")
        self.assertEqual((self.folder / "o.bin").read_bytes(), board.read_bytes()[0xE000:0x10000])
        self.ok("extract", board, "table", "-o", "t.bin")
        self.assertEqual((self.folder / "t.bin").read_bytes(), table().ljust(4096, b"\xff"))
        self.ok("extract", board, "user_fs", "-o", "u.bin")
        self.assertEqual((self.folder / "u.bin").stat().st_size, 0x130000)

    def test_a_slot_without_a_good_image_needs_whole(self):
        board = self.board((app_image("1.0"), None))
        self.refused("image_empty_slot", "extract", board, "ota_1", "-o", "o.bin")
        self.ok("extract", board, "ota_1", "--whole", "-o", "o.bin")
        self.assertEqual((self.folder / "o.bin").stat().st_size, SLOTS[1] - SLOTS[0])
        self.refused("file_exists", "extract", board, "ota_0", "-o", "o.bin")
        error = self.refused("unknown_slot", "extract", board, "ota_9", "-o", "p.bin")
        self.assertIn("ota_1", error["cure"])
        self.refused("missing_option", "extract", board, "ota_0", exit_code=2)


class MakeImage(CommandTest):
    def test_raw_bytes_become_an_image_that_update_takes(self):
        payload = noise("payload", 5000)
        self.file("p.bin", payload)
        result = self.ok("make-image", "p.bin", "-o", "app.bin", "--chip", "esp32s3", "--address", "0x40370000", "--project",
                         "thing", "--app-version", "7", "--json").json
        self.assertEqual((result["image"]["project"], result["image"]["version"]), ("thing", "7"))
        image = (self.folder / "app.bin").read_bytes()
        self.assertEqual((image[0], struct.unpack_from("<H", image, 12)[0], image[23]), (0xE9, 9, 1))
        self.assertEqual(hashlib.sha256(image[:-32]).digest(), image[-32:])
        self.assertIn(payload, image)
        self.ok("update", self.board(), "app.bin")

    def test_uf2_of_it_is_the_same_firmware(self):
        self.file("p.bin", noise("payload", 5000))
        common = ("--chip", "esp32s3", "--address", "0x40370000", "--project", "thing", "--app-version", "7")
        self.ok("make-image", "p.bin", "-o", "app.bin", *common)
        self.ok("make-image", "p.bin", "-o", "app.uf2", "--uf2", *common)
        plain, uf2 = (self.ok("inspect", name, "--json").json for name in ("app.bin", "app.uf2"))
        self.assertEqual(uf2["kind"], "UF2 file")
        self.assertEqual(plain["image"], uf2["image"])

    def test_what_is_missing_is_asked_for(self):
        self.file("p.bin", b"x" * 100)
        self.refused("missing_option", "make-image", "p.bin", "-o", "a.bin", "--chip", "esp32c3", exit_code=2)
        self.refused("missing_option", "make-image", "p.bin", "--chip", "esp32c3", exit_code=2)
        self.refused("missing_option", "make-image", "p.bin", "-o", "a.bin", exit_code=2)
        error = self.refused("unknown_chip", "make-image", "p.bin", "-o", "a.bin", "--chip", "esp32x3", exit_code=2)
        self.assertIn("esp32s3", error["cure"])
        self.assertEqual(os.listdir(self.folder), ["p.bin"])


class InPlace(CommandTest):
    """Machines that cannot remap their flash: each slot has its own image."""

    CSV = b"nvs,data,nvs,0x9000,20K\notadata,data,ota,,8K\na,app,ota_0,,512K\nb,app,ota_1,,512K\n"
    PLACES = {"ota_0": 0x10000, "ota_1": 0x90000}

    def setUp(self):
        super().setUp()
        self.file("p.csv", self.CSV)

    def make(self, slot, version="1.0", address=None, *options):
        name = f"{version}-{slot}.bin"
        payload = self.file("p.bin", noise(version + slot, 5000))
        address = 0x10000200 + self.PLACES[slot] if address is None else address
        return name, ("make-image", payload, "-o", name, "--chip", "inplace", "--address", hex(address), "--app-version", version,
                      "--slot", slot, "--layout", "p.csv", *options)

    def made(self, *arguments):
        name, command = self.make(*arguments)
        self.ok(*command)
        return name

    def test_an_image_says_which_slot_it_is_linked_for(self):
        name = self.made("ota_1")
        self.assertIn("linked for  a slot at 0x90000 of the flash", self.ok("inspect", name).out)
        self.assertEqual(self.ok("inspect", name, "--json").json["linked_place"], 0x90000)
        self.assertIsNone(self.ok("inspect", self.file("esp.bin", app_image("1.0")), "--json").json["linked_place"])

    def test_an_update_takes_the_image_of_its_slot_and_of_two_the_one_that_fits(self):
        policy = ("--policy", "dualbank")
        self.ok("new", "a.flash", "--csv", "p.csv", "--image", self.made("ota_0"))
        before = (self.folder / "a.flash").read_bytes()
        two = [self.made(slot, "2.0") for slot in ("ota_0", "ota_1")]
        error = self.refused("image_for_other_slot", "update", "a.flash", two[0], *policy)
        self.assertEqual(error["message"], "the image is linked for ota_0 and does not run from ota_1")
        self.assertEqual(error["cure"], "give the image that is linked for ota_1")
        self.refused("image_for_other_slot", "flash", "a.flash", two[0], *policy)
        self.assertEqual((self.folder / "a.flash").read_bytes(), before)
        self.assertEqual(self.ok("update", "a.flash", two[0], "--or", two[1], "--json", *policy).json["slot"], "ota_1")
        self.ok("reset", "a.flash", *policy)
        self.ok("confirm", "a.flash", "--running", "ota_1", *policy)
        three = [self.made(slot, "3.0") for slot in ("ota_0", "ota_1")]
        self.assertEqual(self.ok("update", "a.flash", three[0], "--or", three[1], "--json", *policy).json["slot"], "ota_0")

    def test_an_image_in_the_wrong_slot_is_no_image_that_boots(self):
        self.refused("image_linked_elsewhere", "new", "a.flash", "--csv", "p.csv", "--image", self.made("ota_1"))
        self.ok("new", "a.flash", "--csv", "p.csv", "--image", self.made("ota_0"))
        flash = bytearray((self.folder / "a.flash").read_bytes())
        flash[0x90000:0x90000 + 0x2000] = flash[0x10000:0x10000 + 0x2000]
        self.file("a.flash", bytes(flash))
        found = self.run_command("inspect", "a.flash", "--policy", "dualbank")
        self.assertIn("linked for ota_0", found.out)
        self.assertIn("give the image that is linked for ota_1", found.out)

    def test_what_does_not_fit_the_slot_is_refused(self):
        name, command = self.make("ota_1", "1.0", 0x10010200)
        error = self.refused("make_outside_slot", *command)
        self.assertEqual(error["values"], {"address": 0x10010200, "from": 0x10090020, "to": 0x10110000})
        self.refused("missing_option", *command[:-4], exit_code=2)
        self.refused("missing_option", *command[:-2], exit_code=2)
        self.refused("unknown_slot", *command[:-3], "ota_2", "--layout", "p.csv")
        self.assertFalse((self.folder / name).exists())


if __name__ == "__main__":
    unittest.main()
