"""`run`: the 22 points of CircuitPython's `dualbank`. The board's module does so here, to the last byte of the flash, and the
summary names line and cure. Points 10 and 11 need a flash that fails; in 16 and 22 nothing differs."""

import struct
import unittest

from run_support import RunTest, circuitpython
from support import (ABORTED, ESP32S3, FAT_BYTES, OTADATA, SECTOR, SLOT_BYTES, SLOT_OFFSETS, VALID, app_image, boot_choice,
                     make_flash, noise, record, slot)

READ = "import dualbank\ndata = open('/two.bin', 'rb').read()\n"  # two lines before those of the tests


def fat_boot_sector(blocks):
    """Of a FAT volume with so many blocks of 512 bytes."""
    boot = bytearray(512)
    boot[0:3] = b"\xeb\x3c\x90"
    struct.pack_into("<HBHBHHBHHHI", boot, 11, 512, 1, 1, 1, 512, blocks, 0xF8, 2, 63, 255, 1)
    boot[54:62] = b"FAT12   "
    boot[510:] = b"\x55\xaa"
    return bytes(boot)


def after_and(*layers):
    """Bytes as flash has them when one is programmed over the other."""
    out = bytearray(b"\xff" * SLOT_BYTES)
    for offset, data in layers:
        for i, byte in enumerate(data):
            out[offset + i] &= byte
    return bytes(out)


