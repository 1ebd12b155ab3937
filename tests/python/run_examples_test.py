"""The two CircuitPython scripts of examples/, unchanged, on the desk: over a line that is lost, over resets, as a menu."""

import http.server
import re
import shutil
import threading
import unittest

from run_support import ROOT, RunTest, circuitpython
from support import VALID, app_image, boot_choice, make_flash, record

OTA = ROOT / "examples" / "circuitpython_ota" / "code.py"
MENU = ROOT / "examples" / "circuitpython_dual_boot" / "code.py"


class Firmware(http.server.BaseHTTPRequestHandler):
    """Serves one firmware, and loses the line as the test says: `losses` is how many bytes each answer to GET gives."""

    protocol_version = "HTTP/1.1"
    image, losses, ranges, asked = b"", [], True, []
    etag = '"one"'

    def do_HEAD(self):
        self.answer(None)

    def do_GET(self):
        self.asked.append(self.headers["Range"])
        self.answer(self.losses.pop(0) if self.losses else len(self.image))

    def answer(self, most):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked.group(1)) if asked and self.ranges else 0
        self.send_response(206 if asked and self.ranges else 200)
        self.send_header("Content-Length", str(len(self.image) - start))
        self.send_header("ETag", self.etag)
        self.end_headers()
        if most is not None:
            self.wfile.write(self.image[start : start + most])
        self.close_connection = True

    def log_message(self, *_):
        pass


class Ota(RunTest):
    def setUp(self):
        super().setUp()
        self.handler = type("Handler", (Firmware,), {"image": self.TWO, "losses": [], "asked": []})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}/firmware.bin"

    def ota(self, *options):
        ran = self.run_plain(OTA, "--set", f"FIRMWARE_URL={self.url}", "--sleep", "0", "--json", *options)
        self.assertEqual(ran.code, 0, ran)
        return ran

    def is_updated(self):
        self.assertEqual(self.ota_1()[: len(self.TWO)], self.TWO)
        self.assertEqual(boot_choice(self.flash_bytes()), 1)

    def test_it_updates_resets_and_then_is_up_to_date(self):
        ran = self.ota()
        self.assertEqual([(s["slot"], s["ended"]) for s in ran.json["starts"]], [("ota_0", "reset"), ("ota_1", "done")])
        self.assertIn("up to date", ran.said)
        self.assertEqual(self.flash_bytes(), make_flash(self.ONE, self.TWO, records=(record(1, VALID), record(2))))
        self.assertEqual([d["point"] for d in ran.json["differences"]], [8], "only that the same version is refused")

    def test_it_works_from_the_folder_that_serve_serves(self):
        ran = self.run_plain(OTA, "--serve", self.drive, "--set", "FIRMWARE_URL={serve}/two.bin", "--sleep", "0",
                             "--boots", "1")  # fmt: skip
        self.assertEqual(ran.code, 0, ran)
        self.is_updated()

    def test_after_a_lost_line_it_asks_for_the_rest_only(self):
        self.handler.losses[:] = [5000, 0, 3000]
        ran = self.ota("--boots", "1")
        self.assertEqual(self.handler.asked, ["bytes=0-", "bytes=4096-", "bytes=4096-", "bytes=6144-"])
        self.assertIn("the line was lost at byte 4096", ran.said)
        self.assertEqual(ran.json["differences"], [])
        self.is_updated()

    def test_after_a_reset_the_boards_module_begins_again_and_ours_goes_on(self):
        for module, again in (("circuitpython", "bytes=0-"), ("dualbank", "bytes=4096-")):
            with self.subTest(module):
                self.write_flash(self.ONE, records=(record(1, VALID),))
                self.handler.losses[:], self.handler.asked[:] = [5000, 0, 0, 0], []
                ran = self.ota("--module", module, "--boots", "2")
                self.assertEqual(self.handler.asked[-1], again)
                self.assertEqual([s["ended"] for s in ran.json["starts"]], ["reset", "reset"])
                self.is_updated()

    def test_without_ranges_or_with_another_file_it_begins_anew(self):
        self.handler.losses[:] = [5000]
        self.handler.ranges = False
        ran = self.ota("--boots", "2")
        self.assertEqual([s["ended"] for s in ran.json["starts"]], ["reload", "reset"])
        self.is_updated()

    def test_a_published_file_is_taken_from_behind_its_bootloader(self):
        self.handler.image = b"\xe9" + b"\0" * 65535 + self.TWO
        self.ota("--set", "FIRMWARE_OFFSET=65536", "--boots", "1")
        self.assertEqual(self.handler.asked, ["bytes=65536-"])
        self.is_updated()

    def test_a_damaged_firmware_is_not_chosen(self):
        self.handler.image = self.TWO[:9000] + b"\0" + self.TWO[9001:]
        ran = self.run_plain(OTA, "--set", f"FIRMWARE_URL={self.url}", "--sleep", "0")
        self.assertEqual(ran.code, 1)
        self.assertIn("RuntimeError: Firmware is invalid", ran.err)
        self.assertEqual(boot_choice(self.flash_bytes()), 0)


class Menu(RunTest):
    def setUp(self):
        super().setUp()
        self.other = app_image("1.25", project="micropython")
        self.write_flash(self.ONE, self.other, records=(record(1, VALID),))

    def menu(self, answer, *options):
        ran = self.run_plain(MENU, "--json", *options, stdin=answer)
        self.assertEqual(ran.code, 0, ran)
        return ran

    def test_yes_boots_the_other_slot(self):
        ran = self.menu("y\n")
        self.assertEqual((ran.json["ended"], ran.json["boot_slot"]), ("other_platform", "ota_1"))
        self.assertEqual(self.flash_bytes(), make_flash(self.ONE, self.other, records=(record(1, VALID), record(2))))
        self.assertEqual(ran.json["differences"], [])

    def test_no_changes_nothing(self):
        before = self.flash_bytes()
        self.assertIn("Staying here", self.menu("n\n").err)
        self.assertEqual(self.flash_bytes(), before)

    def test_an_empty_slot_is_not_chosen(self):
        self.write_flash(self.ONE, records=(record(1, VALID),))
        self.assertIn("The other slot cannot boot: Firmware is invalid", self.menu("y\n").err)
        self.assertEqual(boot_choice(self.flash_bytes()), 0)

    def test_two_circuitpythons_take_turns(self):
        self.write_flash(self.ONE, circuitpython("0.9"), records=(record(1, VALID),))
        ran = self.menu("y\ny\nn\n")
        self.assertEqual([s["slot"] for s in ran.json["starts"]], ["ota_0", "ota_1", "ota_0"])

    def test_ours_shows_what_is_in_the_slots(self):
        said = self.menu("n\n", "--module", "dualbank").said
        self.assertIn("ota_0 circuitpython 1.0 (runs now)", said)
        self.assertTrue(any(line.startswith("ota_1 micropython 1.25") for line in said), said)

    def test_without_a_console_the_button_decides(self):
        drive = self.folder / "menu"
        drive.mkdir()
        shutil.copy(MENU, drive / "code.py")
        (drive / "boot.py").write_text("import supervisor\nsupervisor.runtime.serial_connected = False\n")
        before = self.flash_bytes()
        ran = self.run_plain(drive / "code.py", "--json")
        self.assertEqual((ran.said, ran.code), (ran.said[:-1] + ["Staying here"], 0), ran)
        self.assertEqual(self.flash_bytes(), before)


if __name__ == "__main__":
    unittest.main()
