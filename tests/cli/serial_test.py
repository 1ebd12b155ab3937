"""The verbs over a serial line, with a device at its other end."""

import os
import re
import signal
import subprocess
import time
import unittest

from serial_support import LONG, TWO, OverALine
from support import COMMAND, app_image

SECTOR = 4096


class Update(OverALine):
    def test_update_reset_confirm(self):
        board = self.board()
        device = self.device(board)
        image = self.file("two.bin", TWO)
        answer = self.ok("update", device.target, image)
        self.assertIn("ota_1 is checked and boots next", answer.out)
        self.assertIn(f"next: dualbank reset {device.target}", answer.err)
        self.assertTrue(self.holds(board, 1, TWO))
        self.assertTrue(self.holds(board, 0, app_image("1.0")))
        answer = self.ok("reset", device.target)
        self.assertIn("ota_1 runs", answer.out)
        self.assertIn("on trial (boot 1), not confirmed", answer.out)
        self.assertIn(f"next: dualbank confirm {device.target}", answer.err)
        device.wait_for(device.boots, 2)
        self.assertEqual(device.boots(), [0, 1])
        self.assertEqual(self.ok("status", device.target, "--json").json["trial"], "ota_1")
        error = self.refused("on_trial", "update", device.target, image)
        self.assertIn(f"dualbank confirm {device.target}", error["cure"])
        self.assertIn("ota_1 is confirmed", self.ok("confirm", device.target).out)
        self.assertIsNone(self.ok("status", device.target, "--json").json["trial"])
        self.assertEqual(self.ok("status", board, "--policy", "dualbank", "--json").json["boot_slot"], "ota_1")

    def test_json_says_what_was_done(self):
        device = self.device(self.board())
        result = self.ok("update", device.target, self.file("two.bin", TWO), "--json").json
        self.assertEqual((result["schema"], result["slot"], result["image"]["version"]), (1, "ota_1", "2.0"))
        self.assertEqual(result["event"]["code"], "switched")
        self.assertEqual((result["sent"], result["there_before"], result["repeats"]), (len(TWO), 0, 0))
        self.assertEqual(result["device"], {"name": "serial_device", "version": "1.0", "chip": "esp32s3",
                                            "largest_piece": 1024})
        self.assertEqual(result["next"], f"dualbank reset {device.target}")

    def test_a_dry_run_checks_and_sends_nothing(self):
        board = self.board()
        before = self.digest(board)
        device = self.device(board)
        self.assertIn("would do: send", self.ok("update", device.target, self.file("two.bin", TWO), "--dry-run").out)
        wrong = self.file("c3.bin", app_image("2.0", chip=5))
        for more in ((), ("--dry-run",)):
            self.refused("image_wrong_chip", "update", device.target, wrong, *more)
        self.assertEqual(self.digest(board), before)
        self.assertEqual(device.written(), [])

    def test_frames_lost_doubled_and_damaged(self):
        board = self.board()
        device = self.device(board, "--damage", 1)
        result = self.ok("update", device.target + "?baud=4000000", self.file("long.bin", LONG), "--json").json
        self.assertGreater(result["repeats"], 5)
        self.assertTrue(self.holds(board, 1, LONG))
        self.assertEqual(self.ok("status", board, "--policy", "dualbank", "--json").json["boot_slot"], "ota_1")

    def test_killed_and_resumed_no_acknowledged_sector_is_sent_again(self):
        board, image = self.board(), self.file("long.bin", LONG)
        acknowledged = []
        for kill_after in (3, 40, 41, 90):
            device = self.device(board, "--kbps", 2000)
            host = self.start("update", device.target, image)
            device.wait_for_pieces(kill_after)
            device.kill()
            said = host.communicate(timeout=30)[1]
            self.assertEqual(host.returncode, 1, said)
            self.assertRegex(said, "went away|nothing came back")
            self.no_sector_twice(acknowledged, device.written())
            acknowledged += device.written()
        device = self.device(board)
        answer = self.ok("update", device.target, image)
        self.assertIn("going on: ", answer.err)
        device.kill()
        self.no_sector_twice(acknowledged, device.written())
        self.assertTrue(self.holds(board, 1, LONG))

    def no_sector_twice(self, before, now):
        have = set()
        for offset, size in before:
            have.update(range(offset, offset + size))
        whole = {sector for sector in range(len(LONG) // SECTOR)
                 if all(at in have for at in range(sector * SECTOR, (sector + 1) * SECTOR))}
        again = {at // SECTOR for offset, size in now for at in (offset, offset + size - 1)} & whole
        self.assertEqual(again, set())

    def test_ctrl_c_says_how_far_it_came_and_the_same_command_goes_on(self):
        board, image = self.board(), self.file("long.bin", LONG)
        device = self.device(board, "--kbps", 400)
        host = self.start("update", device.target, image)
        device.wait_for_pieces(20)
        host.send_signal(signal.SIGINT)
        out, err = host.communicate(timeout=30)
        self.assertEqual((host.returncode, out), (130, ""))
        done = int(re.search(r"interrupted: (\d+) of 262144 bytes are done", err)[1])
        self.assertGreaterEqual(done, 19 * 1024)  # the reply to the 20th may have been on its way
        self.assertIn(f"dualbank abandon {device.target} gives it up", err)
        before = len(device.written())
        state = self.ok("status", device.target, "--json").json
        left = sum(to - start for start, to in state["update"]["missing"])
        result = self.ok("update", device.target, image, "--json").json
        self.assertEqual(result["sent"], left)
        self.assertLess(len(device.written()) - before, 256 - 19)
        self.assertTrue(self.holds(board, 1, LONG))

    def test_an_update_that_began_in_the_file_goes_on_over_the_line(self):
        board, image = self.board(), self.file("long.bin", LONG)
        self.ok("flash", board, self.file("part.bin", LONG[:100_000]), "--offset", 0)
        device = self.device(board)
        missing = self.ok("status", device.target, "--json").json["update"]["missing"]
        self.assertTrue(missing[0][0] >= 96 * 1024, missing)
        self.ok("update", device.target, image)
        self.assertTrue(self.holds(board, 1, LONG))

    def test_the_bar_is_drawn_on_a_terminal(self):
        device = self.device(self.board(), "--kbps", 400)
        terminal, its_side = os.openpty()
        self.addCleanup(os.close, terminal)
        host = subprocess.Popen([COMMAND, "update", device.target, self.file("two.bin", TWO)], cwd=self.folder,
                                env=self.environment(TERM="xterm"), stdout=subprocess.DEVNULL, stderr=its_side)
        os.close(its_side)
        said = b""
        try:
            while piece := os.read(terminal, 4096):
                said += piece
        except OSError:
            pass
        self.assertEqual(host.wait(), 0)
        self.assertRegex(said.decode(), r"writing ota_1 .*\d+ %  [\d.]+ of 58.6 KiB")

    def test_text_of_the_device_is_shown_with_v(self):
        device = self.device(self.board())
        time.sleep(0.2)
        self.assertIn("serial_device is up", self.ok("status", device.target, "-v").err)
        device.kill()
        device = self.device(self.board())
        time.sleep(0.2)
        self.assertNotIn("serial_device is up", self.ok("status", device.target).err)


class OtherVerbs(OverALine):
    def test_status_of_an_update_under_way(self):
        device = self.device(self.board(), "--kbps", 400)
        host = self.start("update", device.target, self.file("long.bin", LONG))
        device.wait_for_pieces(8)
        host.kill()
        host.communicate()
        answer = self.ok("status", device.target)
        self.assertRegex(answer.out, r"update of ota_1: \d+ of 262144 bytes are there \(\d+ %\)")
        self.assertIn("ota_0 runs", answer.out)
        self.assertIn("ota_1 is abandoned", self.ok("abandon", device.target).out)
        self.assertIsNone(self.ok("status", device.target, "--json").json["update"])

    def test_rollback_and_switch(self):
        board = self.board((app_image("1.0"), app_image("0.9")))
        device = self.device(board)
        self.assertIn("ota_1 boots next", self.ok("rollback", device.target).out)
        self.assertEqual(self.ok("status", device.target, "--json").json["boot_slot"], "ota_1")
        self.assertIn("ota_1", self.ok("switch", device.target).out)
        self.refused("no_update", "abandon", device.target)

    def test_what_does_not_work_over_a_line_says_so(self):
        device = self.device(self.board())
        for words in (("map", device.target), ("inspect", device.target), ("missing", device.target),
                      ("extract", device.target, "ota_0", "-o", "out.bin"), ("new", device.target),
                      ("flash", device.target, self.file("two.bin", TWO)), ("repair", device.target, "ota_0"),
                      ("erase-filesystem", device.target)):
            with self.subTest(words[0]):
                error = self.refused("not_over_line", *words)
                self.assertIn("status, update, switch, confirm, rollback, abandon, reset", error["cure"])
        for words in (("status", "--table", "0x9000"), ("confirm", "--dry-run"), ("reset", "--times", "2"),
                      ("switch", "ota_1"), ("status", "--running", "ota_1"), ("reset", "--policy", "stock")):
            with self.subTest(words):
                self.refused("not_over_line", words[0], device.target, *words[1:], exit_code=2)
        self.assertEqual(device.boots(), [0])

    def test_a_bare_terminal_is_told_what_to_write(self):
        target = "/dev/ttyACM0"
        lines = [("status", name) for name in (target, "/dev/ttyUSB0", "/dev/pts/3", "/dev/cu.usbmodem1", "COM4")]
        for words in lines + [("update", target, "two.bin"), ("inspect", target), ("map", target), ("confirm", target),
                              ("extract", target, "ota_0", "-o", "out.bin"), ("new", target)]:
            with self.subTest(words):
                error = self.refused("no_serial", *words, exit_code=2)
                self.assertIn(f"write serial:{words[1]} ", error["cure"])
                self.assertIn("esptool", error["cure"])


if __name__ == "__main__":
    unittest.main()
