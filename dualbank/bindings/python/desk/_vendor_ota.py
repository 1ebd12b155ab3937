"""The vendor's update calls on one flash, as the application of SDK 6 without rollback has them."""

from .._dualbank import Error

OK = "OK"
INVALID_ARG = "INVALID_ARG"
INVALID_SIZE = "INVALID_SIZE"
NOT_FOUND = "NOT_FOUND"
CONFLICT = "PARTITION_CONFLICT"
VALIDATE_FAILED = "VALIDATE_FAILED"

_IMAGE_MAGIC = 0xE9
_DESCRIPTOR = 32  # in the image
_DESCRIPTOR_BYTES = 256
_DESCRIPTOR_MAGIC = bytes.fromhex("3254cdab")
VERSION = slice(_DESCRIPTOR + 16, _DESCRIPTOR + 48)  # in the image
START_BYTES = _DESCRIPTOR + _DESCRIPTOR_BYTES  # headers of image and first segment, descriptor


class VendorOta:
    """`ram` is what a soft reload keeps and a reset loses: the open handles, and what the caller puts there."""

    def __init__(self, board, running, ram):
        self.board = board
        self.running = running
        self.sizes = dict(board.slots())
        self.ram = ram
        ram.setdefault("handles", {})
        ram.setdefault("last_handle", 0)

    def _handle(self, handle):
        return self.ram["handles"].get(str(handle))  # the state goes through JSON

    def next_update_slot(self):
        """The next one after the running slot, round to the first; with one slot, that one."""
        names = list(self.sizes)
        if not names:
            return None
        at = names.index(self.running) + 1 if self.running in names else 0
        return names[at % len(names)]

    def version(self, slot):
        """The 32 bytes of the version; None where there is no descriptor."""
        start = self.board.read(slot, 0, START_BYTES)
        return start[VERSION] if start[_DESCRIPTOR : _DESCRIPTOR + 4] == _DESCRIPTOR_MAGIC else None

    def begin(self, slot):
        """(error, handle). The whole slot is erased at once."""
        if slot == self.running:
            return CONFLICT, 0
        self.ram["last_handle"] += 1
        self.ram["handles"][str(self.ram["last_handle"])] = {"slot": slot, "wrote": 0}
        self.board.erase(slot)
        return OK, self.ram["last_handle"]

    def write(self, handle, data):
        """After what was written so far, as counted in bytes."""
        if not data:
            return OK
        open_handle = self._handle(handle)
        if open_handle is None:
            return INVALID_ARG
        if open_handle["wrote"] == 0 and data[0] != _IMAGE_MAGIC:
            return VALIDATE_FAILED
        return self._program(open_handle, open_handle["wrote"], data)

    def write_with_offset(self, handle, data, offset):
        open_handle = self._handle(handle)
        return INVALID_ARG if open_handle is None else self._program(open_handle, offset, data)

    def _program(self, open_handle, offset, data):
        if offset > self.sizes[open_handle["slot"]]:
            return INVALID_ARG
        if not self.board.write(open_handle["slot"], offset, data):
            return INVALID_SIZE
        open_handle["wrote"] += len(data)
        return OK

    def wrote(self, handle):
        open_handle = self._handle(handle)
        return 0 if open_handle is None else open_handle["wrote"]

    def end(self, handle):
        """Frees the handle, whatever it finds."""
        open_handle = self.ram["handles"].pop(str(handle), None)
        if open_handle is None:
            return NOT_FOUND
        if open_handle["wrote"] == 0:
            return INVALID_ARG
        return OK if self.board.verify(open_handle["slot"]) is None else VALIDATE_FAILED

    def abort(self, handle):
        return OK if self.ram["handles"].pop(str(handle), None) is not None else NOT_FOUND

    def set_boot(self, slot):
        if self.board.verify(slot) is not None:
            return VALIDATE_FAILED
        try:
            self.board.set_boot(slot)
        except Error:  # no place for boot records
            return NOT_FOUND
        return OK

    def chosen_slot(self):
        """The slot of the active boot record, or None."""
        try:
            return self.board.chosen_slot()
        except Error:
            return None

    def last_invalid_slot(self):
        try:
            return self.board.last_invalid_slot()
        except Error:
            return None
