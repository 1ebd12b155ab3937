"""What `make device` shows, from the first boot to the power cut: the story checks itself at each step."""

import re
import subprocess
import time
import unittest

import board


class Story(unittest.TestCase):
    def test_the_whole_of_it(self):
        begin = time.monotonic()
        done = subprocess.run([board.ROOT / "examples" / "riscv_board" / "story"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertLess(time.monotonic() - begin, 60)
        told = [re.search(pattern, done.stdout) for pattern in (
            r"application: 1\.0 in ota_0", r"application: 2\.0 in ota_1, trial_boot, trial boot 1",
            r"is confirmed and stays", r"starts ota_0, trial boot 3",
            r"application: 2\.0 in ota_1, trial_failed", r"went away",
            r"bytes were there before", r"application: 4\.0 in ota_0, trial_boot, trial boot 1", r"Yours to play with")]
        self.assertNotIn(None, told, done.stdout)
        self.assertEqual(sorted(told, key=lambda found: found.start()), told)
        self.assertEqual(board.foreseen(board.BUILD / "story" / "board.flash").version, "4.0")


if __name__ == "__main__":
    board.run_tests()
