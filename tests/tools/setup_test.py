"""tools/setup, with apt and dpkg played by scripts: installs as root, tells the one line otherwise, else keeps quiet."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Setup(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = self.folder / "apt.log"

    def play(self, name, script):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def setup(self, *tasks, missing=(), root=False, apt="exit 0"):
        """Runs tools/setup on a machine where all packages are installed but those."""
        pattern = "|".join(missing) or "none"
        self.play("dpkg-query", f'for p in "$@"; do case $p in -*|\'$\'*|{pattern}) ;; *) echo "installed:$p" ;; esac; done\n')
        self.play("id", f"echo {0 if root else 1000}\n")
        self.play("apt-get", f'echo "$*" >>{self.log}\n{apt}\n')
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        done = subprocess.run([ROOT / "tools" / "setup", *tasks], env=env, capture_output=True, text=True)
        apt_calls = self.log.read_text().splitlines() if self.log.exists() else []
        return done.returncode, done.stdout, done.stderr, apt_calls

    def test_nothing_missing_is_silent(self):
        for task in ("build", "test", "demo", "device"):
            self.assertEqual(self.setup(task), (0, "", "", []))

    def test_not_root_gets_the_line_to_run(self):
        code, out, err, calls = self.setup("build", missing=("cmake", "libfmt-dev"))
        self.assertEqual((code, out, calls), (1, "", []))
        self.assertIn("sudo apt-get install --no-install-recommends cmake libfmt-dev\n", err)

    def test_root_installs_only_what_is_missing(self):
        code, out, _, calls = self.setup("build", missing=("cmake", "libfmt-dev"), root=True)
        self.assertEqual((code, out), (0, "Installing cmake libfmt-dev\n"))
        self.assertEqual(len(calls), 1)
        self.assertTrue(calls[0].endswith(" cmake libfmt-dev"), calls)

    def test_a_list_of_packages_that_is_old_is_updated(self):
        once = f'case "$*" in *install*) [ -e {self.folder}/updated ] ;; update*) touch {self.folder}/updated ;; esac'
        code, _, _, calls = self.setup("build", missing=("cmake",), root=True, apt=once)
        self.assertEqual(code, 0)
        self.assertEqual([("install" in call, "update" in call) for call in calls],
                         [(True, False), (False, True), (True, False)])

    def test_what_cannot_be_installed_is_named(self):
        code, _, err, _ = self.setup("build", missing=("cmake",), root=True, apt="echo no network; exit 100")
        self.assertEqual(code, 1)
        self.assertIn("no network", err)
        self.assertIn("could not install: cmake", err)

    def test_unknown_task(self):
        code, _, err, calls = self.setup("everything")
        self.assertEqual((code, calls), (2, []))
        self.assertIn("no task 'everything'", err)


if __name__ == "__main__":
    unittest.main()
