"""The Python module and the command `dualbank` say the same of the same flash, and go on with each other's updates."""

import json
import unittest

import dualbank
from support import ABORTED, VALID, FlashTest, app_image, boot_choice, record, slot


def plain(value):
    """Named tuples as the JSON has them."""
    if isinstance(value, dualbank.Error):
        return value.code
    if hasattr(value, "_asdict"):
        return {k: plain(v) for k, v in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


class SameAnswers(FlashTest):
    def compare(self, *options, **python_options):
        said = json.loads(self.run_command("status", self.path, "--json", *options))
        self.assertEqual(said.pop("schema"), 1)
        for slot_said in said["slots"]:
            slot_said["fault"] = slot_said["fault"] and slot_said["fault"]["code"]
        with dualbank.open(self.path, read_only=True, **python_options) as board:
            self.assertEqual(plain(board.status()), said)

    def test_status_of_many_boards(self):
        damaged = bytearray(self.TWO)
        damaged[9000] ^= 1
        for flash in (
            {"ota_0": self.ONE, "records": (record(1, VALID),)},
            {"ota_0": self.ONE, "ota_1": self.TWO, "records": (record(1, VALID), record(2, ABORTED))},
            {"ota_0": self.ONE, "ota_1": bytes(damaged), "records": (record(1, VALID), record(2))},
            {"ota_0": self.ONE, "factory": app_image("0.9", payload=500)},
            {"ota_0": app_image("1.0", app_descriptor=False)},
            {"ota_0": b""},
            {"ota_0": self.ONE, "slots": 1},
        ):
            with self.subTest(sorted(flash)):
                self.write_flash(**flash)
                self.compare()
                self.compare("--policy", "stock-rollback", policy="stock-rollback")
        for extended in ("--no-extended", "--extended"):
            self.write_flash(self.ONE, records=(record(1, VALID),))
            self.run_command("erase-filesystem", self.path, extended)
            self.compare()
        self.write_flash(self.ONE, self.TWO, records=(record(1, VALID),))
        self.compare("--running", "ota_1", running="ota_1")

    def test_the_command_sees_and_finishes_an_update_begun_in_python(self):
        board = self.board()
        with self.assertRaises(InterruptedError):
            board.update(self.TWO, progress=self.stop_half_way)
        board.close()
        self.compare()
        image = self.folder / "two.bin"
        image.write_bytes(self.TWO)
        missing = json.loads(self.run_command("missing", self.path, "--json"))["missing"]
        self.assertGreater(missing[0][0], 8192)
        self.run_command("update", self.path, image)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)
        self.assertEqual(slot(self.flash_bytes(), 1)[: len(self.TWO)], self.TWO)

    def stop_half_way(self, done, total):
        if done > total // 2:
            raise InterruptedError

    def test_an_error_has_the_same_code_and_values(self):
        self.write_flash(self.ONE, records=(record(1, VALID),))
        image = self.folder / "wrong.bin"
        image.write_bytes(app_image("2.0", chip=9))
        said = json.loads(self.run_command("flash", self.path, image, "--json", code=1))["error"]
        with dualbank.open(self.path) as board:
            error = self.refused("image_wrong_chip", board.flash, image.read_bytes())
        self.assertEqual((error.code, error.values), (said["code"], said["values"]))


if __name__ == "__main__":
    unittest.main()
