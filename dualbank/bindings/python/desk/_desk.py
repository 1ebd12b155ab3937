"""What one start of a script shares with its stand-ins: the state that goes from start to start, the clock, the drive."""

import os
import sys
import types


class SoftReload(BaseException):
    """supervisor.reload(): the script ends here, its `finally` blocks run."""


def module(name, **attributes):
    made = types.ModuleType(name)
    made.__dict__.update(attributes)
    return made


class Desk:
    """`state` is what the runner gave and what it gets back: a dict that goes through JSON."""

    def __init__(self, state, finish):
        self.state = state
        self._finish = finish  # (ended, more): hands the state back
        self.clock = None
        self.drive = None
        self.both = None
        self.ending = None  # "reload" once that was asked for

    def reset(self, reason="SOFTWARE"):
        """Ends the process where it stands, as a reset does: no `finally`, no `except`."""
        self.state["reset_reason"] = reason
        self.end("reset")

    def end(self, how):
        sys.stdout.flush()
        sys.stderr.flush()
        self._finish(how)
        os._exit(0)

    def reload(self):
        self.ending = "reload"
        raise SoftReload

    def note(self, text):
        """A word of the desk's own, beside what the script says."""
        if not self.state["quiet"]:
            sys.stdout.flush()
            print(f"-- {text}", file=sys.stderr, flush=True)
