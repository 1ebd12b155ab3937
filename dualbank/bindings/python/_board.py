"""A board's flash in a file: the C++ board, and what is easier said in Python."""

import atexit
import os
import weakref

from . import _default, _dualbank
from ._images import sound_app
from ._reports import status_of

CHUNK_BYTES = 4096  # one sector: an equal one is then neither erased nor written

_open_boards = weakref.WeakSet()


@atexit.register
def _close_boards():
    # A partly received sector is only in memory; closing keeps it.
    for board in list(_open_boards):
        board.close()


class Board(_dualbank.Board):
    __doc__ = _dualbank.Board.__doc__

    def __init__(
        self,
        path,
        *,
        policy=None,
        running=None,
        force=False,
        allow_foreign=False,
        overwrite_drive=False,
        read_only=False,
    ):
        policy = os.environ.get("DUALBANK_POLICY", "stock") if policy is None else policy
        super().__init__(
            path,
            policy=policy,
            running=running,
            force=force,
            allow_foreign=allow_foreign,
            overwrite_drive=overwrite_drive,
            read_only=read_only,
        )
        self._allow_foreign = allow_foreign
        self._path = os.fsdecode(path)
        _open_boards.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return f"<dualbank.Board {self._path!r}{' (closed)' if self.closed else ''}>"

    @property
    def path(self):
        """The flash file's path."""
        return self._path

    def status(self):
        return status_of(self._status())

    def missing(self):
        return self._missing()

    def update(self, image, progress=None):
        import hashlib

        app = sound_app(image, self._allow_foreign)
        if self._boots(app):
            return False
        self.begin(hashlib.sha256(app).digest(), len(app), app[:CHUNK_BYTES])
        total = len(app)
        missing = self._missing()
        done = total - sum(end - start for start, end in missing)
        report = progress or (lambda done, total: None)
        report(done, total)
        for start, end in missing:
            for offset in range(start, end, CHUNK_BYTES):
                piece = app[offset : min(offset + CHUNK_BYTES, end)]
                self.flash(piece, offset)
                done += len(piece)
                report(done, total)
        self.switch()
        return True

    for _verb in (status, missing, update):
        _verb.__doc__ = getattr(_default, _verb.__name__).__doc__
    del _verb


def open(
    path, *, policy=None, running=None, force=False, allow_foreign=False, overwrite_drive=False, read_only=False
):
    """Opens a board's flash file, as the device does after a reset: `with dualbank.open(path) as board:`.

    policy: which bootloader is on the device: "stock", "stock-rollback" or "dualbank"; otherwise DUALBANK_POLICY, or "stock".
    running: the slot that runs ("ota_0"); otherwise the one that boots now.
    force: update although the running image is on trial; its fallback is then lost.
    allow_foreign: take images without descriptor or SHA-256, as other platforms have them.
    overwrite_drive: use the other slot although the CIRCUITPY drive is extended into it; its files are then lost.
    read_only: look, never write; works on a file that is in use.

    FileNotFoundError, PermissionError ... as files do; BlockingIOError when another process has the flash open for
    writing; Error when the file is no flash.
    """
    return Board(
        path,
        policy=policy,
        running=running,
        force=force,
        allow_foreign=allow_foreign,
        overwrite_drive=overwrite_drive,
        read_only=read_only,
    )
