"""The boards and layouts by name: listed, searched, asked for with a slip, with one slot; and the build's check of them."""

import os
import pathlib
import subprocess
import unittest

from support import COMMAND, ESP32C3, CommandTest, app_image, joined

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONE_SLOT = {"2MB-no-ota-no-uf2": ("layout_no_otadata", "no room for two slots"),
            "4MB-no-ota": ("layout_one_slot", "the two of layout 4MB"),
            "4MB-no-ota-no-uf2": ("layout_one_slot", "the two of layout 4MB-no-uf2"),
            "4MB-no-ota-no-uf2-large-user_fs": ("layout_one_slot", "beside a drive of 1984 KiB")}


class List(CommandTest):
    def ids(self, *words):
        return [board["id"] for board in self.ok("boards", *words, "--json").json["boards"]]

    def test_words_are_parts_of_name_id_chip_and_layout(self):
        self.assertEqual(self.ids("metro"), ["adafruit_metro_esp32s3"])
        self.assertEqual(self.ids("MATRIXPORTAL", "s3"), ["adafruit_matrixportal_s3"])
        self.assertEqual(self.ids("m5stack cardputer"), ["m5stack_cardputer"], "a name that later releases give it")
        self.assertEqual(self.ids("32MB"), ["espressif_esp32s3_devkitc_1_n32r8"])
        self.assertEqual(len(self.ids("esp32c6")), 5)
        self.assertEqual(len(self.ids()), 118)
        answer = self.ok("boards", "metro", "esp32c3")
        self.assertEqual(answer.out, "")
        self.assertIn("no board has all of these words", answer.err)

    def test_each_says_in_which_releases_it_has_dualbank_and_why_not_later(self):
        row = self.ok("boards", "deneyap_mini_v2")
        self.assertRegex(row.out, r"^deneyap_mini_v2 +esp32s2 +4 MiB +4MB +9\.0-9\.2 +Deneyap Mini v2\n$")
        self.assertIn("4MB: since CircuitPython 10.0 layout 4MB-no-ota and no dualbank: firmware with Bluetooth", row.err)
        self.assertNotIn("since", self.ok("boards", "metro").err)
        (board,) = self.ok("boards", "deneyap_mini_v2", "--json").json["boards"]
        self.assertEqual((board["first_release"], board["last_release"], board["later_layout"]), ("9.0", "9.2", "4MB-no-ota"))

    def test_a_reason_that_many_boards_share_is_said_once(self):
        self.assertEqual(len(self.ok("boards").err.splitlines()), 2)

    def test_doubts_are_shown(self):
        boards = self.ok("boards", "--json").json["boards"]
        doubtful = {board["id"] for board in boards if "9.1.0-beta.3 alone" in (board["note"] or "") or
                    "ESP32-C6N4" in (board["note"] or "")}
        self.assertEqual(doubtful, {"deneyap_kart_1a_v2", "deneyap_mini", "deneyap_mini_v2", "weact_esp32c6_n8"})
        self.assertIn("note: its mpconfigboard.h calls the chip ESP32-C6N4", self.ok("boards", "weact", "-v").out)

    def test_layouts_are_listed_with_the_reason_for_one_slot(self):
        text = self.ok("boards", "--layouts").out
        layouts = self.ok("boards", "--layouts", "--json").json["layouts"]
        self.assertEqual(len(layouts), 11)
        for layout in layouts:
            with self.subTest(layout["name"]):
                self.assertIn(layout["name"], text)
                self.assertEqual(layout["name"] in ONE_SLOT, layout["slots"] < 2)
                self.assertEqual(layout["why_one_slot"] is None, layout["slots"] == 2)
                self.assertIn(ONE_SLOT.get(layout["name"], ("", ""))[1], layout["why_one_slot"] or "")
                self.assertIn(layout["why_one_slot"] or "", text)
        (large,) = [x for x in layouts if x["name"].endswith("user_fs")]
        self.assertEqual([(p["name"], p["offset"], p["size"]) for p in large["partitions"]],
                         [("nvs", 0x9000, 20 << 10), ("otadata", 0xE000, 8 << 10), ("ota_0", 0x10000, 2 << 20),
                          ("user_fs", 0x210000, 1984 << 10)])


