"""The module `dualbank` for MicroPython in JavaScript, over the engine in WebAssembly: what moddualbank.c is elsewhere."""

import struct
from collections import namedtuple

import _dualbank

_FILE = "/.dualbank"
_UNKNOWN = -100
_POLICIES = ("stock", "stock-rollback", "dualbank")
_UPDATER = _dualbank.address("board_updater")
_BUFFER = _dualbank.address("board_buffer")
_BUFFER_BYTES = 256 * 1024
_SCRATCH = _BUFFER + 128 * 1024  # where answers stand; a whole image is never as large here

Image = namedtuple("Image", "valid version project chip length segments entry built idf secure_version sha256".split())
Record = namedtuple("Record", ("seq", "state"))
Slot = namedtuple("Slot", ("name", "offset", "size", "image", "fault", "record"))
Update = namedtuple("Update", ("slot", "length", "missing"))
Drive = namedtuple("Drive", ("state", "offset", "size", "slot"))
Status = namedtuple(
    "Status",
    "available reason reason_code policy running_slot boot_slot boot_reason next_update_slot trial update drive slots".split(),
)


class Error(RuntimeError):
    code = ""
    values = {}
    cure = ""


_device = None
_options = None  # of the device; None: no flash is named
_open = False
_refusal = None
_raised = None
_busy = False


# ---- bytes to and fro

def _get(form, address=_SCRATCH):
    _dualbank.get(address, struct.calcsize(form))
    with open(_FILE, "rb") as file:
        return struct.unpack(form, file.read())


def _put(buffer, address=_BUFFER):
    with open(_FILE, "wb") as file:
        size = file.write(buffer)
    _dualbank.put(address, size)
    return size


_call = _dualbank.call


def _ask(name, form, *integers):
    _call(name, _SCRATCH, *integers)
    return _get(form)


def _text(name, *integers):
    return _dualbank.text(_call(name, *integers))


# ---- errors

def _own_error(code, message, cure):
    error = Error(message)
    error.code, error.values, error.cure = code, {}, cure
    return error


def _slot_name(slot):
    return _text("dualbank_slot_name", (slot & 0xFF ^ 0x80) - 0x80)


def _value(kind, value):
    word = _text("dualbank_value_word", kind, value)
    return value if word is None and kind != 3 else word


def _sentence(event, part="dualbank_explain"):
    _put(struct.pack("<B3x3I", *event), _SCRATCH)
    return _text(part, _SCRATCH, _SCRATCH + 64, 320)


def _error(event):
    error = Error(_sentence(event))
    error.code, error.cure, error.values = _text("dualbank_status_name", event[0]), _sentence(event, "dualbank_explain_cure"), {}
    for i in range(_call("dualbank_value_count", event[0])):
        kind = _call("dualbank_value_name", event[0], i, _SCRATCH, 32)
        error.values[_dualbank.text(_SCRATCH)] = _value(kind, event[1 + i])
    return error


def _last_event():
    return _ask("dualbank_last_event", "<B3x3I", _UPDATER)


# ---- the flash

def _guarded(operation):
    def run(*arguments):
        global _raised
        try:
            return operation(*(argument & 0xFFFFFFFF for argument in arguments))
        except BaseException as error:  # must not cross the engine
            _raised = error
            return False

    return run


@_guarded
def _read(address, size):
    data = bytearray(size)
    if not _in_blocks(_device.readblocks, address, memoryview(data)):
        return False
    with open(_FILE, "wb") as file:
        file.write(data)
    return True


@_guarded
def _program(address):
    with open(_FILE, "rb") as file:
        return _in_blocks(_device.writeblocks, address, memoryview(file.read()))


