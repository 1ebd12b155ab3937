"""Two firmwares on one board, and a menu: which one boots next?

For a board with CircuitPython's module `dualbank`, and on the desk with `dualbank run`. With a serial console it asks;
without one the button decides: held down while the board starts, it boots the other slot.
"""

import os
import time

import board
import digitalio
import dualbank
import microcontroller
import supervisor

HOLD_SECONDS = 2


def show_slots():
    print("This is CircuitPython", os.uname().release)
    if not hasattr(dualbank, "status"):
        print("The other slot holds what was last flashed there; switch() checks it.")
        return
    status = dualbank.status()
    for slot in status.slots:
        image = slot.image
        what = "{} {}".format(image.project, image.version) if image and image.valid else "no firmware that boots"
        print(slot.name, what, "(runs now)" if slot.name == status.running_slot else "")


def asked():
    return input("Boot the other slot? y/n: ").strip().lower() == "y"


def button_held():
    button = digitalio.DigitalInOut(board.BUTTON)
    button.switch_to_input(pull=digitalio.Pull.UP)
    end = time.monotonic() + HOLD_SECONDS
    while not button.value:
        if time.monotonic() > end:
            return True
    return False


show_slots()
if asked() if supervisor.runtime.serial_connected else button_held():
    try:
        dualbank.switch()
    except RuntimeError as error:
        print("The other slot cannot boot:", error)
    else:
        print("Booting the other slot")
        microcontroller.reset()
print("Staying here")
