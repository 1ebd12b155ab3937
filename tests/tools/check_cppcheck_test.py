"""tools/check_cppcheck finds what is wrong, and what it was told to pass for no reason."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

OVERRUN = "int last() {\n  const int a[4] = {1, 2, 3, 4};\n  return a[4];\n}\n"
CLEAN = "int last() { return 4; }\n"


def check(files):
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        done = subprocess.run([ROOT / "tools" / "check_cppcheck", tree], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


@unittest.skipUnless(shutil.which("cppcheck"), "no cppcheck")
class CheckCppcheck(unittest.TestCase):
    def test_clean_code_passes(self):
        self.assertEqual(check({"dualbank/formats/a.cpp": CLEAN, "dualbank/ports/b.hpp": CLEAN}), (0, "  2 files\n"))

    def test_it_finds_a_fault_in_each_room_and_in_a_port_that_is_a_header(self):
        for file in ("formats/a.cpp", "engine/a.cpp", "ports/x/a.cpp", "ports/x/a.hpp"):
            code, said = check({"dualbank/formats/good.cpp": CLEAN, f"dualbank/{file}": OVERRUN})
            self.assertEqual(code, 1, file)
            self.assertIn(f"dualbank/{file}:3: ", said)
            self.assertIn("[arrayIndexOutOfBounds]", said)

    def test_tests_and_other_rooms_are_not_looked_at(self):
        tree = {"dualbank/formats/a.cpp": CLEAN, "dualbank/formats/a_test.cpp": OVERRUN, "dualbank/cli/b.cpp": OVERRUN}
        self.assertEqual(check(tree), (0, "  1 files\n"))

    def test_what_it_cannot_read_is_no_success(self):
        code, said = check({"dualbank/formats/a.cpp": "int f( {\n"})
        self.assertEqual(code, 1, said)

    def test_a_suppression_holds_for_what_it_names(self):
        tree = {"dualbank/formats/a.cpp": OVERRUN, "tools/cppcheck_suppressions.txt":
                "// why\narrayIndexOutOfBounds:dualbank/formats/a.cpp\n"}
        self.assertEqual(check(tree), (0, "  1 files\n"))
        code, said = check({**tree, "dualbank/formats/b.cpp": OVERRUN})
        self.assertEqual(code, 1)
        self.assertNotIn("a.cpp:3", said)

    def test_a_suppression_for_nothing_is_refused(self):
        for line in ("arrayIndexOutOfBounds:dualbank/formats/a.cpp", "shadowFunction"):
            code, said = check({"dualbank/formats/a.cpp": CLEAN, "tools/cppcheck_suppressions.txt": line + "\n"})
            self.assertEqual(code, 1, said)
            self.assertIn("[unmatchedSuppression]", said)

    def test_an_empty_tree_is_no_success(self):
        code, said = check({})
        self.assertEqual(code, 1)
        self.assertIn("is this the repository's root?", said)


if __name__ == "__main__":
    unittest.main()
