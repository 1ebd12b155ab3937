"""An update with the interpreter's heap locked, so that whatever allocates raises MemoryError. For real MicroPython: the
interpreters that the tests run have no module in C."""

import micropython

import dualbank


class Flash:
    """As RamFlash, on memory that is there from the start, without a slice."""

    def __init__(self):
        self.data = bytearray(b"\xff" * FLASH_BYTES)
        for offset, piece in PIECES:
            self.data[offset : offset + len(piece)] = piece

    def readblocks(self, block, buffer, offset=0):
        data, at = self.data, block * 4096 + offset
        for i in range(len(buffer)):
            buffer[i] = data[at + i]

    def writeblocks(self, block, buffer, offset=0):
        data, at = self.data, block * 4096 + offset
        for i in range(len(buffer)):
            data[at + i] &= buffer[i]

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data) // 4096
        if operation == 5:
            return 4096
        if operation == 6:
            data, at = self.data, argument * 4096
            for i in range(4096):
                data[at + i] = 0xFF
            return 0


def locked(call):
    micropython.heap_lock()
    try:
        call()
    finally:
        micropython.heap_unlock()


try:
    locked(lambda: bytearray(100))
    raise AssertionError("the heap is not locked")
except MemoryError:
    pass

flash = Flash()
pieces = [memoryview(TWO)[at : at + 1000] for at in range(0, len(TWO), 1000)]
dualbank.use(flash, table_offset=TABLE_OFFSET)
for number, piece in enumerate(pieces):
    locked(lambda: dualbank.flash(piece, number * 1000))
locked(dualbank.switch)
assert dualbank.status().boot_slot == "ota_1"
dualbank.use(flash, table_offset=TABLE_OFFSET, running="ota_1")
locked(dualbank.boot_guard)
locked(dualbank.rollback)
assert dualbank.status().boot_slot == "ota_0"
dualbank.use(flash, table_offset=TABLE_OFFSET)
locked(lambda: dualbank.switch("ota_1"))
dualbank.use(flash, table_offset=TABLE_OFFSET, running="ota_1")
locked(dualbank.confirm)
assert dualbank.status().trial is None
print("nothing allocates in flash, switch, boot_guard, rollback and confirm")
