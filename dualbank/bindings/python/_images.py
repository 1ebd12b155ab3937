"""Images as people have them: in a file or in memory, alone, joined with a bootloader, or as UF2."""

import os

from . import _dualbank


def read(image):
    """The bytes of a path or of a buffer."""
    if isinstance(image, (str, os.PathLike)):
        with open(image, "rb") as file:
            return file.read()
    return bytes(memoryview(image))


def sound_app(image, foreign=False):
    """The app image in a file or buffer, read to its end and found in order; Error when it is not.

    foreign: images without descriptor or SHA-256 are in order too.
    """
    _, app = _dualbank.find_app(read(image))
    report, fault = _dualbank.look_at_image(app, foreign)
    if fault is not None:
        raise fault
    return app[: report["length"]]  # a UF2 file's last block is filled up
