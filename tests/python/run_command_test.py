"""`dualbank run` and `python -m dualbank run`: options, errors, exit codes, output for people and for programs."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from run_support import RunTest
from support import command


class Command(RunTest):
    def refused(self, code, *arguments, exit_code=1, flash=True):
        """Once for people, once as JSON; returns the error object."""
        plain = self.run_plain(*arguments, flash=flash)
        self.assertEqual((plain.code, plain.out), (exit_code, ""), plain)
        ran = self.run_plain(*arguments, "--json", flash=flash)
        self.assertEqual(ran.code, exit_code, ran)
        error = ran.json["error"]
        self.assertEqual((ran.json["schema"], error["code"]), (1, code), ran)
        self.assertIn(error["message"], plain.err)
        self.assertIn(error["cure"], plain.err)
        self.assertTrue(error["cure"])
        return error

    def test_what_is_wrong_is_said_with_the_cure(self):
        script = self.script("print('never')\n")
        cases = [
            ("no_flash_named", (script,), 2, False),
            ("file_error", (self.drive / "nope.py",), 1, True),
            ("file_error", (script, "--serve", self.folder / "nowhere"), 1, True),
            ("file_error", (script, "--settings", self.folder / "nowhere"), 1, True),
            ("usage", (script, "--module", "micropython"), 2, True),
            ("usage", (script, "--nonsense"), 2, True),
            ("usage", (), 2, True),
            ("usage", (script, "--set", "A"), 2, True),
            ("usage", (script, "--set", "A={serve}"), 2, True),
            ("bad_number", (script, "--boots", "0"), 2, True),
            ("bad_number", (script, "--boots", "many"), 2, True),
            ("bad_number", (script, "--sleep", "-1"), 2, True),
            ("bad_number", (script, "--sleep", "nan"), 2, True),
        ]
        for code, arguments, exit_code, flash in cases:
            with self.subTest(arguments[1:]):
                self.refused(code, *arguments, exit_code=exit_code, flash=flash)
        settings = self.folder / "bad.toml"
        settings.write_text("A = oops\n")
        self.refused("bad_settings", script, "--settings", settings)
        self.path.write_bytes(b"\xff" * 65536)
        self.refused("table_missing", script)
        self.path.unlink()
        self.refused("file_error", script)

    def test_the_flash_may_come_from_the_environment(self):
        self.assertEqual(self.run_plain(self.script("print('hi')\n"), flash=False, DUALBANK_FLASH=str(self.path)).out, "hi\n")

    def test_for_people_the_summary_follows_what_the_script_says(self):
        script = self.script("import dualbank\nprint('begin')\ndualbank.flash(b'x' * 400, 0)\n")
        ran = self.run_plain(script)
        self.assertEqual(ran.code, 1)
        self.assertEqual(ran.out.splitlines()[:3],
                         ["begin", "1 call on which the board's module and dualbank's differ:",
                          "code.py:3: dualbank.flash(b'x' * 400, 0)   [1]"])  # fmt: skip
        self.assertIn("-- start 1 (power_on): ota_0 runs (1.0)", ran.err)
        quiet = self.run_plain(script, "--quiet")
        self.assertEqual((quiet.out, quiet.err.splitlines()[0]), (ran.out, "Traceback (most recent call last):"))

    def test_a_reader_that_goes_away_is_no_fault_worth_words(self):
        script = self.script("import dualbank\nfor n in range(3):\n    try:\n        dualbank.flash(b'x', n)\n"
                             "    except TypeError:\n        pass\n")  # fmt: skip
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([sys.executable, "-m", "dualbank", "run", script, "-q", "--flash", self.path], stdout=write,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (1, ""))

    def test_json_is_one_object(self):
        ran = self.run_plain(self.script("print('words')\n"), "--json")
        self.assertEqual(list(ran.json), ["schema", "module", "ended", "serve_url", "drive", "boot_slot", "starts",
                                          "differences", "uncompared_calls"])  # fmt: skip
        self.assertIn("words", ran.err)

    def test_a_script_that_brings_python_down_is_told(self):
        script = self.script("import sys\n"
                             "sys.modules['os'].kill(sys.modules['os'].getpid(), 9)\n")  # fmt: skip
        error = self.refused("script_died", script)
        self.assertEqual(error["values"], {"exit_code": -9})

    def test_ctrl_c_ends_the_script_and_is_130(self):
        script = self.script("import time\ntry:\n    print('ready', flush=True)\n    while True:\n        time.sleep(0.01)\n"
                             "finally:\n    print('tidy')\n")  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "dualbank", "run", script, "--flash", self.path], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)  # fmt: skip
        self.assertEqual(process.stdout.readline(), "ready\n")
        os.killpg(process.pid, 2)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (130, "tidy\n"), err)
        self.assertIn("KeyboardInterrupt", err)

    def test_the_flash_is_given_back_and_refused_while_in_use(self):
        script = self.script("import time\nprint('ready', flush=True)\ntime.sleep(30)\n")
        process = subprocess.Popen([sys.executable, "-m", "dualbank", "run", script, "--sleep", "30", "--flash", self.path],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, process_group=0)  # fmt: skip
        self.addCleanup(process.stdout.close)
        try:
            self.assertEqual(process.stdout.readline(), "ready\n")
            self.refused("file_error", script)
        finally:
            os.killpg(process.pid, 2)
            process.wait(timeout=30)
        self.assertEqual(self.run_plain(script, "--sleep", "0").code, 0)


@unittest.skipIf(command() is None, "DUALBANK_BIN names no command")
class TheCommand(RunTest):
    def run_dualbank(self, *words, program=None, **environment):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("DUALBANK_", "PYTHONPATH"))}
        return subprocess.run([program or command(), *map(str, words)], capture_output=True, text=True, cwd=self.folder,
                              timeout=60, env=keep | {"DUALBANK_PYTHON": sys.executable} | environment)  # fmt: skip

    def test_it_starts_python_and_passes_everything_on(self):
        (self.folder / "web").mkdir()
        script = self.script("import os, my_thing\nprint(os.getenv('A'), os.getenv('B'))\n")
        done = self.run_dualbank("--json", "run", script, "--flash", self.path, "--serve", "web", "--set", "A=1", "--set",
                                 "B={serve}", "--stub", "my_thing", "--module", "dualbank", "--policy", "dualbank", "--boots",
                                 "2", "--sleep", "0", "--seconds", "50")  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result["module"], result["ended"]), ("dualbank", "done"))
        self.assertIn(f"1 {result['serve_url']}", done.stderr)

    def test_errors_are_those_of_the_command(self):
        script = self.script("print('hi')\n")
        cases = [
            (("run",), 2, "missing_operand", {}),
            (("run", script, "--bots", "3"), 2, "unknown_option", {}),
            (("run", script, "--running", "ota_1", "--flash", self.path), 2, "usage", {}),
            (("run", script), 2, "no_flash_named", {}),
            (("run", script, "--flash", self.path), 1, "no_python", {"DUALBANK_PYTHON": "/nowhere/python3"}),
        ]
        for words, code, name, environment in cases:
            with self.subTest(name):
                done = self.run_dualbank(*words, "--json", **environment)
                error = json.loads(done.stdout)["error"]
                self.assertEqual((done.returncode, error["code"]), (code, name), done)
                self.assertTrue(error["cure"])

    def test_without_the_package_it_says_where_it_comes_from(self):
        lonely = self.folder / "bin" / "dualbank"
        lonely.parent.mkdir()
        shutil.copy2(command(), lonely)
        done = self.run_dualbank("run", self.script("print('hi')\n"), "--flash", self.path, "--json", program=lonely)
        self.assertEqual((done.returncode, json.loads(done.stdout)["error"]["code"]), (1, "no_package"), done)

    def test_installed_it_finds_the_package_in_lib(self):
        prefix = self.folder / "prefix"
        (prefix / "bin").mkdir(parents=True)
        shutil.copy2(command(), prefix / "bin" / "dualbank")
        shutil.copytree(Path(command()).parent / "python", prefix / "lib" / "dualbank" / "python")
        done = self.run_dualbank("run", self.script("print('hi')\n"), "--flash", self.path, program=prefix / "bin" / "dualbank")
        self.assertEqual((done.returncode, done.stdout), (0, "hi\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
