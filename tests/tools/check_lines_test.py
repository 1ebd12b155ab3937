"""tools/check_lines counts what it says it counts."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(files):
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        for path, lines in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text("".join(line + "\n" for line in lines))
        done = subprocess.run([ROOT / "tools" / "check_lines", tree], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


CODE, TEST = "dualbank/formats/a.cpp", "dualbank/formats/a_test.cpp"


class CheckLines(unittest.TestCase):
    def test_enough_tests(self):
        self.assertEqual(check({CODE: ["x;"] * 10, TEST: ["y;"] * 15}),
                         (0, "  1.50 lines of test for each line of formats and engine (15 : 10)\n"))

    def test_too_few_tests(self):
        code, said = check({CODE: ["x;"] * 10, TEST: ["y;"] * 14})
        self.assertEqual(code, 1)
        self.assertIn("14 lines of test for 10 of formats and engine: 1.40, 1.5 at least", said)

    def test_comments_and_blank_lines_do_not_count(self):
        padding = ["", "  // why", "    "] * 10
        self.assertEqual(check({CODE: ["x;"] * 10 + padding, TEST: ["y;"] * 15})[0], 0)
        self.assertEqual(check({CODE: ["x;"] * 10, TEST: ["y;"] * 14 + padding})[0], 1)

    def test_other_rooms_do_not_help(self):
        self.assertEqual(check({CODE: ["x;"] * 10, TEST: ["y;"] * 14, "dualbank/cli/b_test.cpp": ["z;"] * 100})[0], 1)

    def test_long_files_need_a_reason(self):
        tree = {CODE: ["x;"], TEST: ["y;"] * 2, "tools/long": ["#"] * 401}
        code, said = check(tree)
        self.assertEqual(code, 1)
        self.assertIn("tools/long: 401 lines, 400 at most", said)
        self.assertEqual(check({**tree, "tools/long_files.txt": ["tools/long a table, one row a line"]})[0], 0)
        self.assertEqual(check({**tree, "tools/long_files.txt": ["tools/long"]})[0], 1)
        self.assertEqual(check({**tree, "tools/long": ["#"] * 400})[0], 0)

    def test_reasons_for_nothing_are_refused(self):
        tree = {CODE: ["x;"], TEST: ["y;"] * 2}
        code, said = check({**tree, "tools/long_files.txt": ["tools/gone was long"]})
        self.assertEqual(code, 1)
        self.assertIn("tools/gone is not there", said)
        code, said = check({**tree, "tools/b": ["#"], "tools/long_files.txt": ["tools/b was long"]})
        self.assertEqual(code, 1)
        self.assertIn("need no reason", said)

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(check({"README.md": [""]})[0], 1)


if __name__ == "__main__":
    unittest.main()
