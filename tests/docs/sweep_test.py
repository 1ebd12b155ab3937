"""What README and docs/POWER-CUTS.md promise of `make test`: a million distinct power cuts, none of them unsafe."""

import json
import os
import subprocess
import unittest

DUALBANK = os.environ["DUALBANK_BIN"]


class Sweep(unittest.TestCase):
    def test_a_million_distinct_cuts_and_none_unsafe(self):
        done = subprocess.run([DUALBANK, "sim", "--cut", "all", "--json"], capture_output=True, text=True, check=False)
        report = json.loads(done.stdout)["sweep"]
        self.assertEqual(report["unsafe"], [], done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(report["distinct_cuts"], 1_000_000)


if __name__ == "__main__":
    unittest.main()
