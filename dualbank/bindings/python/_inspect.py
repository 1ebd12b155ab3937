"""What a file is: an app image, a joined file, a UF2 file or a whole flash. Looks, never writes."""

import os
import tempfile
from typing import NamedTuple

from . import _dualbank
from ._board import open as open_board
from ._images import read
from ._reports import Image, Status, image_of


class Inspection(NamedTuple):
    """What `inspect` found. `fault` is the first thing wrong with it, None when it is in order."""

    kind: str
    image: Image | None
    status: Status | None
    fault: _dualbank.Error | None


def _inspect_app(kind, data):
    try:
        kind, app = _dualbank.find_app(data)
    except _dualbank.Error as error:
        return Inspection(kind, None, None, error)
    report, fault = _dualbank.look_at_image(app)
    return Inspection(kind, image_of(report), None, fault)


def _inspect_flash(kind, path, options):
    try:
        with open_board(path, read_only=True, **options) as board:
            return Inspection(kind, None, board.status(), None)
    except _dualbank.Error as error:
        return Inspection(kind, None, None, error)


def inspect(image, *, policy=None, running=None):
    """Says what a path, or the bytes of a file, is: kind, image or board status, and what is wrong with it.

    Of an app image, a joined file or a UF2 file `image` tells version and chip; of a whole flash `status` is that of the
    board, with `policy` and `running` as in open(). Damaged content raises nothing: it is in `fault`.
    """
    data = read(image)
    kind = _dualbank.kind_of_file(data)
    if kind != "whole flash":
        return _inspect_app(kind, data)
    options = {"policy": policy, "running": running}
    if isinstance(image, (str, os.PathLike)):
        return _inspect_flash(kind, image, options)
    with tempfile.NamedTemporaryFile(prefix="dualbank-") as file:
        file.write(data)
        file.flush()
        return _inspect_flash(kind, file.name, options)
