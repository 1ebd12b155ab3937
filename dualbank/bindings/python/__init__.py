"""Firmware updates in two slots that no power cut, bad image or lost connection can brick.

CircuitPython's two functions, on a board's flash in a file:

    import dualbank

    dualbank.use("board.flash")           # or set DUALBANK_FLASH
    with open("firmware-2.0.bin", "rb") as image:
        while chunk := image.read(1024):
            dualbank.flash(chunk)
    dualbank.switch()                     # checks it all; the next reset boots it

The same verbs are methods of a board, and `update` does it in one call:

    with dualbank.open("board.flash") as board:
        board.update("firmware-2.0.bin", progress=lambda done, total: print(done, "of", total))
        board.reset()
        board.confirm()

Whatever is refused raises `Error`, with `code`, `values` and `cure`; files raise OSError's own.
One board, one thread: a call that meets another one under way raises `Error` with the code "busy".
"""

from ._default import (
    abandon,
    begin,
    boot_guard,
    confirm,
    erase_filesystem,
    flash,
    missing,
    reset,
    rollback,
    status,
    switch,
    update,
    use,
)
from ._dualbank import Error, __version__

__all__ = [
    "Board",
    "Drive",
    "Error",
    "Image",
    "Inspection",
    "Record",
    "Slot",
    "Status",
    "Update",
    "abandon",
    "begin",
    "boot_guard",
    "confirm",
    "erase_filesystem",
    "flash",
    "inspect",
    "missing",
    "open",
    "reset",
    "rollback",
    "status",
    "switch",
    "update",
    "use",
]

# Loaded when they are asked for, so that a script which only imports this waits for less than a millisecond.
_ELSEWHERE = {
    "Board": "_board",
    "Drive": "_reports",
    "Image": "_reports",
    "Inspection": "_inspect",
    "Record": "_reports",
    "Slot": "_reports",
    "Status": "_reports",
    "Update": "_reports",
    "inspect": "_inspect",
    "open": "_board",
}


def __getattr__(name):
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = getattr(import_module(f".{_ELSEWHERE[name]}", __name__), name)
    return globals()[name]


def __dir__():
    return sorted({*globals(), *_ELSEWHERE})
