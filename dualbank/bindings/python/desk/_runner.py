"""A run: the flash boots, the script starts, and so on after each reset and reload."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import dualbank
from dualbank._dualbank import VendorBoard

_PACKAGES = Path(dualbank.__file__).resolve().parent.parent
_UNFORMATTED = (
    "the drive holds no file system: CircuitPython would make one that is extended over the other slot, and flash() and"
    " switch() then say 'storage is extended' until storage.erase_filesystem(extended=False)"
)


class ScriptDied(Exception):
    code = "script_died"
    cure = "look at what it said before; a script that brings Python itself down cannot be run here"

    def __init__(self, exit_code):
        super().__init__(f"the process of the script ended with {exit_code}")
        self.values = {"exit_code": exit_code}


class Run:
    """`options`: script, flash, module, policy, starts, settings, stubs, longest_sleep, seconds, quiet, json."""

    def __init__(self, options):
        self.options = options
        self.starts = []
        self.differences = []
        self.uncompared = 0
        self.drive = None
        self._project = None
        script = Path(options.script).resolve()
        self._state = {
            "root": str(script.parent), "script": str(script), "flash": os.path.abspath(options.flash),
            "module": options.module, "policy": options.policy, "quiet": options.quiet, "settings": options.settings,
            "stubs": options.stubs, "longest_sleep": options.longest_sleep, "seconds": options.seconds, "nvm": "", "ram": {},
            "reset_reason": "POWER_ON", "run_reason": "STARTUP", "hard": True, "next_code_file": None,
            "previous_traceback": None, "writable": False, "safe_mode": False, "skipped": 0.0, "now": 0.0, "exception": None,
        }  # fmt: skip

    def go(self):
        """Until nothing starts the script again. Returns how it ended."""
        with tempfile.TemporaryDirectory(prefix="dualbank-run-") as folder:
            self._folder = Path(folder)
            self._state["copy"] = str(self._folder / "copy.flash")
            while True:
                ended = self._once()
                if ended not in ("reset", "reload"):
                    return ended
                safe_mode = ended == "reset" and self._state["safe_mode"]
                if safe_mode or len(self.starts) == self.options.starts:
                    # The reset itself is still done: what the flash boots then is its answer.
                    if ended == "reset":
                        self._boot()
                    return "safe_mode" if safe_mode else "starts_used_up"
                self._prepare(ended)

    def _once(self):
        if self._state["hard"]:
            slot, image = self._boot()
            if slot is None:
                return "nothing_boots"
            if not self._runs_scripts(slot, image):
                return "other_platform"
            self._state["running"], self._state["version"] = slot, image.version
        reason = self._state["reset_reason" if self._state["hard"] else "run_reason"].lower()
        started = {"number": len(self.starts) + 1, "reason": reason, "slot": self._state["running"],
                   "version": self._state["version"]}  # fmt: skip
        version = f" ({started['version']})" if started["version"] else ""
        self._note(f"start {started['number']} ({reason}): {started['slot']} runs{version}")
        ended = self._start_process()
        self.starts.append(started | {"ended": ended, "exception": self._state["exception"]})
        self.uncompared += self._state.pop("uncompared", 0)
        self._gather(started["number"], self._state.pop("differences", []))
        return ended

    def _gather(self, start, differences):
        """The same difference at the same line is told once, whatever the start."""
        place = lambda difference: (difference["file"], difference["line"], difference["point"])  # noqa: E731
        known = {place(difference): difference for difference in self.differences}
        for difference in differences:
            if place(difference) in known:
                known[place(difference)]["count"] += difference["count"]
            else:
                self.differences.append({"start": start} | difference)

    def _boot(self):
        """What a reset does: (the slot that runs, its image)."""
        if self.options.module == "circuitpython":
            board = VendorBoard(self._state["flash"])
            slot, self.reason, text = board.reset()
            self.drive = board.drive()
            board.close()
        else:
            with dualbank.open(self._state["flash"], policy=self.options.policy) as board:
                status = board.status()
                slot = board.reset() if status.boot_slot is not None else None
                self.reason = text = status.boot_reason
        if slot is None:
            self._note(f"nothing boots: {text}")
            self.boot_slot = None
            return None, None
        with dualbank.open(self._state["flash"], read_only=True, running=slot, policy=self.options.policy) as board:
            image = next(s.image for s in board.status().slots if s.name == slot)
        self.boot_slot = slot
        return slot, image

    def _runs_scripts(self, slot, image):
        """Whether the image that boots is CircuitPython, or the same platform as the one that ran first."""
        project = (image.project if image else None) or ""
        circuitpython = "circuitpython" in project.lower()
        if self._project is None:
            self._project = project
            if not circuitpython:
                self._note(f"{slot} holds {project or 'an image without a name'}: taken for CircuitPython")
            if self.drive == "unformatted" and circuitpython:
                self._note(_UNFORMATTED)
            return True
        if circuitpython or project == self._project:
            return True
        what = " ".join(filter(None, [project or "an image without a name", image and image.version]))
        self._note(f"{slot} boots {what}: another platform, which runs no CircuitPython script; the run ends here")
        return False

    def _start_process(self):
        state_file = self._folder / "state.json"
        state_file.write_text(json.dumps(self._state))
        path = os.pathsep.join(filter(None, [str(_PACKAGES), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        # With --json standard output has one object and nothing else.
        out = sys.stderr if self.options.json else None
        words = [sys.executable, "-P", "-m", "dualbank.desk._start", str(state_file)]
        child = subprocess.Popen(words, env=environment, stdout=out)
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:  # the script gets it too, and may have things to do
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        if code != 0:
            raise ScriptDied(code)
        self._state = json.loads(state_file.read_text())
        return self._state["ended"]

    def _prepare(self, ended):
        self._state["hard"] = ended == "reset"
        if ended == "reset":
            # RAM is lost: what the firmware knew of an update, where the clock stood, what was to run next.
            self._state.update(ram={}, now=0.0, writable=False, next_code_file=None, previous_traceback=None)
            self._state["script"] = str(Path(self.options.script).resolve())
        else:
            self._state["run_reason"] = "SUPERVISOR_RELOAD"
            if self._state["next_code_file"]:
                self._state["script"] = str(Path(self._state["root"], self._state["next_code_file"].lstrip("/")))
        if self._state["hard"]:
            self._state["run_reason"] = "STARTUP"

    def _note(self, text):
        if not self.options.quiet:
            sys.stdout.flush()
            print(f"-- {text}", file=sys.stderr, flush=True)
