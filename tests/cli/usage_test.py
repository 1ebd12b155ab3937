"""The command line itself: help, completions, man page, exit codes, environment."""

import json
import shutil
import subprocess
import unittest

from support import COMMAND, CommandTest, app_image

VERBS = ("new", "boards", "status", "flash", "switch", "update", "missing", "reset", "confirm", "rollback", "repair", "abandon",
         "erase-filesystem", "inspect", "make-image", "extract", "keygen", "sign", "verify", "map", "run", "sim", "explain", "completions", "man")
GLOBALS = ("--json", "--policy", "--running", "--quiet", "--verbose", "--color", "--help", "--version")


class Usage(CommandTest):
    def test_help_names_every_verb_and_every_option(self):
        text = self.ok("--help").out
        for word in VERBS + GLOBALS:
            self.assertIn(word, text)
        self.assertEqual(self.ok("-h").out, text)

    def test_each_verb_has_its_help_before_or_after_it(self):
        for verb in VERBS:
            with self.subTest(verb):
                text = self.ok(verb, "--help").out
                self.assertTrue(text.startswith(f"dualbank {verb}: "))
                self.assertIn("Usage", text)
                self.assertEqual(self.ok("--help", verb).out, text)
                self.assertLessEqual(max(map(len, text.splitlines())), 132)

    def test_the_version(self):
        self.assertRegex(self.ok("--version").out, r"^dualbank \d+\.\d+\.\d+\n$")
        self.assertEqual(self.ok("-V").out, self.ok("--version").out)

    def test_wrong_usage_is_exit_code_2_with_a_hint(self):
        cases = {
            ("stauts", "x"): ("unknown_verb", "status"),
            ("frobnicate",): ("unknown_verb", "--help"),
            ("status", "x", "--jsno"): ("unknown_option", "--json"),
            ("update", "x", "y", "--dryrun"): ("unknown_option", "--dry-run"),
            ("flash", "x", "y", "--ofset=3"): ("unknown_option", "--offset"),
            ("status",): ("missing_operand", "--help"),
            ("update", "x"): ("missing_operand", "--help"),
            ("status", "x", "y"): ("too_many_operands", "--help"),
            ("status", "x", "--running", "ota9x"): ("bad_slot", "ota_0"),
            ("status", "x", "--policy", "rollback"): ("unknown_policy", "stock-rollback"),
            ("status", "x", "--color", "blue"): ("bad_color", "auto"),
            ("completions", "tcsh"): ("unknown_shell", "bash"),
            ("explain", "on_trail"): ("unknown_code", "on_trial"),
            ("explain", "on_trial", "ota_0", "1"): ("too_many_values", ""),
            ("flash", "x", "y", "--offset", "--dry-run"): ("usage", "byte N"),
            (): ("no_verb", "--help"),
        }
        for words, (code, hint) in cases.items():
            with self.subTest(words):
                self.assertIn(hint, self.refused(code, *words, exit_code=2)["cure"])

    def test_global_options_stand_before_or_after_the_verb(self):
        board = self.board()
        self.assertEqual(self.ok("--json", "status", board).json, self.ok("status", board, "--json").json)
        self.assertEqual(self.ok("--policy", "dualbank", "status", board, "--json").json["policy"], "dualbank")
        self.assertEqual(self.ok("--running=ota_1", "status", board, "--json").json["running_slot"], "ota_1")

    def test_target_may_come_from_the_environment(self):
        board = self.board((app_image("1.0"), app_image("2.0")))
        env = {"DUALBANK_FLASH": str(board)}
        self.assertEqual(self.ok("status", "--json", env=env).json["boot_slot"], "ota_0")
        self.ok("update", self.file("x.bin", app_image("3.0")), env=env)
        answer = self.ok("switch", "ota_1", "--running", "ota_0", env=env)
        self.assertIn("next: dualbank reset ", answer.err)
        self.assertNotIn(str(board), answer.err)
        self.ok("extract", "ota_0", "-o", "y.bin", env=env)
        self.assertIn("dualbank confirm keeps", self.refused("on_trial", "update", "y.bin", env=env)["cure"])
        other = self.file("other.flash", board.read_bytes())
        self.ok("rollback", other, env=env)

    def test_json_is_one_object_and_nothing_else_on_standard_output(self):
        board = self.board((app_image("1.0"), app_image("2.0")))
        image = self.file("i.bin", app_image("3.0"))
        for words in (["status", board], ["missing", board], ["map", board], ["inspect", board], ["boards"], ["explain"],
                      ["explain", "on_trial", "ota_1"], ["update", board, image], ["switch", board], ["rollback", board],
                      ["reset", board], ["flash", board, image], ["abandon", board], ["man"], ["completions", "bash"],
                      ["new", "n.flash", "--layout", "4MB"], ["--help"], ["--version"]):
            with self.subTest(str(words[0])):
                answer = self.run_command(*words, "--json")
                value = json.loads(answer.out)
                self.assertEqual(value["schema"], 1)
                self.assertEqual(list(value)[0], "schema")
                self.assertEqual(answer.code == 0, "error" not in value, answer)

    def test_a_full_disk_at_standard_output_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([COMMAND, "boards"], stdout=full, stderr=subprocess.PIPE, env=self.environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output", done.stderr)


class Explain(CommandTest):
    def test_a_code_with_its_values(self):
        answer = self.ok("explain", "image_wrong_chip", "esp32c3", "esp32s3")
        self.assertIn("esp32c3", answer.out)
        self.assertEqual(answer.out, self.ok("explain", "81", "5", "9").out)

    def test_without_values_their_names_are_shown(self):
        self.assertIn("<running>", self.ok("explain", "on_trial").out)

    def test_all_are_listed(self):
        codes = self.ok("explain", "--json").json["codes"]
        self.assertGreater(len(codes), 80)
        self.assertEqual(len({c["number"] for c in codes}), len(codes))


class Generated(CommandTest):
    def test_the_man_page_renders_without_a_warning_and_says_what_help_says(self):
        page = self.ok("man").out
        path = self.file("dualbank.1", page.encode())
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-cbou", str(path)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for verb in VERBS:
            self.assertIn(f"dualbank {verb}", done.stdout.replace("\u2010", "-"))
        for name in ("DUALBANK_FLASH", "EXIT STATUS", "130"):
            self.assertIn(name, done.stdout)

    def complete(self, script, *words):
        """What bash offers for the last word."""
        program = f"""source {script}
COMP_WORDS=({' '.join(repr(w) for w in ('dualbank', *words))}); COMP_CWORD={len(words)}
_dualbank; printf '%s\\n' "${{COMPREPLY[@]}}" """
        done = subprocess.run(["bash", "-c", program], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completion_offers_verbs_options_values_and_files(self):
        script = self.file("complete.bash", self.ok("completions", "bash").out.encode())
        self.assertEqual(subprocess.run(["bash", "-n", script]).returncode, 0)
        self.file("board.flash", b"")
        self.assertEqual(set(self.complete(script, "")), set(VERBS))
        self.assertEqual(self.complete(script, "roll"), ["rollback"])
        self.assertEqual(self.complete(script, "--json", "stat"), ["status"])
        self.assertIn("--offset", self.complete(script, "flash", "--"))
        self.assertNotIn("--offset", self.complete(script, "status", "--"))
        self.assertEqual(self.complete(script, "status", "bo"), ["board.flash"])
        self.assertEqual(self.complete(script, "status", "--policy", "stock-"), ["stock-rollback"])
        self.assertIn("adafruit_metro_esp32s3", self.complete(script, "new", "x", "--board", "adafruit_me"))
        self.assertEqual(self.complete(script, "completions", "z"), ["zsh"])

    def test_zsh_and_fish_take_their_scripts(self):
        for shell in ("zsh", "fish"):
            with self.subTest(shell):
                script = self.file(f"complete.{shell}", self.ok("completions", shell).out.encode())
                if shutil.which(shell) is None:
                    self.skipTest(f"{shell} is not installed")
                done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_option_is_in_every_script(self):
        scripts = {shell: self.ok("completions", shell).out for shell in ("bash", "zsh", "fish")}
        for verb in VERBS:
            options = [word.rstrip(",") for line in self.ok(verb, "--help").out.splitlines() if line.startswith("  ")
                       for word in line.split()[:2] if word.startswith("--")]
            for option in options:
                for shell, script in scripts.items():
                    self.assertIn(option if shell != "fish" else f"-l {option[2:]}", script, (verb, shell))


if __name__ == "__main__":
    unittest.main()