class OneSlot(CommandTest):
    def test_a_flash_with_one_slot_is_made_and_says_why_it_cannot_be_updated(self):
        image = self.file("one.bin", app_image("1.0"))
        for layout, (code, why) in ONE_SLOT.items():
            with self.subTest(layout):
                made = self.ok("new", "a.flash", "--layout", layout, "--image", image, "--force")
                self.assertIn(why, made.err)
                self.assertNotIn("next:", made.err)
                status = self.ok("status", "a.flash")
                self.assertIn("1.0", status.out)
                self.assertIn(f"this is CircuitPython's layout {layout}: ", status.err)
                self.assertIn(why, status.err)
                self.assertEqual(self.ok("status", "a.flash", "--json").json["reason_code"], code)
                for verb in (["update", "a.flash", image], ["switch", "a.flash"]):
                    before = self.digest(self.folder / "a.flash")
                    self.assertIn(why, self.refused(code, *verb)["cure"])
                    self.assertEqual(self.digest(self.folder / "a.flash"), before)
                self.assertIn(why, self.run_command("inspect", "a.flash").out)

    def test_the_image_goes_to_the_one_slot_or_the_factory_app(self):
        image = app_image("1.0")
        for layout in ONE_SLOT:
            self.ok("new", "a.flash", "--layout", layout, "--image", self.file("one.bin", image), "--force")
            self.assertEqual((self.folder / "a.flash").read_bytes()[0x10000:0x10000 + len(image)], image)

    def test_another_table_with_one_slot_is_not_taken_for_it(self):
        csv = b"otadata,data,ota,0xe000,8K\nota_0,app,ota_0,0x10000,2816K\n"
        self.ok("new", "a.flash", "--csv", self.file("p.csv", csv))
        self.assertNotIn("CircuitPython", self.ok("status", "a.flash").err)
        self.assertIn("two OTA slots", self.refused("layout_one_slot", "switch", "a.flash")["cure"])


