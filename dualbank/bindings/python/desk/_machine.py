"""`microcontroller`, `watchdog` and `supervisor`: resets, reloads, and the few bytes that outlive them."""

import base64
import os
import select
import sys

from ._desk import module

NVM_BYTES = 8192
_TICKS_START = 0x1FFF0000
_TICKS = 1 << 29


class _Named:
    """A value of one of the board's enumerations."""

    def __init__(self, kind, name):
        self._text = f"{kind}.{name}"

    def __repr__(self):
        return self._text


class _Enumeration:
    def __init__(self, kind, names):
        for name in names.split():
            setattr(self, name, _Named(kind, name))


class NonVolatile:
    """microcontroller.nvm: a bytearray of fixed size that is written at once."""

    def __init__(self, state):
        self._state = state
        self._bytes = bytearray(base64.b64decode(state["nvm"])) if state["nvm"] else bytearray(b"\xff" * NVM_BYTES)

    def __len__(self):
        return len(self._bytes)

    def __getitem__(self, key):
        return self._bytes[key]

    def __setitem__(self, key, value):
        if isinstance(key, slice) and len(range(*key.indices(NVM_BYTES))) != len(value):
            raise ValueError("Slice and value different lengths.")
        self._bytes[key] = value
        self._state["nvm"] = base64.b64encode(self._bytes).decode()


class WatchDogTimeout(Exception):
    pass


class _WatchDog:
    def __init__(self, desk, modes):
        self._desk, self._modes = desk, modes
        self._timeout, self._mode = None, None

    timeout = property(lambda self: self._timeout)
    mode = property(lambda self: self._mode)

    @timeout.setter
    def timeout(self, seconds):
        if seconds is not None and seconds <= 0:
            raise ValueError("timeout must be >= 0")
        self._timeout = seconds
        self.feed()

    @mode.setter
    def mode(self, mode):
        if mode is not None and self._timeout is None:
            raise ValueError("WatchDogTimer.timeout must be greater than 0")
        self._mode = mode
        self.feed()

    def feed(self):
        self._desk.clock.set_alarm("watchdog", self._timeout if self._mode is not None else None, self._bite)

    def deinit(self):
        self.mode = None

    def _bite(self):
        if self._mode is self._modes.RESET:
            self._desk.note(f"the watchdog was not fed for {self._timeout} s")
            self._desk.reset("WATCHDOG")
        raise WatchDogTimeout("Watchdog timer expired.")


def make_microcontroller(desk, watchdog):
    reasons = _Enumeration("microcontroller.ResetReason",
                           "POWER_ON BROWNOUT SOFTWARE DEEP_SLEEP_ALARM RESET_PIN WATCHDOG UNKNOWN RESCUE_DEBUG")
    modes = _Enumeration("microcontroller.RunMode", "NORMAL UF2 SAFE_MODE BOOTLOADER")

    def on_next_reset(run_mode):
        if run_mode not in vars(modes).values():
            raise TypeError("run_mode must be of type RunMode")
        if run_mode is modes.UF2 or run_mode is modes.BOOTLOADER:
            desk.note(f"{run_mode} would stay in the bootloader: the desk boots the flash")
        desk.state["safe_mode"] = run_mode is modes.SAFE_MODE

    cpu = module("cpu", reset_reason=getattr(reasons, desk.state["reset_reason"]), frequency=240_000_000, temperature=30.0,
                 voltage=None, uid=bytearray(6))
    return module("microcontroller", ResetReason=reasons, RunMode=modes, on_next_reset=on_next_reset, cpu=cpu, cpus=(cpu,),
                  nvm=NonVolatile(desk.state), watchdog=_WatchDog(desk, watchdog.WatchDogMode),
                  reset=lambda: desk.reset(), delay_us=lambda us: desk.clock.sleep(us / 1e6),
                  disable_interrupts=lambda: None, enable_interrupts=lambda: None)


def make_watchdog(desk):
    return module("watchdog", WatchDogMode=_Enumeration("watchdog.WatchDogMode", "RAISE RESET"),
                  WatchDogTimeout=WatchDogTimeout)


class _Runtime:
    usb_connected = True
    serial_connected = True
    autoreload = True

    def __init__(self, reason):
        self.run_reason = reason

    @property
    def serial_bytes_available(self):
        return len(select.select([0], [], [], 0)[0])


def make_supervisor(desk):
    reasons = _Enumeration("supervisor.RunReason", "STARTUP AUTO_RELOAD SUPERVISOR_RELOAD REPL_RELOAD")

    def set_next_code_file(filename, *, working_directory=None, reload_on_success=False, reload_on_error=False,
                           sticky_on_success=False, sticky_on_error=False, sticky_on_reload=False):
        if filename is not None and not desk.drive.host(filename).is_file():
            raise ValueError("File not found")
        desk.state["next_code_file"] = filename

    return module("supervisor", runtime=_Runtime(getattr(reasons, desk.state["run_reason"])), RunReason=reasons,
                  reload=desk.reload, set_next_code_file=set_next_code_file,
                  get_previous_traceback=lambda: desk.state["previous_traceback"],
                  ticks_ms=lambda: (int(desk.clock.monotonic() * 1000) + _TICKS_START) % _TICKS)


def make_gc():
    import gc

    return module("gc", collect=gc.collect, enable=gc.enable, disable=gc.disable, isenabled=gc.isenabled,
                  mem_free=lambda: 2_000_000, mem_alloc=lambda: 100_000)


def read_line(prompt=""):
    """input(): takes from standard input the line and nothing behind it, which is for the script's next start."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            if line:
                break
            raise EOFError
        line += byte
    return line.decode(errors="replace").rstrip("\r\n")