class Points(RunTest):
    def run_lines(self, text, *options, code=0):
        return self.run_script(READ + text, *options, code=code)

    def test_in_order_without_offset_both_agree_and_the_flash_is_the_boards(self):
        ran = self.run_lines("for i in range(0, len(data), 1024):\n"
                             "    dualbank.flash(data[i:i + 1024])\n"
                             "dualbank.switch()\n")  # fmt: skip
        self.assertEqual(self.differences(ran), [])
        flash = self.flash_bytes()
        expected = make_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2)))
        self.assertEqual(flash, expected, "slot erased, image, FF; record 1 with seq 2 and nothing else")

    def test_the_first_boot_of_a_blank_otadata_is_repaired_as_the_bootloader_does(self):
        self.write_flash(self.ONE)
        self.run_lines("pass\n")
        self.assertEqual(self.flash_bytes(), make_flash(self.ONE, records=(record(1, VALID),)))

    def test_point_01_an_offset_by_position_is_a_type_error(self):
        ran = self.run_lines("dualbank.flash(data, 0)\n", code=1)
        self.assertEqual(ran.json["starts"][0]["exception"],
                         {"type": "TypeError", "message": "extra positional arguments given"})
        found = self.difference(ran, 1)
        self.assertEqual((found["line"], found["source"]), (3, "dualbank.flash(data, 0)"))
        self.assertIn("offset=N", found["cure"])
        self.assertIn("at 0", found["ours"])
        self.assertEqual(self.flash_bytes(), make_flash(self.ONE, records=(record(1, VALID),)))

    def test_point_02_offset_0_appends(self):
        ran = self.run_lines("dualbank.flash(data[:1000])\n"
                             "dualbank.flash(data[:1000], offset=0)\n"
                             "try:\n    dualbank.switch()\nexcept RuntimeError as e:\n    print(e)\n")  # fmt: skip
        found = self.difference(ran, 2)
        self.assertEqual((found["line"], found["board"]), (4, "writes 1,000 bytes at 1,000"))
        self.assertEqual(found["ours"], "writes 1,000 bytes at 0")
        self.assertIn("reload", found["cure"])
        self.assertEqual(self.ota_1(), after_and((0, self.TWO[:1000]), (1000, self.TWO[:1000])))
        self.assertEqual(ran.said, ["Firmware is invalid"])

    def test_point_02_appending_goes_on_after_as_many_bytes_as_were_written(self):
        ran = self.run_lines("dualbank.flash(data[:1000])\n"
                             "dualbank.flash(data[5000:5100], offset=5000)\n"
                             "dualbank.flash(data[5100:5200])\n")  # fmt: skip
        found = self.difference(ran, 2)
        self.assertEqual((found["line"], found["board"], found["ours"]),
                         (5, "writes 100 bytes at 1,100", "writes 100 bytes at 5,100"))
        self.assertEqual(self.ota_1()[1100:1200], self.TWO[5100:5200])

    def test_point_03_the_first_chunk_cannot_come_last(self):
        ran = self.run_lines("dualbank.flash(data[1024:2048], offset=1024)\n"
                             "dualbank.flash(data[:1024], offset=0)\n")  # fmt: skip
        self.assertEqual(self.differences(ran), [(3, 5), (4, 3)])
        self.assertIn("writes 1,024 bytes at 1,024", self.difference(ran, 3)["board"])
        self.assertEqual(self.ota_1(), after_and((1024, self.TWO[1024:2048]), (1024, self.TWO[:1024])))

    def test_point_04_a_small_first_chunk_is_too_big(self):
        ran = self.run_lines("dualbank.flash(data[:288])\n", code=1)
        self.assertEqual(self.difference(ran, 4)["board"], "RuntimeError: Firmware is too big")
        self.assertIn("289", self.difference(ran, 4)["cure"])
        ran = self.run_lines("dualbank.flash(data[:289])\n")
        self.assertEqual(self.differences(ran), [])

    def test_point_05_the_first_call_may_have_any_offset_and_its_bytes_are_taken_for_a_version(self):
        ran = self.run_lines("dualbank.flash(data[4096:8192], offset=4096)\n")
        self.assertEqual(self.difference(ran, 5)["board"], "erases ota_1, then writes 4,096 bytes at 4,096")
        self.assertIn("Error", self.difference(ran, 5)["ours"])
        looks_the_same = bytearray(noise("chunk", 400))
        looks_the_same[48:80] = b"1.0".ljust(32, b"\0")
        (self.drive / "two.bin").write_bytes(looks_the_same)
        ran = self.run_lines("dualbank.flash(data, offset=4096)\n", code=1)
        self.assertEqual(ran.json["starts"][0]["exception"]["message"], "Firmware is duplicate")

    def test_point_06_junk_erases_the_other_slot(self):
        self.write_flash(self.ONE, circuitpython("0.9"), records=(record(1, VALID),))
        ran = self.run_lines("dualbank.flash(b'\\xa5' * 289)\n", code=1)
        self.assertEqual(self.difference(ran, 6)["board"], "erases ota_1, then RuntimeError: Update failed")
        self.assertIn("0xE9", self.difference(ran, 6)["cure"])
        self.assertEqual(self.ota_1(), b"\xff" * SLOT_BYTES)
        for name, image in (("another chip", app_image("3.0", chip=ESP32S3)),
                            ("no descriptor", app_image("3.0", app_descriptor=False))):
            with self.subTest(name):
                (self.drive / "two.bin").write_bytes(image)
                ran = self.run_lines("dualbank.flash(data)\n")
                self.assertEqual(self.differences(ran), [(3, 6)])
                self.assertEqual(self.ota_1(), self.slot_after(image))

    def test_point_07_without_a_descriptor_versions_are_compared_with_anything(self):
        self.write_flash(app_image("?", app_descriptor=False), records=(record(1, VALID),))
        ran = self.run_lines("dualbank.flash(data)\n")
        self.assertEqual(self.differences(ran), [(3, 7)])

    def test_point_08_the_same_version_cannot_be_flashed(self):
        (self.drive / "two.bin").write_bytes(circuitpython("1.0", seed="another build"))
        ran = self.run_lines("dualbank.flash(data)\n", code=1)
        self.assertEqual(self.difference(ran, 8)["board"], "RuntimeError: Firmware is duplicate")
        self.write_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2, ABORTED)))
        (self.drive / "two.bin").write_bytes(circuitpython("2.0", seed="another build"))
        ran = self.run_lines("dualbank.flash(data)\n", code=1)
        self.assertEqual(self.difference(ran, 8)["board"], "RuntimeError: Firmware is invalid")

    def test_point_09_a_failed_switch_ends_it_until_a_reset(self):
        ran = self.run_lines("import microcontroller, supervisor\n"
                             "if microcontroller.cpu.reset_reason == microcontroller.ResetReason.POWER_ON:\n"
                             "    if supervisor.runtime.run_reason == supervisor.RunReason.STARTUP:\n"
                             "        dualbank.flash(data[:2000])\n"
                             "        try:\n"
                             "            dualbank.switch()\n"
                             "        except RuntimeError as e:\n"
                             "            print(e)\n"
                             "        supervisor.reload()\n"
                             "try:\n"
                             "    dualbank.flash(data)\n"
                             "except RuntimeError as e:\n"
                             "    print(e)\n"
                             "    microcontroller.reset()\n"
                             "dualbank.switch()\n")  # fmt: skip
        self.assertEqual(ran.said, ["Firmware is invalid", "Update failed"])
        self.assertEqual(self.differences(ran), [(8, 14), (13, 9)])
        self.assertEqual([s["ended"] for s in ran.json["starts"]], ["reload", "reset", "done"])
        self.assertEqual(self.ota_1(), self.slot_after(self.TWO))
        self.assertEqual(boot_choice(self.flash_bytes()), 1)

    def test_point_12_writing_a_range_twice_ands_it(self):
        ran = self.run_lines("dualbank.flash(data[:4096])\n"
                             "dualbank.flash(data[4096:8192], offset=2048)\n"
                             "dualbank.flash(data[2048:4096], offset=2048)\n")  # fmt: skip
        self.assertIn((4, 12), self.differences(ran))
        found = next(d for d in ran.json["differences"] if d["line"] == 4)
        self.assertIn("AND", found["board"])
        self.assertIn("Error", found["ours"])
        self.assertEqual(self.ota_1(), after_and((0, self.TWO[:4096]), (2048, self.TWO[4096:8192])))

    def test_point_12_the_same_bytes_twice_are_no_difference(self):
        ran = self.run_lines("dualbank.flash(data[:4096])\ndualbank.flash(data[2048:4096], offset=2048)\n")
        self.assertEqual(self.differences(ran), [])

    def test_point_13_beyond_the_slot_is_only_update_failed(self):
        for offset in (SLOT_BYTES - 100, SLOT_BYTES, SLOT_BYTES + 4096):
            with self.subTest(offset):
                ran = self.run_lines(f"dualbank.flash(data[:1024])\ndualbank.flash(data[:1024], offset={offset})\n", code=1)
                found = self.difference(ran, 13)
                self.assertEqual(found["board"], "RuntimeError: Update failed")
                self.assertIn("slot", found["ours"])
                self.assertEqual(self.ota_1(), self.slot_after(self.TWO[:1024]))

    def test_point_14_a_missing_chunk_is_found_at_the_end_and_not_named(self):
        ran = self.run_lines("dualbank.flash(data[:4096])\n"
                             "dualbank.flash(data[8192:], offset=8192)\n"
                             "dualbank.switch()\n", code=1)  # fmt: skip
        found = self.difference(ran, 14)
        self.assertEqual((found["line"], found["board"]), (5, "RuntimeError: Firmware is invalid"))
        self.assertIn("4096", found["ours"].replace(",", ""))
        self.assertEqual(boot_choice(self.flash_bytes()), 0)

    def test_point_15_flash_after_switch_erases_what_boots_next(self):
        (self.drive / "three.bin").write_bytes(circuitpython("3.0"))
        ran = self.run_lines("dualbank.flash(data)\n"
                             "dualbank.switch()\n"
                             "dualbank.flash(open('/three.bin', 'rb').read()[:1000])\n"
                             "import microcontroller\n"
                             "if microcontroller.nvm[0] == 255:\n"
                             "    microcontroller.nvm[0] = 0\n"
                             "    microcontroller.reset()\n", code=0)  # fmt: skip
        found = next(d for d in ran.json["differences"] if d["line"] == 5)
        self.assertEqual((found["point"], found["start"]), (15, 1))
        self.assertIn("erases ota_1, which the boot record names", found["board"])
        self.assertIn("reset", found["cure"])
        self.assertEqual(ran.json["starts"][1]["slot"], "ota_0", "the bootloader falls back")
        self.assertEqual(boot_choice(self.flash_bytes()), 1, "the record still names the broken slot")

    def test_point_16_switch_alone_boots_the_other_slot(self):
        self.write_flash(self.ONE, self.TWO, records=(record(1, VALID),))
        ran = self.run_lines("dualbank.switch()\ndualbank.switch()\n")
        self.assertEqual(self.differences(ran), [])
        self.assertEqual(self.flash_bytes(), make_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2))))

    def test_point_17_one_text_for_every_cause(self):
        (self.drive / "two.bin").write_bytes(self.TWO[:9000] + bytes([self.TWO[9000] ^ 1]) + self.TWO[9001:])
        ran = self.run_lines("dualbank.flash(data)\ndualbank.switch()\n", code=1)
        found = self.difference(ran, 17)
        self.assertEqual((found["line"], found["board"]), (4, "RuntimeError: Firmware is invalid"))
        self.assertIn("checksum", found["ours"])

    def test_point_18_there_is_nothing_but_flash_and_switch(self):
        ran = self.run_lines("print(hasattr(dualbank, 'confirm'), getattr(dualbank, 'status', None))\n"
                             "print([n for n in dir(dualbank) if not n.startswith('_')])\n"
                             "print('done')\n")  # fmt: skip
        self.assertEqual(ran.said, ["False None", "['flash', 'switch']", "done"])
        self.assertEqual(self.differences(ran), [], "a question is no use")
        ran = self.run_lines("dualbank.confirm()\n", code=1)
        self.assertEqual(ran.json["starts"][0]["exception"]["type"], "AttributeError")
        self.assertEqual(self.differences(ran), [(3, 18)])
        ran = self.run_script("from dualbank import missing\n", code=1)
        self.assertEqual(self.differences(ran), [(1, 18)])

    def test_point_19_with_one_slot_the_next_one_is_the_running_one(self):
        self.write_flash(self.ONE, records=(record(1, VALID),), slots=1)
        ran = self.run_lines("dualbank.switch()\ndualbank.flash(data)\n", code=1)
        self.assertEqual(self.differences(ran), [(3, 19), (4, 19)])
        self.assertEqual(ran.json["differences"][0]["board"], "ota_0 boots next")
        self.assertEqual(ran.json["differences"][1]["board"], "RuntimeError: Update failed")
        self.assertEqual(slot(self.flash_bytes(), 0)[: len(self.ONE)], self.ONE)

    def test_point_20_an_extended_drive_comes_before_everything_even_bad_arguments(self):
        self.write_flash(self.ONE, records=(record(1, VALID),), fat=fat_boot_sector(FAT_BYTES // 512 + 100))
        text = "for call in (dualbank.switch, lambda: dualbank.flash(data), lambda: dualbank.flash(1, 2, 3)):\n" \
               "    try:\n        call()\n    except RuntimeError as e:\n        print(e)\n"  # fmt: skip
        before = self.flash_bytes()
        ran = self.run_lines(text)
        self.assertEqual((ran.said, ran.json["drive"]), (["storage is extended"] * 3, "extended"))
        self.assertEqual([(d["line"], d["point"], d["count"]) for d in ran.json["differences"]], [(3, 20, 1)],
                         "ours says the same, but for the bad arguments")
        self.assertEqual(self.flash_bytes(), before)
        self.write_flash(self.ONE, records=(record(1, VALID),), fat=fat_boot_sector(FAT_BYTES // 512))
        ran = self.run_lines("dualbank.flash(data)\n")
        self.assertEqual((self.differences(ran), ran.json["drive"]), ([], "not_extended"))

    def test_point_20_without_a_file_system_a_note_says_what_the_board_makes_of_it(self):
        ran = self.run_lines("dualbank.flash(data)\n")
        self.assertEqual(ran.json["drive"], "unformatted")
        self.assertIn("storage.erase_filesystem(extended=False)", ran.err)

    def test_point_21_an_empty_first_chunk_is_too_big_a_later_one_is_nothing(self):
        ran = self.run_lines("try:\n    dualbank.flash(b'')\nexcept RuntimeError as e:\n    print(e)\n"
                             "dualbank.flash(data[:1000])\n"
                             "dualbank.flash(b'')\n")  # fmt: skip
        self.assertEqual(self.differences(ran), [(4, 21)])
        self.assertEqual(ran.said, ["Firmware is too big"])

    def test_point_22_offsets_and_lengths_are_any(self):
        ran = self.run_lines("dualbank.flash(data[:301])\nfor i in range(301, len(data), 333):\n"
                             "    dualbank.flash(memoryview(data)[i:i + 333], offset=i)\ndualbank.switch()\n")  # fmt: skip
        self.assertEqual(self.differences(ran), [])
        self.assertEqual(self.ota_1(), self.slot_after(self.TWO))


class Arguments(RunTest):
    def test_arguments_are_refused_in_the_boards_order_and_words(self):
        ran = self.run_script("""
            import dualbank
            for args, kwargs in (((), {}), ((b"x",), {"size": 1}), ((b"x",), {"offset": -1}), ((b"x",), {"offset": 1.5}),
                                 ((b"x",), {"offset": 1 << 40}), ((7,), {}), ((), {"buffer": b"x"}), (("text",), {})):
                try:
                    dualbank.flash(*args, **kwargs)
                except Exception as e:
                    print(type(e).__name__, e)
            try:
                dualbank.switch("ota_0")
            except TypeError as e:
                print(e)
        """)
        self.assertEqual(ran.said, [
            "TypeError 'buffer' argument required", "TypeError extra keyword arguments given", "ValueError offset must be >= 0",
            "TypeError can't convert float to int", "OverflowError overflow converting long int to machine word",
            "TypeError object with buffer protocol required", "RuntimeError Firmware is too big",
            "RuntimeError Firmware is too big", "function takes 0 positional arguments but 1 were given"])  # fmt: skip

    def test_equal_differences_are_counted_not_repeated(self):
        ran = self.run_script(READ + "dualbank.flash(data[:1000])\nfor i in range(5):\n"
                              "    dualbank.flash(data[:10], offset=0)\n")  # fmt: skip
        (found,) = ran.json["differences"]
        self.assertEqual((found["point"], found["count"]), (2, 5))

    def test_after_a_refusal_by_one_of_them_both_begin_again_with_the_next_image(self):
        ran = self.run_script(READ + "for chunk in (data[:100], data[100:200], data[:1024], data[1024:2048]):\n"
                              "    try:\n        dualbank.flash(chunk)\n    except RuntimeError:\n        pass\n")
        self.assertEqual((self.differences(ran), ran.json["uncompared_calls"]), ([(5, 4)], 1))
        self.assertEqual(self.ota_1(), self.slot_after(self.TWO[:2048]))

    def test_a_soft_reload_ends_the_update_but_erases_nothing(self):
        ran = self.run_script(READ + "import supervisor\n"
                              "dualbank.flash(data[:5000])\n"
                              "if supervisor.runtime.run_reason == supervisor.RunReason.STARTUP:\n"
                              "    supervisor.reload()\n"
                              "dualbank.flash(data[5000:])\n"
                              "dualbank.switch()\n")  # fmt: skip
        self.assertEqual(self.differences(ran), [])
        self.assertEqual(self.ota_1(), self.slot_after(self.TWO))

    def test_ours_leads_with_module_dualbank(self):
        ran = self.run_script(READ + "dualbank.flash(data[:5000], 0)\n"
                              "dualbank.flash(data[5000:], 5000)\n"
                              "dualbank.switch()\n"
                              "print(dualbank.status().boot_slot)\n", "--module", "dualbank")  # fmt: skip
        self.assertEqual(ran.said, ["ota_1"])
        self.assertEqual(self.differences(ran), [(3, 1), (6, 18)])
        self.assertEqual(ran.json["uncompared_calls"], 2, "only ours had taken the first bytes")
        self.assertEqual(self.ota_1()[: len(self.TWO)], self.TWO)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)
        self.assertNotEqual(self.flash_bytes()[OTADATA + SECTOR :][:32], b"\xff" * 32)
        self.assertEqual(self.flash_bytes()[SLOT_OFFSETS[0] :][: len(self.ONE)], self.ONE)


if __name__ == "__main__":
    unittest.main()
