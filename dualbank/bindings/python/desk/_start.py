"""One start of a script, in a process of its own: `python -m dualbank.desk._start STATE_FILE`."""

import json
import opcode
import shutil
import sys
import types
from pathlib import Path

import dualbank
from dualbank._dualbank import VendorBoard

from . import _clock, _drive, _machine, _network, _requests
from ._both import Both
from ._circuitpython import CircuitPythonModule
from ._clock import Clock
from ._desk import Desk, SoftReload
from ._importer import File, Importer

# What ours has and the board's module has not.
_OURS_ONLY = {name for name in dualbank.__all__ if name.islower()} - {"flash", "switch", "inspect", "open", "reset", "use"}


def _at(importer):
    """The script's file and line that is being run."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename in importer.files:
            return importer.files[frame.f_code.co_filename], frame.f_lineno
        frame = frame.f_back
    return File("", "?"), 0


def _traceback(error, importer):
    """As CircuitPython prints it: the script's own frames, without their text."""
    lines = ["Traceback (most recent call last):"]
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in importer.files:
            lines.append(f'  File "{importer.files[code.co_filename].shown}", line {trace.tb_lineno}, in {code.co_name}')
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        file = importer.files.get(error.filename)
        lines.append(f'  File "{file.shown if file else error.filename}", line {error.lineno}')
    text = str(error)
    lines.append(f"{type(error).__name__}: {text}" if text else type(error).__name__)
    return "\n".join(lines)


def _open_both(state, importer):
    """The module that the state names on the flash, the other one on a copy."""
    board_leads = state["module"] == "circuitpython"
    board_path, ours_path = (state["flash"], state["copy"]) if board_leads else (state["copy"], state["flash"])

    def open_board():
        if not board_leads:
            state["ram"].clear()
        vendor = VendorBoard(board_path)
        return CircuitPythonModule(vendor, state["running"], state["ram"], vendor.drive() == "extended")

    def open_ours():
        dualbank.use(ours_path, policy=state["policy"], running=state["running"])
        return dualbank._default._default()

    return Both(state["module"], open_board, open_ours, lambda: shutil.copyfile(state["flash"], state["copy"]),
                lambda: _at(importer))  # fmt: skip


class _Module(types.ModuleType):
    """What the script gets for `dualbank`: the two calls of both, and of ours the rest."""

    def __init__(self, both, ours):
        super().__init__("dualbank", dualbank.__doc__)
        self.flash = lambda *args, **kwargs: both.call("flash", *args, **kwargs)
        self.switch = lambda *args, **kwargs: both.call("switch", *args, **kwargs)
        if ours:
            self.__dict__.update({name: getattr(dualbank, name) for name in dualbank.__all__ if name not in vars(self)})
            for name in _OURS_ONLY:
                del self.__dict__[name]  # so that __getattr__ hears of it
        self._both, self._ours, self._asked = both, ours, False

    def __getattr__(self, name):
        missing = f"'module' object has no attribute '{name}'"
        if name in dualbank.__all__:
            if not _is_used(sys._getframe(1)):
                self._asked = True  # the script knows that there are two modules
            elif not self._asked:
                self._both.note(f"{name}()", 18, f"AttributeError: {missing}", f"has {name}")
            if self._ours:
                return getattr(dualbank, name)
        raise AttributeError(missing)


def _is_used(frame):
    """Whether the frame takes an attribute itself: hasattr() and getattr() are questions, not uses."""
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith(("LOAD_", "IMPORT_"))


def _erase_filesystem(state, desk):
    def erase(extended):
        desk.both.close()
        with dualbank.open(state["flash"], policy="stock", running=state["running"]) as board:
            board.erase_filesystem(extended)

    return erase


def _makers(desk, state):
    watchdog = _machine.make_watchdog(desk)
    return {
        "dualbank": lambda: _Module(desk.both, state["module"] == "dualbank"),
        "storage": lambda: _drive.make_storage(desk, _erase_filesystem(state, desk)),
        "os": lambda: _drive.make_os(desk, state["settings"], state["version"]),
        "time": lambda: _clock.make(desk),
        "gc": _machine.make_gc,
        "micropython": lambda: types.SimpleNamespace(const=lambda value: value),
        "watchdog": lambda: watchdog,
        "microcontroller": lambda: _machine.make_microcontroller(desk, watchdog),
        "supervisor": lambda: _machine.make_supervisor(desk),
        "wifi": lambda: _network.make_wifi(state),
        "socketpool": _network.make_socketpool,
        "ssl": _network.make_ssl,
        "adafruit_requests": _requests.make,
    }


def _run(desk, importer, path, name):
    """Runs a file to its end; says how it ended."""
    try:
        importer.run(path, name)
    except SoftReload:
        pass
    except SystemExit:
        pass
    except BaseException as error:
        desk.state["previous_traceback"] = _traceback(error, importer)
        sys.stdout.flush()
        print(desk.state["previous_traceback"], file=sys.stderr, flush=True)
        desk.state["exception"] = {"type": type(error).__name__, "message": str(error)}
        return "interrupted" if isinstance(error, KeyboardInterrupt) else desk.ending or "error"
    return desk.ending or "done"


def _start(path):
    state = json.loads(Path(path).read_text())

    def finish(how):
        state["ended"], state["now"], state["skipped"] = how, desk.clock.monotonic(), desk.clock.skipped
        if desk.both is not None:
            state["differences"], state["uncompared"] = desk.both.differences, desk.both.uncompared
            if how != "reset":
                desk.both.board.soft_reload()
            try:
                desk.both.close()
            except dualbank.Error:
                pass  # an alarm came in the middle of a call: what that had in memory is lost, as on a device
        Path(path).write_text(json.dumps(state))

    desk = Desk(state, finish)
    desk.clock = Clock(state["longest_sleep"], state["skipped"], state["now"])
    if state["seconds"] is not None:
        desk.clock.set_alarm("seconds", max(0.0, state["seconds"] - state["now"]), lambda: desk.end("time_up"))
    desk.drive = _drive.Drive(state["root"], state["writable"])
    importer = Importer(state["root"], _makers(desk, state), state["stubs"], desk.note)
    importer.builtins.update(open=desk.drive.open, input=_machine.read_line)
    desk.both = _open_both(state, importer)
    sys.implementation.name = "circuitpython"
    boot = Path(state["root"]) / "boot.py"
    if state["hard"] and boot.is_file():
        _run(desk, importer, boot, "boot")
    desk.ending = None
    state["previous_traceback"] = state["exception"] = None
    desk.end(_run(desk, importer, state["script"], "__main__"))


if __name__ == "__main__":
    _start(sys.argv[1])
