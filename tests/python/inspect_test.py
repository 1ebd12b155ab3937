"""inspect() says what a file is, and what is wrong with it, and raises nothing for damaged content."""

import unittest

import dualbank
from support import VALID, FlashTest, app_image, make_flash, record
from verbs_test import uf2


class Inspect(FlashTest):
    def test_an_app_image(self):
        found = dualbank.inspect(self.TWO)
        self.assertEqual((found.kind, found.status, found.fault), ("app image", None, None))
        self.assertEqual(found.image[:5], (True, "2.0", "demo", "esp32c3", len(self.TWO)))

    def test_a_path(self):
        path = self.folder / "two.bin"
        path.write_bytes(self.TWO)
        self.assertEqual(dualbank.inspect(path), dualbank.inspect(self.TWO))
        self.assertRaises(FileNotFoundError, dualbank.inspect, self.folder / "no.bin")

    def test_a_damaged_image_keeps_its_name(self):
        damaged = bytearray(self.TWO)
        damaged[10_000] ^= 1
        found = dualbank.inspect(damaged)
        self.assertEqual((found.image.valid, found.image.version), (False, "2.0"))
        self.assertEqual(found.fault.code, "image_checksum_mismatch")
        self.assertEqual(dualbank.inspect(self.TWO[:-1]).fault.code, "image_truncated")

    def test_an_image_without_hash_is_at_fault(self):
        self.assertEqual(dualbank.inspect(app_image(hashed=False)).fault.code, "image_no_hash")

    def test_a_joined_file_and_a_uf2_file_are_looked_into(self):
        joined = dualbank.inspect(make_flash(self.TWO)[: 0x10000 + len(self.TWO)])
        self.assertEqual((joined.kind, joined.image.version, joined.fault), ("joined file", "2.0", None))
        blocks = dualbank.inspect(uf2(self.TWO, 0xD42BA06C))
        self.assertEqual((blocks.image.version, blocks.fault), ("2.0", None))

    def test_a_whole_flash_has_the_status_of_its_board(self):
        flash = make_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2, VALID)))
        found = dualbank.inspect(flash)
        self.assertEqual((found.kind, found.image, found.fault), ("whole flash", None, None))
        self.assertEqual(found.status.running_slot, "ota_1")
        self.path.write_bytes(flash)
        self.assertEqual(dualbank.inspect(self.path), found)
        self.assertEqual(dualbank.inspect(self.path, running="ota_0").status.running_slot, "ota_0")
        self.assertEqual(self.path.read_bytes(), flash)

    def test_junk_is_unknown_and_says_why(self):
        found = dualbank.inspect(b"some text, no firmware " * 50)
        self.assertIsNone(found.image)
        self.assertEqual(found.fault.code, "file_unknown")
        self.assertRaises(TypeError, dualbank.inspect, 5)


if __name__ == "__main__":
    unittest.main()