@_guarded
def _erase(address):
    return _device.ioctl(6, address // _options["block"]) == 0


def _in_blocks(operation, address, view):
    block = _options["block"]
    while len(view):
        piece = min(len(view), block - address % block)
        if operation(address // block, view[:piece], address % block) not in (None, 0):
            return False
        address, view = address + piece, view[piece:]
    return True


_dualbank.device(_read, _program, _erase)


# ---- the board

def _engine(name, *integers):
    """A call that uses the flash. What the device raised comes out here."""
    global _busy, _raised
    _busy = True
    answer = _call(name, *integers)
    _busy = False
    error, _raised = _raised, None
    if error is not None:
        raise error
    return answer


def _opened():
    global _open, _refusal
    if _options is None:
        raise _own_error("no_flash_named", "no flash is named: call dualbank.use(device)", "call dualbank.use(device)")
    if _busy:
        raise _own_error("busy", "this board is in the middle of another call: wait until that has returned",
                         "wait until the other call has returned")
    if _open:
        return
    o = _options
    answer = _engine("board_open", o["size"], o["block"], o["table"], o["policy"], o["running"], o["force"], o["foreign"])
    event = _last_event()
    if answer != 0 and not 140 <= answer <= 143:
        raise _error(event)
    _refusal = None if answer == 0 else event
    if answer == 0:
        o["running"] = _state()[0]
    _open = True


def _updatable():
    _opened()
    if _refusal:
        raise _error(_refusal)


def _writable():
    _updatable()
    if not _options["overwrite"]:
        event = _drive()[0]
        if event[0]:
            raise _error(event)


def _verb(name, *integers):
    global _open
    try:
        answer = _engine(name, _UPDATER, *integers)
    except BaseException:
        _open = False
        raise
    if 10 <= answer <= 18:
        _open = False
    if answer:
        raise _error(_last_event())


def _u32(value, name):
    if not isinstance(value, int):
        raise TypeError("can't convert %s to int" % type(value).__name__)
    if value < 0:
        raise ValueError(name + " must be >= 0")
    if value >= 1 << 32:
        raise OverflowError(name + " must be below 2**32")
    return value


def _buffer(value):
    if isinstance(value, str):
        raise TypeError("a bytes-like object is required, not 'str'")
    return memoryview(value)


def _slot(name):
    if name is None:
        return _UNKNOWN
    if not isinstance(name, str):
        raise TypeError("a slot is named by a str, for example 'ota_1'")
    if name == "factory":
        return -1
    if name.startswith("ota_") and name[4:].isdigit() and int(name[4:]) < 16:
        return int(name[4:])
    raise ValueError("'%s' is no slot: write 'ota_0', 'ota_1' ... or 'factory'" % name)


# ---- the module

def use(device, *, table_offset=None, policy="stock", running=None, force=False, allow_foreign=False, overwrite_drive=False):
    global _device, _options, _open
    if policy not in _POLICIES:
        raise ValueError("'%s' is no policy: write 'stock', 'stock-rollback' or 'dualbank'" % policy)
    try:
        if _options is not None and _open and not _refusal:
            _verb("dualbank_pause")  # keeps what was partly received
    finally:
        _options, _open, _device = None, False, device
    if device is None:
        return
    block, count = device.ioctl(5, 0) or 0, device.ioctl(4, 0) or 0
    if block < 256 or block & (block - 1) or not 0 < count * block < 1 << 32:
        raise ValueError("%u blocks of %u bytes are no flash: blocks of 256 to 4096 bytes, a power of two, below 4 GiB in all"
                         % (count, block))
    _options = {
        "size": count * block, "block": block, "table": table_offset or 0, "overwrite": overwrite_drive, "force": force,
        "policy": _POLICIES.index(policy), "running": _slot(running), "foreign": allow_foreign,
    }
    try:
        _opened()
    except BaseException:
        _options = None
        raise


def begin(identity=b"", length=None, header=b""):
    identity, header = bytes(_buffer(identity)), _buffer(header)
    length = 0xFFFFFFFF if length is None else _u32(length, "length")
    _writable()
    named = _put(identity)
    _verb("dualbank_begin", _BUFFER, named, length, _BUFFER + named, _put(header, _BUFFER + named))


def flash(buffer, offset=...):
    buffer = _buffer(buffer)
    offset = offset if offset is ... else _u32(offset, "offset")
    _writable()
    size = _put(buffer)
    if offset is ...:
        _verb("dualbank_flash_next", _BUFFER, size)
    else:
        _verb("dualbank_flash_at", _BUFFER, size, offset)


def _with_slot(name, slot):
    slot = _slot(slot)
    _writable()
    if slot == _UNKNOWN:
        _verb(name)
    else:
        _verb(name + "_to", slot)


def switch(slot=None):
    _with_slot("dualbank_switch", slot)


def rollback(slot=None):
    _with_slot("dualbank_rollback", slot)


def confirm():
    _updatable()
    _verb("dualbank_confirm")


def boot_guard(most_boots=3):
    if not 0 <= most_boots <= 255:
        raise OverflowError("most_boots must be from 0 to 255")
    _updatable()
    _verb("dualbank_boot_guard", most_boots)


def abandon():
    _writable()
    _verb("dualbank_abandon")


def missing():
    _updatable()
    return _missing()


# ---- reports

def _state():
    return _ask("dualbank_status_of", "<bbbBBBbxII", _UPDATER)


def _missing():
    ranges = []
    while _state()[5]:
        gap = _ask("dualbank_next_missing", "<II", _UPDATER, ranges[-1][1] if ranges else 0)
        if gap[0] == gap[1]:
            break
        ranges.append(gap)
    return ranges


def _drive():
    _engine("dualbank_look_at_drive", _SCRATCH + 64, _UPDATER, _SCRATCH)
    state, offset, size, slot = _get("<IIIb3x")
    shown = ("", "unformatted", "not_extended", "extended")[state]
    return _get("<B3x3I", _SCRATCH + 64), Drive(shown, offset, size, _slot_name(slot)) if state else None


def _c_text(raw):
    return "".join(chr(c) if 0x20 <= c <= 0x7E else "?" for c in raw[: raw.find(b"\0")])


def _image(valid):
    found, described, hashed, segments, chip, entry, length, secure = _get("<4BH2x3I")
    version, project, date, time, idf, digest = _get("<33s33s17s17s33s32s", _SCRATCH + 20)
    if not found:
        return None
    return Image(
        bool(valid), _c_text(version) if described else None, _c_text(project) if described else None,
        _text("dualbank_chip_name", chip), None if length == 0xFFFFFFFF else length, segments, entry,
        _c_text(date) + " " + _c_text(time) if described else None, _c_text(idf) if described else None,
        secure if described else None, "".join("%02x" % b for b in digest) if hashed else None,
    )


def _slot_report(slot):
    offset, size = _ask("dualbank_extent_of", "<II", _UPDATER, slot)
    _engine("dualbank_look_at_image", _SCRATCH + 256, _UPDATER, slot, _BUFFER, 4096, _SCRATCH)
    fault = _get("<B3x3I", _SCRATCH + 256)
    damaged = fault[0] not in (0, 96)
    image = _image(not damaged)
    _engine("dualbank_record_of", _SCRATCH, _UPDATER, slot)
    seq, state = _get("<II")
    record = Record(seq, _text("dualbank_state_name", state)) if seq else None
    return Slot(_slot_name(slot), offset, size, image, _error(fault) if damaged else None, record)


def status():
    _opened()
    in_the_way, drive = _drive()
    _engine("dualbank_predict_boot", _SCRATCH, _UPDATER, _BUFFER, 4096)
    boot, reason = _get("<b3xI")
    running, _, following, on_trial, _, active, update_slot, length, _ = _state()
    refusal = _refusal or (in_the_way if in_the_way[0] and not _options["overwrite"] else None)
    update = Update(_slot_name(update_slot), None if length == 0xFFFFFFFF else length, tuple(_missing())) if active else None
    slots = [_slot_report(slot) for slot in range(_call("dualbank_slot_count", _UPDATER))]
    slots += [_slot_report(slot) for slot in (-1, -2) if _ask("dualbank_extent_of", "<II", _UPDATER, slot)[1]]
    return Status(
        not refusal, _sentence(refusal, "dualbank_explain_what") if refusal else None,
        _text("dualbank_status_name", refusal[0]) if refusal else None, _POLICIES[_options["policy"]], _slot_name(running),
        _slot_name(boot), _dualbank.text(reason), _slot_name(following), _slot_name(running) if on_trial else None, update, drive,
        tuple(slots),
    )
