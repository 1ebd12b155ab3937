"""The board's module and ours, called side by side: one on the flash, the other on a copy of it."""

import linecache

from ._points import CURES, point_of

_START_BYTES = 288


class Outcome:
    def __init__(self, error=None):
        self.error = error

    @classmethod
    def of(cls, function, args, kwargs):
        try:
            function(*args, **kwargs)
        except Exception as error:
            return cls(error)
        return cls()


class Call:
    def __init__(self, verb, args, kwargs):
        self.verb, self.args, self.kwargs = verb, args, kwargs
        self.data = kwargs.get("buffer", args[0] if args else None)
        self.offset = kwargs.get("offset", args[1] if len(args) > 1 else None)

    @property
    def length(self):
        return len(self.data) if hasattr(self.data, "__len__") else 0

    @property
    def empty(self):
        return self.verb == "flash" and hasattr(self.data, "__len__") and self.length == 0

    @property
    def starts_an_image(self):
        try:
            start = bytes(memoryview(self.data)[:36])
        except TypeError:
            return False
        return start[:1] == b"\xe9" and start[32:36] == bytes.fromhex("3254cdab")


def refusal(error):
    """An error without its cure, as a script would see it printed."""
    text, cure = str(error), getattr(error, "cure", "")
    if cure and text.endswith(": " + cure):
        text = text[: -len(cure) - 2]
    return f"{type(error).__name__}: {text}"


class Both:
    """`leading` is "circuitpython" or "dualbank": whose answers the script gets.

    open_board, open_ours: () -> the module, on the flash or on its copy. make_copy: takes a new copy of the flash.
    place: () -> (file, line) of the script.
    """

    def __init__(self, leading, open_board, open_ours, make_copy, place):
        self.leading = leading
        self._open_board, self._open_ours, self._make_copy, self._place = open_board, open_ours, make_copy, place
        make_copy()
        self.board, self.ours = open_board(), open_ours()
        self.differences = []
        self.uncompared = 0
        self._in_step = True
        self._ours_end = 0
        self._first_was_not_start = False

    def call(self, verb, *args, **kwargs):
        call = Call(verb, args, kwargs)
        if not self._in_step and call.starts_an_image:
            self._catch_up()
        leads = self.board if self.leading == "circuitpython" else self.ours
        if self._in_step:
            board = Outcome.of(getattr(self.board, verb), args, kwargs)
            ours = Outcome.of(getattr(self.ours, verb), args, kwargs)
            self._compare(call, board, ours)
            leader = board if leads is self.board else ours
        else:
            self.uncompared += 1
            leader = Outcome.of(getattr(leads, verb), args, kwargs)
        if leader.error is not None:
            raise leader.error from None

    def _catch_up(self):
        """The module that follows gets the flash as the other one left it."""
        if self.leading == "circuitpython":
            self.ours.close()
            self._make_copy()
            self.ours, self._ours_end = self._open_ours(), 0
        else:
            self.board.close()
            self._make_copy()
            self.board = self._open_board()
        self._in_step = True

    def _ours_position(self, call):
        if call.offset is not None:
            return call.offset
        return 0 if call.starts_an_image else self._ours_end

    def _compare(self, call, board, ours):
        facts = self.board.facts
        position = self._ours_position(call) if call.verb == "flash" else None
        if facts.began:
            self._first_was_not_start = bool(facts.position)
        same_choice = call.verb != "switch" or ours.error or self.board.chosen_slot() == self.ours.status().boot_slot
        point = point_of(call, facts, board, ours, ours_position=position, same_choice=same_choice,
                         first_was_not_start=self._first_was_not_start, seen={d["point"] for d in self.differences})
        if ours.error is None and call.verb == "flash":
            self._ours_end = position + call.length
        # Once only one of them took the bytes, what follows differs because of that.
        self._in_step = (board.error is None) == (ours.error is None)
        if point is not None:
            self.note(f"{call.verb}()", point, self._board_text(call, board), self._ours_text(call, ours, position),
                      getattr(ours.error, "cure", "") if point in (13, 14, 17) else "")

    def _board_text(self, call, outcome):
        facts = self.board.facts
        did = []
        if facts.began:
            named = ", which the boot record names" if facts.began == facts.chosen_before else ""
            did.append(f"erases {facts.began}{named}")
        if outcome.error is not None:
            did.append(refusal(outcome.error))
        elif call.verb == "switch":
            did.append(f"{self.board.chosen_slot()} boots next")
        else:
            over = " into what is there, bit by bit (AND)" if facts.mixed else ""
            did.append(f"writes {call.length:,} bytes at {facts.position:,}{over}")
        return ", then ".join(did)

    def _ours_text(self, call, outcome, position):
        if outcome.error is not None:
            return refusal(outcome.error)
        if call.verb == "switch":
            return f"{self.ours.status().boot_slot} boots next"
        if call.empty:
            return "has nothing to do"
        if position + call.length < _START_BYTES:
            return f"keeps {call.length:,} bytes until the first {_START_BYTES} are there"
        return f"writes {call.length:,} bytes at {position:,}"

    def note(self, call, point, board, ours, cure=""):
        """A difference at the script's current line. The same one at the same line is counted."""
        file, line = self._place()
        for known in self.differences:
            if (known["file"], known["line"], known["point"]) == (file.shown, line, point):
                known["count"] += 1
                return
        self.differences.append({"file": file.shown, "line": line, "source": linecache.getline(file.path, line).strip(),
                                 "call": call, "point": point, "board": board, "ours": ours,
                                 "cure": cure or CURES[point], "count": 1})

    def close(self):
        self.board.close()
        self.ours.close()
