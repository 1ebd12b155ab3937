"""CircuitPython's own module `dualbank`: its two calls, on a flash file, with everything that is awkward about them."""

import operator

from . import _vendor_ota as idf


class Facts:
    """What a call met, beside what it answered: for the comparison with ours."""

    def __init__(self):
        self.position = None  # where the bytes went
        self.began = None  # the slot that this call erased
        self.chosen_before = None  # the slot of the active boot record, where the call erased one
        self.stale = False  # the handle is one that was freed
        self.small_start = False
        self.positional = False
        self.mixed = False  # the bytes in flash are not those sent
        self.unreadable = False  # the running image has no descriptor


def _buffer(value):
    if isinstance(value, str):
        return value.encode()
    try:
        view = memoryview(value)
    except TypeError:
        raise TypeError("object with buffer protocol required") from None
    if not view.c_contiguous:
        raise NotImplementedError("only slices with step=1 (aka None) are supported")
    return view.tobytes()


def _integer(value):
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"can't convert {type(value).__name__} to int") from None
    if not -(1 << 31) <= number < 1 << 31:
        raise OverflowError("overflow converting long int to machine word")
    return number


class CircuitPythonModule:
    """`ram` is kept over soft reloads: two statics of the firmware, and the SDK's open handles."""

    def __init__(self, board, running, ram, extended):
        self._board = board
        self._idf = idf.VendorOta(board, running, ram)
        self._ram = ram
        self._extended = extended
        ram.setdefault("update_slot", None)
        ram.setdefault("update_handle", 0)
        self.facts = Facts()

    def flash(self, *args, **kwargs):
        self.facts = Facts()
        if self._extended:
            raise RuntimeError("storage is extended")
        buffer, offset = self._arguments(args, kwargs)
        if offset < 0:
            raise ValueError("offset must be >= 0")
        self._flash(_buffer(buffer), offset)

    def _arguments(self, args, kwargs):
        if len(args) > 1:
            self.facts.positional = True
            raise TypeError("extra positional arguments given")
        if len(args) + len(kwargs.keys() & {"buffer"}) == 0:
            raise TypeError("'buffer' argument required")
        offset = _integer(kwargs.get("offset", 0))
        if kwargs.keys() - {"buffer", "offset"} or (args and "buffer" in kwargs):
            raise TypeError("extra keyword arguments given")
        return args[0] if args else kwargs["buffer"], offset

    def _flash(self, data, offset):
        ram = self._ram
        if ram["update_slot"] is None:
            ram["update_slot"] = self._idf.next_update_slot()
        if ram["update_handle"] == 0:
            self._begin(data)
        else:
            self.facts.stale = str(ram["update_handle"]) not in ram["handles"]
        self.facts.position = self._idf.wrote(ram["update_handle"]) if offset == 0 else offset
        if offset == 0:
            error = self._idf.write(ram["update_handle"], data)
        else:
            error = self._idf.write_with_offset(ram["update_handle"], data, offset)
        if error != idf.OK:
            raise RuntimeError("Update failed")
        if data:
            self.facts.mixed = self._board.read(ram["update_slot"], self.facts.position, len(data)) != data

    def _begin(self, data):
        if len(data) <= idf.START_BYTES:
            self.facts.small_start = True
            raise RuntimeError("Firmware is too big")
        version = data[idf.VERSION]
        running = self._idf.version(self._idf.running)
        # The board compares with whatever was on its stack; most likely that is no version.
        self.facts.unreadable = running is None
        if version == running:
            raise RuntimeError("Firmware is duplicate")
        last_invalid = self._idf.last_invalid_slot()
        if last_invalid is not None and version == self._idf.version(last_invalid):
            raise RuntimeError("Firmware is invalid")
        chosen = self._idf.chosen_slot()
        error, self._ram["update_handle"] = self._idf.begin(self._ram["update_slot"])
        if error != idf.OK:
            raise RuntimeError("Update failed")
        self.facts.began, self.facts.chosen_before = self._ram["update_slot"], chosen

    def switch(self, *args, **kwargs):
        self.facts = Facts()
        if args or kwargs:
            raise TypeError(f"function takes 0 positional arguments but {len(args) + len(kwargs)} were given")
        if self._extended:
            raise RuntimeError("storage is extended")
        self.facts.stale = self._ram["update_handle"] != 0 and str(self._ram["update_handle"]) not in self._ram["handles"]
        if self._idf.end(self._ram["update_handle"]) == idf.OK:
            self._ram["update_handle"], self._ram["update_slot"] = 0, None
        error = self._idf.set_boot(self._idf.next_update_slot())
        if error == idf.VALIDATE_FAILED:
            raise RuntimeError("Firmware is invalid")
        if error != idf.OK:
            raise RuntimeError("Update failed")

    def chosen_slot(self):
        return self._idf.chosen_slot()

    def soft_reload(self):
        """What the firmware does whenever a script ends. A handle that was freed already stays in the static."""
        if self._idf.abort(self._ram["update_handle"]) == idf.OK:
            self._ram["update_handle"], self._ram["update_slot"] = 0, None

    def close(self):
        self._board.close()