class Slips(CommandTest):
    """What somebody new to it types: a sentence, a cure that names what is meant, and no file."""

    def test_boards(self):
        cases = {"metro": "adafruit_metro_esp32s3", "adafruit_metro_esp32s2x": "adafruit_metro_esp32s3",
                 "Adafruit Metro ESP32-S3": "adafruit_metro_esp32s3", "M5 cardputr": "m5stack_cardputer",
                 "qtpy c3": "adafruit_qtpy_esp32c3", "8MB": "--layout 8MB", "esp32s3": "esp32s3", "zzz": "dualbank boards",
                 "": "dualbank boards", "%s%n": "dualbank boards", "\u00fc" * 200: "dualbank boards"}
        for name, cure in cases.items():
            with self.subTest(name):
                error = self.refused("unknown_board", "new", "a.flash", "--board", name, exit_code=2)
                self.assertIn(cure, error["cure"])
        self.assertEqual(os.listdir(self.folder), [])

    def test_layouts(self):
        cases = {"8mb-nouf2": "8MB-no-uf2", "4MB-no-ota-no-uf": "4MB-no-ota-no-uf2", "64MB": "dualbank boards --layouts",
                 "adafruit_metro_esp32s3": "--board adafruit_metro_esp32s3", "zzzzz": "--csv", "": "--csv"}
        for name, cure in cases.items():
            with self.subTest(name):
                error = self.refused("unknown_layout", "new", "a.flash", "--layout", name, exit_code=2)
                self.assertIn(cure, error["cure"])
        self.assertEqual(os.listdir(self.folder), [])

    def test_upper_and_lower_case_and_other_names_are_taken(self):
        for name in ("ADAFRUIT_METRO_ESP32S3", "adafruit metro esp32s3", "M5Stack Cardputer", "LILYGO T-Deck (Plus)",
                     "arduino_nano_esp32s3_inverted_statusled"):
            self.ok("new", "a.flash", "--board", name, "-n")
        self.ok("new", "a.flash", "--layout", "8mb-NO-uf2", "-n")

    def test_sizes_and_files(self):
        board = ["new", "a.flash", "--board", "adafruit_metro_esp32s3"]
        (self.folder / "folder").mkdir()
        text = self.file("text.bin", b"this is no firmware\n" * 50)
        other = self.file("c3.bin", app_image("1.0", chip=ESP32C3))
        big = self.file("big.bin", app_image("1.0", (2 << 20) + 4096))
        cases = {("--size", "8MB"): ("flash_too_small", 1, "--size 16M"), ("--size", "16"): ("bad_size", 2, "4MB"),
                 ("--size", "sixteen"): ("bad_number", 2, ""), ("--size", "4GB"): ("bad_number", 2, ""),
                 ("--size", "256MB"): ("bad_size", 2, "128 MiB"), ("--image", "none.bin"): ("file_not_found", 1, ""),
                 ("--image", "folder"): ("file_is_folder", 1, ""), ("--image", text): ("file_unknown", 1, ""),
                 ("--image", other): ("image_wrong_chip", 1, "esp32s3"), ("--image", big): ("image_too_long", 1, ""),
                 ("--bootloader", text): ("not_bootloader", 1, "bootloader.bin"),
                 ("--chip", "esp32s4"): ("unknown_chip", 2, "esp32s3")}
        for words, (code, exit_code, cure) in cases.items():
            with self.subTest(words):
                self.assertIn(cure, self.refused(code, *board, *words, exit_code=exit_code)["cure"])
                self.assertFalse((self.folder / "a.flash").exists())
        for words, code in ((["--csv", "none.csv"], "file_not_found"), (["--csv", text], "csv_no_type"),
                            (["--csv", self.file("j.bin", joined(app_image("1.0")))], "csv_not_text"),
                            (["--from", text], "not_joined"), (["--from", "folder"], "file_is_folder")):
            with self.subTest(words):
                self.refused(code, "new", "a.flash", *words)
        self.assertFalse((self.folder / "a.flash").exists())


class Build(CommandTest):
    """The step of the build that makes C++ of boards.txt."""

    def setUp(self):
        super().setUp()
        self.tool = pathlib.Path(COMMAND).parent / "dualbank_board_table"
        self.text = (ROOT / "dualbank" / "cli" / "boards.txt").read_text(encoding="utf-8")

    def make(self, text):
        self.file("boards.txt", text.encode())
        return subprocess.run([self.tool, "boards.txt", "out.cpp"], cwd=self.folder, capture_output=True, text=True)

    def test_the_file_is_taken(self):
        done = self.make(self.text)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertIn("Adafruit Metro ESP32S3", (self.folder / "out.cpp").read_text())

    def test_a_bad_line_stops_the_build_and_is_named(self):
        lines = self.text.splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("adafruit_metro_esp32s3 "))
        for was, is_now, what in (("esp32s3 ", "esp32s9 ", "there is no chip 'esp32s9'"), ("| 16MB ", "| 8MB  ", "larger than"),
                                  ("16MB        |", "16M         |", "no layout '16M'"), ("|", "&", "6 fields")):
            with self.subTest(what):
                self.assertIn(was, lines[first][24:])
                head, tail = lines[first][:24], lines[first][24:].replace(was, is_now, 1)
                done = self.make("\n".join(lines[:first] + [head + tail] + lines[first + 1:]) + "\n")
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertRegex(done.stderr, rf"^boards\.txt:{first + 1}: error: .*{what}.*\n$")
                self.assertFalse((self.folder / "out.cpp").exists())

    def test_files_that_are_not_there(self):
        for words, code in (([], 2), (["none.txt", "out.cpp"], 1), (["boards.txt", "none/out.cpp"], 1)):
            self.file("boards.txt", self.text.encode())
            done = subprocess.run([self.tool, *words], cwd=self.folder, capture_output=True, text=True)
            self.assertEqual(done.returncode, code)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    unittest.main()
