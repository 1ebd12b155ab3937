#!/usr/bin/env python3
"""Updates a board's firmware in small pieces, as they would come over radio or a cable.

    export PYTHONPATH=build/python
    python3 examples/update.py build/demo/board.flash build/demo/firmware-2.0.bin

Stop it with Ctrl-C and start it again: it goes on where it stopped.
"""

import sys

import dualbank

CHUNK_BYTES = 1024  # any size will do; this is what a small radio packet may carry


def show_progress(done, total):
    """A bar on a terminal; four lines anywhere else."""
    if sys.stdout.isatty():
        filled = 40 * done // total
        print(f"\r  [{'#' * filled}{'.' * (40 - filled)}] {done:,} of {total:,} bytes", end="", flush=True)
        if done == total:
            print()
    elif done * 4 // total != max(0, done - CHUNK_BYTES) * 4 // total:
        print(f"  {done:,} of {total:,} bytes")


def update(flash_path, image_path):
    with open(image_path, "rb") as file:
        image = file.read()

    # The board: its flash in a file. Leaving the `with` block gives the file back; what was received so far stays.
    with dualbank.open(flash_path) as board:
        # begin() is how an update says what it will be: its length, and its first bytes, which are checked (is it an
        # image? for this chip? does it fit?) before anything is written. After a stop, the same begin() goes on.
        board.begin(length=len(image), header=image[:CHUNK_BYTES])

        # What is still to be sent: everything at first, only the rest after a stop.
        missing = board.missing()
        done = len(image) - sum(end - start for start, end in missing)
        for start, end in missing:
            for offset in range(start, end, CHUNK_BYTES):
                chunk = image[offset : min(offset + CHUNK_BYTES, end)]  # here a device would ask its radio
                board.flash(chunk, offset)
                done += len(chunk)
                show_progress(done, len(image))

        # Checks the whole image as it now stands in the flash, then one small write makes it boot next. If anything is
        # wrong, the running firmware stays the one that boots.
        board.switch()
        print(f"  {board.status().boot_slot} boots at the next reset.")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        update(sys.argv[1], sys.argv[2])
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on.")
        sys.exit(130)
    except (dualbank.Error, OSError) as error:
        sys.exit(f"update: {error}")  # what is wrong, with values, and what to do about it


if __name__ == "__main__":
    main()
