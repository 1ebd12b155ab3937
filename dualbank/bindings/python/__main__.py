"""`python -m dualbank VERB ...` is the command `dualbank VERB ...`; the verb `run` needs no command."""

import os
import shutil
import sys
from pathlib import Path


def command():
    """The command of the build this package came from, else the one on PATH; None when there is none."""
    built = Path(__file__).resolve().parent.parent.parent / "dualbank"
    if built.is_file() and os.access(built, os.X_OK):
        return str(built)
    return shutil.which("dualbank")


def main():
    if sys.argv[1:2] == ["run"]:
        # The current folder holds scripts, which may be called like modules of Python.
        sys.path[:] = [folder for folder in sys.path if folder not in ("", os.getcwd())]
        from .desk._command import main as run

        run(sys.argv[2:])
    program = command()
    if program is None:
        sys.exit(
            "python -m dualbank: the command 'dualbank' is not there: it is neither on PATH nor in build/ beside this package.\n"
            "The Python package comes without it: `make build` makes it, `make install PREFIX=...` puts it on PATH."
        )
    sys.stdout.flush()
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    main()
