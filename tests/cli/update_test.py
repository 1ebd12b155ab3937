"""update and flash: what arrives, what is said, and what a second try finds."""

import os
import signal
import subprocess
import termios
import time
import unittest

from support import (COMMAND, SLOTS, CommandTest, app_image, bootloader_image, flash_bytes, joined, noise, record, uf2,
                     fat_boot_sector, PENDING_VERIFY, VALID)

TWO = app_image("2.0", 60_000)


def read_all(terminal):
    said = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            piece = b""
        if not piece:
            return said.decode()
        said += piece


def wait_for_a_change(path, before):
    deadline = time.monotonic() + 60
    while path.read_bytes() == before:
        if time.monotonic() > deadline:
            raise AssertionError(f"{path} did not change")
        time.sleep(0.01)


class Update(CommandTest):
    def holds(self, path, slot, image):
        content = path.read_bytes()
        return content[SLOTS[slot]:SLOTS[slot] + len(image)] == image

    def test_it_goes_to_the_other_slot_and_boots_next(self):
        board = self.board()
        answer = self.ok("update", board, self.file("two.bin", TWO))
        self.assertIn("ota_1", answer.out)
        self.assertIn("next: dualbank reset", answer.err)
        self.assertTrue(self.holds(board, 1, TWO))
        self.assertTrue(self.holds(board, 0, app_image("1.0")))
        self.assertEqual(self.ok("status", board, "--json").json["boot_slot"], "ota_1")
        self.assertEqual(board.read_bytes()[0xF000:0xF020], record(2))

    def test_every_form_of_a_firmware_gives_the_same_bytes(self):
        forms = {"app.bin": TWO, "joined.bin": joined(TWO), "app.uf2": uf2(TWO), "dump.bin": flash_bytes((TWO, None), bootloader=bootloader_image())}
        for name, content in forms.items():
            with self.subTest(name):
                board = self.board()
                self.ok("update", board, self.file(name, content))
                self.assertTrue(self.holds(board, 1, TWO))
        board = self.board()
        self.ok("update", board, "-", stdin=TWO, text=False)
        self.assertTrue(self.holds(board, 1, TWO))

    def test_json_says_what_was_done(self):
        board = self.board()
        result = self.ok("update", board, self.file("two.bin", TWO), "--json").json
        self.assertEqual((result["schema"], result["slot"], result["unchanged"]), (1, "ota_1", False))
        self.assertEqual(result["image"]["version"], "2.0")
        self.assertEqual(result["event"]["code"], "switched")
        self.assertIn([SLOTS[1], SLOTS[1] + (len(TWO) + 4095) // 4096 * 4096], result["changed"])

    def test_the_same_image_again_is_unchanged(self):
        board, image = self.board(), self.file("two.bin", TWO)
        self.ok("update", board, image)
        before = self.digest(board)
        answer = self.ok("update", board, image)
        self.assertIn("unchanged", answer.out)
        self.assertEqual(self.digest(board), before)
        self.assertTrue(self.ok("update", board, image, "--json").json["unchanged"])

    def test_a_dry_run_refuses_as_the_real_one_and_writes_nothing(self):
        board = self.board()
        before = self.digest(board)
        answer = self.ok("update", board, self.file("two.bin", TWO), "--dry-run")
        self.assertIn("would", answer.out)
        self.assertEqual(self.digest(board), before)
        os.chmod(board, 0o444)
        self.assertEqual(self.ok("update", board, "two.bin", "-n", "--json").json["event"]["code"], "switched")
        self.refused("image_too_short", "update", board, self.file("bad.bin", TWO[:50]), "-n")

    def test_an_empty_flash_takes_its_first_image(self):
        board = self.board((None, None), (b"", b""))
        self.ok("update", board, self.file("two.bin", TWO))
        self.assertIsNotNone(self.ok("status", board, "--json").json["boot_slot"])

    def test_it_refuses_to_overwrite_the_only_confirmed_image(self):
        board = self.board((app_image("1.0"), app_image("1.5")), (record(1, VALID), record(2, PENDING_VERIFY)))
        before = self.digest(board)
        error = self.refused("on_trial", "update", board, self.file("two.bin", TWO), "--policy", "stock-rollback",
                             "--running", "ota_1")
        self.assertIn(f"dualbank confirm {board} ", error["cure"])
        self.assertIn(f"dualbank rollback {board} ", error["cure"])
        self.assertEqual(self.digest(board), before)

    def test_a_flash_with_a_bootloader_gets_the_way_back_to_the_board(self):
        board = self.board(bootloader=bootloader_image())
        result = self.ok("update", board, self.file("two.bin", TWO), "--json").json
        self.assertEqual(result["bring_back"][-1], "esptool --chip esp32s3 write-flash 0xe000 otadata.bin 0x170000 ota_1.bin")
        copy = bytearray(flash_bytes((app_image("1.0"), None), (record(1, VALID), b""), bootloader=bootloader_image()))
        for command in result["bring_back"][:-1]:
            self.ok(*command.split()[1:])
        for at, name in ((0xE000, "otadata.bin"), (SLOTS[1], "ota_1.bin")):
            content = (self.folder / name).read_bytes()
            copy[at:at + len(content)] = content
        self.assertEqual(bytes(copy), board.read_bytes())

    def test_a_made_flash_gets_no_esptool_line(self):
        answer = self.ok("update", self.board(), self.file("two.bin", TWO))
        self.assertNotIn("esptool", answer.err)

    def test_swapped_operands_are_recognised(self):
        board, image = self.board(), self.file("two.bin", TWO)
        before = self.digest(board)
        error = self.refused("operands_swapped", "update", image, board, exit_code=2)
        self.assertEqual(error["cure"], f"dualbank update {board} {image}")
        self.assertEqual((self.digest(board), image.read_bytes()), (before, TWO))

    def test_quiet_says_nothing(self):
        answer = self.ok("update", self.board(), self.file("two.bin", TWO), "-q")
        self.assertEqual((answer.out, answer.err), ("", ""))


class Drive(CommandTest):
    def test_a_slot_that_is_lent_to_the_drive_is_not_overwritten_unasked(self):
        content = bytearray(flash_bytes((app_image("1.0"), noise("files", 5000)), (record(1, VALID), b"")))
        content[0x2D0000:0x2D0200] = fat_boot_sector((0x130000 + 0x160000) // 512)
        board = self.file("cp.flash", bytes(content))
        for verb in ("update", "flash"):
            error = self.refused("storage_extended", verb, board, self.file("two.bin", TWO))
            self.assertTrue(error["message"].startswith("storage is extended"))
        self.assertEqual(board.read_bytes(), content)
        self.refused("storage_extended", "update", board, "two.bin", "--force")
        self.ok("update", board, "two.bin", "--overwrite-drive")


class Interrupted(CommandTest):
    def start(self, *words):
        return subprocess.Popen([COMMAND, *map(str, words)], cwd=self.folder, env=self.environment(), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False)

    def test_ctrl_c_while_the_image_arrives_changes_nothing(self):
        board = self.board()
        before = self.digest(board)
        process = self.start("update", board, "-")
        process.stdin.write(app_image("2.0", 400_000)[:300_000])  # more than a pipe holds: it is reading by now
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(self.digest(board), before)

    def test_ctrl_c_during_the_update_leaves_a_flash_that_boots_and_the_same_command_goes_on(self):
        board, path = self.board(), self.file("two.bin", TWO)
        before = board.read_bytes()
        terminal, its_side = os.openpty()
        self.addCleanup(os.close, terminal)
        termios.tcflow(its_side, termios.TCOOFF)  # the progress bar waits for us: there the signal comes
        process = subprocess.Popen([COMMAND, "update", board, path], cwd=self.folder, env=self.environment(TERM="xterm"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its_side)
        wait_for_a_change(board, before)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        termios.tcflow(its_side, termios.TCOON)
        os.close(its_side)
        said = read_all(terminal)
        self.assertEqual(process.wait(timeout=60), 130, said)
        self.assertIn(f"of {len(TWO)} bytes are done", said)
        self.assertIn("the same command goes on", said)
        status = self.ok("status", board, "--json").json
        self.assertEqual((status["boot_slot"], status["update"]["slot"]), ("ota_0", "ota_1"))
        self.assertEqual(self.ok("missing", board, "--json").json["missing"], status["update"]["missing"])
        self.ok("update", board, path)
        self.assertEqual(self.ok("status", board, "--json").json["boot_slot"], "ota_1")

    def test_the_bar_is_drawn_on_a_terminal_and_nowhere_else(self):
        path = self.file("two.bin", TWO)
        terminal, its_side = os.openpty()
        self.addCleanup(os.close, terminal)
        process = subprocess.Popen([COMMAND, "update", self.board(), path], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   env=self.environment(TERM="xterm"), stdout=subprocess.DEVNULL, stderr=its_side)
        os.close(its_side)
        self.assertIn("writing ota_1", read_all(terminal))
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertNotIn("writing", self.ok("update", self.board(), path).err)


class Flash(CommandTest):
    def test_it_writes_and_does_not_switch(self):
        board = self.board()
        answer = self.ok("flash", board, self.file("two.bin", TWO))
        self.assertIn("next: dualbank switch", answer.err)
        self.assertEqual(self.ok("status", board, "--json").json["boot_slot"], "ota_0")
        self.ok("switch", board)
        self.assertEqual(self.ok("status", board, "--json").json["boot_slot"], "ota_1")

    def test_pieces_come_in_any_order_and_missing_names_the_rest(self):
        board = self.board()
        pieces = [(at, TWO[at:at + 8192]) for at in range(0, len(TWO), 8192)]
        order = [pieces[0], pieces[3], pieces[1]]
        for at, piece in order:
            self.ok("flash", board, self.file("piece.bin", piece), "--offset", hex(at))
        missing = self.ok("missing", board, "--json").json["missing"]
        self.assertEqual(missing, [[16384, 24576], [32768, len(TWO)]])
        lines = self.ok("missing", board).out.split("\n")
        self.assertEqual(lines[0].split()[:2], ["16384", "24576"])
        self.refused("update_incomplete", "switch", board)
        for at, piece in reversed(pieces):
            self.ok("flash", board, self.file("piece.bin", piece), "--offset", at)
        self.assertEqual(self.ok("missing", board, "--json").json["missing"], [])
        self.ok("switch", board)
        self.assertEqual(board.read_bytes()[SLOTS[1]:SLOTS[1] + len(TWO)], TWO)

    def test_a_piece_before_the_start_is_refused(self):
        board = self.board()
        before = self.digest(board)
        self.refused("header_first", "flash", board, self.file("piece.bin", TWO[8192:]), "--offset", "8192")
        self.assertEqual(self.digest(board), before)

    def test_other_bytes_over_written_ones_are_refused(self):
        board = self.board()
        self.ok("flash", board, self.file("piece.bin", TWO[:8192]), "--offset", 0)
        self.refused("different_bytes", "flash", board, self.file("other.bin", noise("x", 100)), "--offset", "4096")

    def test_an_abandoned_update_is_gone(self):
        board = self.board()
        self.ok("flash", board, self.file("piece.bin", TWO[:8192]), "--offset", 0)
        self.ok("abandon", board)
        self.assertIsNone(self.ok("status", board, "--json").json["update"])
        self.refused("no_update", "abandon", board)


if __name__ == "__main__":
    unittest.main()
