"""The module's own board: the verbs without naming a flash, as on a device."""

import os

from ._dualbank import Board, Error

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
        from ._board import Board

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
    """What runs, what boots next, what each slot holds: a Status, with the fields of `dualbank status --json`."""
    return _default().status()


def missing():
    """The ranges of the update under way that are still to be sent, as (from, to). Empty when nothing is missing.

    Before the last segment header has come, the length is not known and the last range ends at the slot's end.
    """
    return _default().missing()


def update(image, progress=None):
    """Updates to an image and makes it boot next: checks it, writes what is missing, checks the slot, switches.

    image: a path, or the bytes, of an app image, a joined file or a UF2 file. It is checked as a whole before
    anything is written. The same call goes on with an update that was interrupted, by an exception of `progress`,
    Ctrl-C or a power cut.
    progress: called with (done, total) in bytes, before the first piece and after each.
    Returns True, or False when the slot that boots next already holds this image and nothing was done.
    """
    return _default().update(image, progress)


for _verb in (begin, flash, switch, confirm, rollback, boot_guard, abandon, reset, erase_filesystem):
    _verb.__doc__ = getattr(Board, _verb.__name__).__doc__
