"""The module's own board: the verbs without naming a flash, as on a device."""

import os

from ._board import Board
from ._dualbank import Error

_board = None


def use(path, *, policy=None, running=None, force=False, allow_foreign=False, overwrite_drive=False):
    """Names the flash file of the module's functions. The one before is closed. None: closes it, names none.

    The options are those of open().
    """
    global _board
    if _board is not None:
        _board.close()
        _board = None
    if path is not None:
        _board = Board(
            path,
            policy=policy,
            running=running,
            force=force,
            allow_foreign=allow_foreign,
            overwrite_drive=overwrite_drive,
        )


def _default():
    if _board is None or _board.closed:
        path = os.environ.get("DUALBANK_FLASH")
        if not path:
            error = Error("no flash is named: call dualbank.use(path), or set DUALBANK_FLASH")
            error.code, error.values, error.cure = "no_flash_named", {}, "call dualbank.use(path), or set DUALBANK_FLASH"
            raise error
        use(path)
    return _board


def begin(identity=b"", length=None, header=b""):
    return _default().begin(identity, length, header)


def flash(buffer, offset=...):
    board = _default()
    return board.flash(buffer) if offset is ... else board.flash(buffer, offset)


def switch(slot=None):
    return _default().switch(slot)


def confirm():
    return _default().confirm()


def rollback(slot=None):
    return _default().rollback(slot)


def boot_guard(most_boots=3):
    return _default().boot_guard(most_boots)


def abandon():
    return _default().abandon()


def reset():
    return _default().reset()


def erase_filesystem(extended=None):
    return _default().erase_filesystem(extended)


def status():
    return _default().status()


def missing():
    return _default().missing()


def update(image, progress=None):
    return _default().update(image, progress)


for _verb in (
    begin,
    flash,
    switch,
    confirm,
    rollback,
    boot_guard,
    abandon,
    reset,
    erase_filesystem,
    status,
    missing,
    update,
):
    _verb.__doc__ = getattr(Board, _verb.__name__).__doc__
