"""dualbank sim: the built-in scenarios under power cuts, models that lose, replays."""

import os
import re
import signal
import subprocess
import time
import unittest

from support import COMMAND, CommandTest

SHORT = "two-slots stock: flash switch"
LAST_LINE = r"^(\d+) distinct cuts, (\d+) unsafe, in \d+\.\d s$"


class Sim(CommandTest):
    def sweep(self, *words, code=0):
        answer = self.run_command("sim", *words)
        self.assertEqual(answer.code, code, answer)
        return answer

    def test_a_scenario_of_the_users_own(self):
        out = self.sweep("--scenario", SHORT).out
        distinct, unsafe = re.match(LAST_LINE, out.splitlines()[-1]).groups()
        self.assertGreater(int(distinct), 100)
        self.assertEqual(unsafe, "0")
        for words in ("Cuts by kind", "program, prefix", "erase, marginal", "Cuts by call", "  flash ", "  switch ",
                      "Cuts by depth", "the first cut", "Most bytes sent again"):
            self.assertIn(words, out)
        self.assertNotIn("  confirm ", out)

    def test_json_says_the_same(self):
        answer = self.sweep("--scenario", SHORT, "--json", "--jobs", "1").json
        self.assertEqual(answer["schema"], 1)
        sweep = answer["sweep"]
        self.assertEqual(sweep["scenarios"], 1)
        self.assertEqual(sweep["cuts"], sum(sweep["by_kind"].values()))
        self.assertEqual(sweep["cuts"], sum(sweep["by_call"].values()))
        self.assertEqual([sweep["cuts"]], sweep["by_depth"])
        self.assertEqual(set(sweep["by_call"]), {"flash", "switch"})
        self.assertEqual(sweep["unsafe"], [])
        self.assertFalse(sweep["interrupted"])
        self.assertGreaterEqual(sweep["cuts"], sweep["distinct_cuts"])

    def test_all_cuts_in_every_way(self):
        quick = self.sweep("--scenario", SHORT, "--json").json["sweep"]
        every = self.sweep("--scenario", SHORT, "--cut", "all", "--json").json["sweep"]
        self.assertGreater(every["distinct_cuts"], 2 * quick["distinct_cuts"])
        self.assertEqual(len(every["by_depth"]), 1)

    def test_the_same_cut_again_and_again(self):
        for words in (("--scenario", SHORT), ("--model", "vendor-plain")):
            sweep = self.sweep(*words, "--cut", "again", "--json").json["sweep"]
            self.assertEqual(len(sweep["by_depth"]), 8)
            self.assertGreater(sweep["by_depth"][7], 1000, "all after the seventh")
            self.assertEqual(sweep["unsafe"], [])

    def test_scenarios_add_up_and_words_pick_built_in_ones(self):
        two = self.sweep("--scenario", SHORT, "--scenario", "two-slots/fresh stock: flash switch", "--json").json
        self.assertEqual(two["sweep"]["scenarios"], 2)
        lines = self.ok("sim", "--list", "--json").json["scenarios"]
        some = self.sweep("--scenario", "words stock", "--json").json["sweep"]["scenarios"]
        self.assertEqual(some, sum("words stock" in line for line in lines))
        self.assertGreater(some, 0)

    def test_the_number_of_threads_does_not_change_what_is_found(self):
        distinct = {self.sweep("--scenario", SHORT, "--jobs", jobs, "--json").json["sweep"]["distinct_cuts"]
                    for jobs in (1, 3)}
        self.assertEqual(len(distinct), 1)

    def test_all_states(self):
        answer = self.sweep("--states", "--cuts", "0", "--start", "one-record", "--start", "factory", "--json")
        states = answer.json["states"]
        self.assertEqual((states["most_cuts"], states["interrupted"]), (0, False))
        self.assertEqual({(run["board"], run["policy"]) for run in states["runs"]},
                         {(board, policy) for board in ("two-slots", "factory")
                          for policy in ("stock", "stock-rollback", "dualbank")})
        for run in states["runs"]:
            self.assertTrue(run["closed"], run)
            self.assertEqual(run["unsafe"], [])
            self.assertGreater(run["states"], 50)
            self.assertGreater(run["transitions"], run["states"])
            self.assertEqual(sum(run["states_by_cuts"]), run["states"])

    def test_states_are_told_in_a_line_for_each_run(self):
        out = self.sweep("--states", "--cuts", "0", "--start", "one-record", "--policy", "stock-rollback").out
        first, last = out.splitlines()
        self.assertRegex(first, r"^one-record, stock-rollback, 0 cuts: \d+ states, \d+ transitions, closed, 0 unsafe$")
        self.assertRegex(last, r"^\d+ states, \d+ transitions, 0 unsafe, in \d+\.\d s$")

    def test_states_after_a_cut(self):
        words = ("--states", "--start", "one-record", "--policy", "stock-rollback", "--json")
        (run,) = self.sweep(*words).json["states"]["runs"]
        self.assertEqual((run["closed"], run["unsafe"]), (True, []))
        self.assertEqual(len(run["states_by_cuts"]), 2)
        self.assertGreater(run["states_by_cuts"][1], 1000)
        self.assertGreater(run["cuts"], 10000)

    def test_a_model_that_loses_is_caught_and_replayed(self):
        answer = self.sweep("--model", "vendor-confirm", code=3)
        (found, *_) = re.findall(r"^UNSAFE (vendor-confirm @ \S+): .*version 2 never will$", answer.out, re.M)
        self.assertIn(f"  dualbank sim --replay '{found}'\n", answer.out)
        self.assertGreater(int(re.match(LAST_LINE, answer.out.splitlines()[-1])[2]), 0)
        replayed = self.sweep("--replay", found, code=3).out
        self.assertRegex(replayed, r"(?m)^The power is on\.$")
        self.assertRegex(replayed, r"(?m)^  version 1 boots$")
        self.assertRegex(replayed, r"(?m)^    \d+ +(erases|programs) \d+ bytes? of sector 0: the power goes ")
        self.assertRegex(replayed, r"(?m)^The power comes back")
        self.assertRegex(replayed.splitlines()[-1], r"^WRONG: only the recovery app boots, now and for ever")
        same = self.sweep("--replay", found, "--json", code=3).json["replay"]
        self.assertEqual(same["lines"], replayed.splitlines())
        self.assertEqual((same["id"], same["safe"]), (found, False))
        self.assertIn("never will", same["problem"])

    def test_a_model_that_survives(self):
        answer = self.sweep("--model", "vendor-plain", "--json").json["sweep"]
        self.assertEqual(answer["unsafe"], [])
        self.assertNotIn("by_call", answer)

    def test_a_scenario_is_replayed_call_by_call(self):
        out = self.sweep("--replay", "two-slots stock: flash switch reset confirm @ 3p12+0b").out
        self.assertRegex(out, r"(?m)^  ota_0 boots \(1\.0\)$")
        self.assertRegex(out, r"(?m)^    \S+ +flash programs \d+ bytes of ota_1$")
        self.assertRegex(out, r"(?m)^    3 .*: the power goes when the first 12 of 16 pages are erased$")
        self.assertRegex(out, r"(?m)^    0 .*: the power goes before it$")
        self.assertEqual(out.splitlines()[-1], "All is well: ota_1 boots (2.0) in the end.")
        self.assertIsNone(self.sweep("--replay", "two-slots stock: flash @ 0b", "--json").json["replay"]["problem"])

    def test_the_list(self):
        out = self.ok("sim", "--list").out
        listed = self.ok("sim", "--list", "--json").json
        self.assertGreater(len(listed["scenarios"]), 20)
        for kind in ("boards", "starts", "models", "state_starts"):
            for item in listed[kind]:
                self.assertIn(item["name"], out)
                self.assertIn(item["says"], out)
        self.assertIn("three-two", [start["name"] for start in listed["state_starts"]])
        self.assertIn("scratch-swap", [model["name"] for model in listed["models"]])
        self.assertIn("flash-shuffled", listed["calls"])

    def test_wrong_usage(self):
        cases = {
            ("--scenario", "two-slot stock: flash"): ("unknown_scenario", "--list", "two-slots"),
            ("--scenario", "two-slots stock: flush"): ("unknown_scenario", "--list", "flash-shuffled"),
            ("--scenario", "two-slots stok: flash"): ("unknown_scenario", "--list", "stock-rollback"),
            ("--model", "vendor-confrm"): ("unknown_model", "vendor-confirm", "vendor-confrm"),
            ("--cut", "some"): ("bad_cut", "quick, all, full or again", "some"),
            ("--jobs", "0"): ("bad_jobs", "1 to", "0"),
            ("--jobs", "many"): ("bad_number", "", "many"),
            ("--replay", "vendor-confirm"): ("bad_replay_id", "@", "no @"),
            ("--replay", "vendor-confirm @ 0q"): ("bad_replay_id", "17p12", "0q"),
            ("--replay", "vendor-confrm @ 0a"): ("bad_replay_id", "--list", "vendor-confrm"),
            ("--replay", "vendor-confirm @ 0a", "--model", "vendor-plain"): ("usage", "all that is needed", "--model"),
            ("--model", "vendor-plain", "--scenario", SHORT): ("usage", "one after the other", "--scenario"),
            ("--states", "--cuts", "4"): ("bad_cut", "0 to 3", "4"),
            ("--states", "--start", "one-recrd"): ("unknown_start", "one-record", "one-recrd"),
            ("--states", "--model", "vendor-plain"): ("usage", "one after the other", "--model"),
            ("--replay", "vendor-confirm @ 0a", "--states"): ("usage", "all that is needed", "--states"),
            ("--cuts", "1"): ("usage", "--states", "--cuts"),
            ("board.flash",): ("too_many_operands", "--help", "board.flash"),
        }
        for words, (code, cure, message) in cases.items():
            with self.subTest(words):
                error = self.refused(code, "sim", *words, exit_code=2)
                self.assertIn(cure, error["cure"])
                self.assertIn(message, error["message"])

    def test_ctrl_c_shows_what_was_done(self):
        process = subprocess.Popen([COMMAND, "sim", "--cut", "full", "--json"], stdout=subprocess.PIPE, text=True,
                                   env=self.environment(), cwd=self.folder)
        time.sleep(1)
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, out)
        self.assertIn('"interrupted": true', out)


if __name__ == "__main__":
    unittest.main()
