"""The faults of tools/mutants.txt are in step with the code, and tools/mutate says where a list is not. Builds nothing."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = "int f(int a) {\n  if (a < 0) {\n    return 0;\n  }\n  a += 1;\n  return a;\n}\n"


def mutate(*words):
    done = subprocess.run([ROOT / "tools" / "mutate", *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def entry(name="fault-{}", lines="- a += 1;\n+ a += 2;", file="a.cpp"):
    return f"== {name}\nfile: {file}\nwrong: It counts wrong.\n{lines}\n\n"


def check(*more, count=50):
    """Of a list of `count` good faults and these."""
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        (tree / "tools").mkdir()
        (tree / "a.cpp").write_text(CODE)
        good = (entry().format(number) for number in range(count))
        (tree / "tools" / "mutants.txt").write_text("# faults\n" + "".join([*good, *more]))
        code, out, err = mutate("--check", "--root", tree)
        return code, out + err


class Mutate(unittest.TestCase):
    def refuses(self, *words, more=(), count=50):
        code, said = check(*more, count=count)
        self.assertEqual(code, 2, said)
        for word in words:
            self.assertIn(word, said)

    def test_our_own_list_is_in_step_with_the_code(self):
        self.assertEqual(mutate("--check"), (0, "", ""))

    def test_our_own_list_is_told(self):
        code, out, _ = mutate("--list")
        self.assertEqual(code, 0)
        self.assertGreaterEqual(len(out.splitlines()), 50)
        self.assertIn("anchor-left-out", out)

    def test_a_good_list_passes(self):
        self.assertEqual(check(), (0, ""))
        self.assertEqual(check(entry("two-lines", "  }\n- a += 1;\n  return a;")), (0, ""))

    def test_too_few_faults(self):
        self.refuses("49 faults, 50 at least", count=49)

    def test_text_that_is_not_there_exactly_once(self):
        self.refuses("gone: found 0 times in a.cpp: a -= 1;", more=[entry("gone", "- a -= 1;")])
        self.refuses("apart: found 0 times", more=[entry("apart", "- a += 1;\n  }")])
        self.refuses("twice: found 2 times", more=[entry("twice", "- }\n")])

    def test_names(self):
        self.refuses("fault-7: more than one fault of this name", more=[entry("fault-7")])
        self.refuses("Fault 7: a name is made of", more=[entry("Fault 7")])

    def test_entries_that_say_too_little(self):
        self.refuses("same: needs", more=[entry("same", "  a += 1;")])
        self.refuses("silent: needs", more=["== silent\nfile: a.cpp\n- a += 1;\n"])
        self.refuses("b.cpp is not there", more=[entry("lost", file="b.cpp")])
        self.refuses("not understood: a += 1;", more=[entry("odd", "a += 1;")])

    def test_names_that_are_not_there(self):
        code, _, err = mutate("--check", "--only", "no-such-fault")
        self.assertEqual((code, err), (2, "mutate: no-such-fault: no fault of this name\n"))


if __name__ == "__main__":
    unittest.main()
