"""The tests' own tools, held against known bytes: what they make is what the vendor's tools make."""

import hashlib
import unittest

from support import app_image, boot_choice, make_flash, noise, partition_table, record


class Support(unittest.TestCase):
    def test_a_partition_table_has_the_known_digest(self):
        table = partition_table([("first", 0x30, 0xEE, 0x100400, 0x300000)])
        self.assertEqual(table[48:].hex(), "43033f33408757516983 9b4061b12726".replace(" ", ""))

    def test_boot_records_are_the_known_bytes(self):
        self.assertEqual(record(1, 2).hex(), "01000000" + "ff" * 20 + "02000000" + "9a984347")
        self.assertEqual(record(3, 0).hex(), "03000000" + "ff" * 20 + "00000000" + "11504aed")

    def test_an_image_ends_with_checksum_and_digest(self):
        image = app_image(payload=100)
        self.assertEqual(len(image) % 16, 0)
        self.assertEqual(image[-32:], hashlib.sha256(image[:-32]).digest())
        self.assertEqual(image[0x20:0x24].hex(), "3254cdab")

    def test_the_newest_record_chooses(self):
        self.assertEqual(boot_choice(make_flash(records=(record(1), record(2)))), 1)
        self.assertEqual(boot_choice(make_flash(records=(record(3), record(2)))), 0)
        self.assertEqual(boot_choice(make_flash(records=(record(1), record(2, 3)))), 0)
        self.assertIsNone(boot_choice(make_flash()))

    def test_noise_follows_from_its_seed(self):
        self.assertEqual(noise("a", 100), noise("a", 100))
        self.assertNotEqual(noise("a", 100), noise("b", 100))


if __name__ == "__main__":
    unittest.main()
