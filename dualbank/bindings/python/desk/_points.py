"""The points in which the board's module and ours differ; the numbers are those of docs/CIRCUITPYTHON.md."""

_EXTENDED = "storage is extended"

CURES = {
    1: "name it: flash(buffer, offset=N). With N = 0 the board appends: leave the offset out while sending in order",
    2: "send in order and leave the offset out; to start over, supervisor.reload() first",
    3: "send the first chunk first, and the others in order",
    4: "collect the first 289 bytes or more, then call flash: the first pieces of a response can be short",
    5: "begin with the image's first bytes and without an offset",
    6: "look at the first bytes before the first call: 0xE9, the chip's number at 12, 32 54 CD AB at 32",
    7: "run a firmware with an app descriptor: the board compares versions with whatever its memory holds",
    8: "give each build a version of its own",
    9: "reset after a switch that failed: microcontroller.reset(); a soft reload does not help on the board",
    12: "write each range once; to send other bytes, supervisor.reload() and start over",
    13: "stop at the slot's end: compare Content-Length with the size of the slot before the first call",
    14: "count the bytes and compare with Content-Length before switch()",
    15: "reset after switch(), before the next flash()",
    16: "reset between an update and the next one",
    17: "the cause is that of dualbank's message",
    18: "keep to flash and switch on the board; where a script runs on both, ask hasattr(dualbank, 'NAME') first",
    19: "use a layout with two OTA slots; on the board the extended drive would be laid over the running firmware",
    20: "storage.erase_filesystem(extended=False) first; it erases the drive and resets",
    21: "leave empty chunks out",
}


def _code(ours):
    return getattr(ours.error, "code", "")


def _refused_by_both(call, facts, board, ours):
    if not isinstance(board.error, RuntimeError) and not facts.positional:
        return None  # arguments that make no sense
    if str(ours.error).startswith(str(board.error)):
        return None
    if str(board.error) == _EXTENDED:
        return 20
    if facts.small_start:
        return 21 if call.empty else 4
    if facts.positional:
        return 1
    if facts.stale:
        return 9
    return 6 if facts.began else {"beyond_slot": 13, "update_incomplete": 14, "layout_one_slot": 19}.get(_code(ours), 17)


def _refused_by_board(call, facts, board, seen):
    text = str(board.error)
    if facts.positional:
        return 1
    if facts.small_start:
        return 21 if call.empty else 4
    if text == _EXTENDED:
        return 20
    if facts.stale:
        return 9
    if text == "Firmware is duplicate" or (call.verb == "flash" and text == "Firmware is invalid"):
        return 8
    # The image in flash is not the one that ours has, through an earlier call.
    return next((point for point in (3, 2, 12, 1) if point in seen), 2 if facts.position else 17)


def _refused_by_ours(call, facts, ours):
    code = _code(ours)
    if code.startswith("image_"):
        return 6
    known = {"different_bytes": 12, "header_first": 5, "on_trial": 18, "layout_one_slot": 19, "storage_extended": 20}
    return known.get(code, 14 if code == "update_incomplete" else 17)


def _taken_by_both(call, facts, ours_position, first_was_not_start, same_choice):
    if call.verb == "switch":
        return None if same_choice else 16
    if not call.empty and facts.position != ours_position:
        return 3 if first_was_not_start else 2
    if facts.mixed:
        return 12
    if facts.began is not None and facts.began == facts.chosen_before:
        return 15
    return 7 if facts.unreadable and facts.began else None


def point_of(call, facts, board, ours, *, ours_position=None, first_was_not_start=False, same_choice=True, seen=()):
    """The number of the point on which the two differ in this call; None when they agree."""
    if board.error and ours.error:
        return _refused_by_both(call, facts, board, ours)
    if board.error:
        return _refused_by_board(call, facts, board, seen)
    if ours.error:
        return _refused_by_ours(call, facts, ours)
    return _taken_by_both(call, facts, ours_position, first_was_not_start, same_choice)
