"""Hostile files and names: one line that says what and why, no hang, little memory, and nothing on the terminal but text."""

import os
import signal
import subprocess
import tempfile
import time
import unittest

import support

MOST_SECONDS = 60 if support.SANITIZED else 5  # on a busy machine; what hangs does so for ever
MOST_KIB = 64 * 1024


class Hostile(support.CommandTest):
    def measured(self, *words, source=subprocess.DEVNULL):
        """(exit code, standard output, standard error) of a command that is short and small."""
        begin = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:  # pipes can fill up
            process = subprocess.Popen([support.COMMAND, *map(str, words)], cwd=self.folder, env=self.environment(),
                                       stdin=source, stdout=out, stderr=err)
            signal.signal(signal.SIGALRM, lambda *_: process.kill())
            signal.alarm(MOST_SECONDS)
            _, status, usage = os.wait4(process.pid, 0)
            signal.alarm(0)
            said = []
            for file in (out, err):
                file.seek(0)
                said.append(file.read().decode())
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertLess(time.monotonic() - begin, MOST_SECONDS, f"{words} hangs")
        if not support.SANITIZED:
            self.assertLess(usage.ru_maxrss, MOST_KIB, f"{words} takes {usage.ru_maxrss} KiB")
        return process.returncode, *said

    def says_no(self, *words, says):
        code, _, err = self.measured(*words)
        self.assertIn(code, (1, 2), err)
        self.assertIn(says, err)
        self.assertLessEqual(len(err.strip().splitlines()), 2, "what, and the cure")

    def image(self, version):
        return self.file(f"app-{version}.bin", support.app_image(version))

    def test_pipes_that_nobody_writes_to(self):
        os.mkfifo(self.folder / "pipe")
        for verb in ("inspect", "map"):
            code, out, err = self.measured(verb, "pipe")
            self.assertNotEqual(code, 0)
            self.assertIn("0 bytes", out + err)
        self.says_no("status", "pipe", says="no flash file")
        self.says_no("update", self.board(), "pipe", says="pipe is empty")

    def test_pipes_that_somebody_writes_to(self):
        image = self.image("1.0")
        done = subprocess.run(["bash", "-c", f"{support.COMMAND} inspect <(cat {image})"], cwd=self.folder,
                              capture_output=True, text=True, timeout=60)
        self.assertIn("nothing wrong was found", done.stdout)

    def test_devices_and_loops(self):
        (self.folder / "one").symlink_to("two")
        (self.folder / "two").symlink_to("one")
        for device in ("/dev/zero", "/dev/null", "/dev/urandom"):
            self.says_no("inspect", device, says=f"{device} is a device, no file")
            self.says_no("update", self.board(), device, says="is a device")
            self.says_no("status", device, says="no flash file")
        for verb in ("inspect", "status", "map"):
            self.says_no(verb, "one", says="one")

    def test_files_that_are_too_large(self):
        for name in ("large.bin", "large.csv"):
            with open(self.folder / name, "wb") as file:
                file.truncate(3 << 30)
        self.says_no("inspect", "large.bin", says="large.bin has more than 256 MiB")
        self.says_no("status", "large.bin", says="large.bin: the flash file has 3,072 MiB")
        self.says_no("new", "made", "--csv", "large.csv", says="large.csv has more than 1 MiB")
        with open("/dev/zero", "rb") as zeros:
            code, _, err = self.measured("inspect", "-", source=zeros)
        self.assertEqual(code, 1, err)
        self.assertIn("has more than 48 MiB", err)

    def test_a_link_is_followed_and_what_is_written_is_the_file(self):
        board = self.board()
        (self.folder / "link").symlink_to(board)
        self.assertEqual(self.measured("update", "link", self.image("2.0"))[0], 0)
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertIn(support.descriptor("2.0")[:80], board.read_bytes())
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"board.flash", "link", "app-2.0.bin"})

    def test_nothing_but_text_reaches_the_terminal(self):
        name = "a\x1b]0;title\x07b\x1b[2Jc\nd.bin"
        (self.folder / name).write_bytes(b"no firmware" * 40)
        for verb in ("inspect", "status", "map"):
            for file in (name, name + "x"):
                _, out, err = self.measured(verb, file)
                for character in "\x1b\x07":
                    self.assertNotIn(character, out + err)
        csv = "nvs,data,nvs,0x9000,0x5000\notadata,data,ota,0xe000,0x2000\n\x1b[2Jb,app,ota_0,0x10000,1M\nc,app,ota_1,,1M\n"
        (self.folder / "escapes.csv").write_text(csv)
        self.measured("new", "board.flash", "--csv", "escapes.csv", "--size", "4MB", "--chip", "esp32s3")
        for verb in ("inspect", "status", "map"):
            _, out, err = self.measured(verb, "board.flash")
            self.assertNotIn("\x1b", out + err)


if __name__ == "__main__":
    unittest.main()
