"""The worst stack of a program, from its disassembly with relocations: the frames along the deepest chain of calls.

What a call through a pointer reaches is taken to be every function whose address lies in data (tables of virtual functions),
but for those that are on the chain already: nothing here calls itself. Functions of others, which are undefined, count as 0.
"""

import re

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s+([0-9a-f]+):\s+(\S+)\s*(.*)$")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: (R_\w+)\s+(\S+?)(?:[+-]0x[0-9a-f]+)?$")
CALLS = ("CALL", "JUMP24", "JUMP11", "RVC_JUMP", "JAL")
SECTION = re.compile(r"^RELOCATION RECORDS FOR \[(.*)\]")
REGISTERS = re.compile(r"\{(.*)\}")


def registers(text):
    count = 0
    for part in REGISTERS.search(text).group(1).split(","):
        ends = re.findall(r"\d+", part)
        count += int(ends[1]) - int(ends[0]) + 1 if len(ends) == 2 else 1
    return count


class Function:
    def __init__(self):
        self.frame = 0
        self.calls = set()
        self.indirect = False
        self.known = {}  # registers that hold a number, for frames too large for one instruction
        self.literals = {}
        self.waiting = []

    def instruction(self, address, name, operands):
        operands = re.split(r"\s+[;@#]\s", operands)[0].strip()
        if name == ".word":
            self.literals[address] = int(operands, 16)
            return
        words = [word.strip() for word in operands.split(",")]
        name = name.split(".")[0]
        if name in ("push", "stmdb") and (name == "push" or words[0] == "sp!"):
            self.frame += 4 * registers(operands)
        elif name in ("sub", "subw", "add", "addi", "addw") and words[0] == "sp":
            self.grow(name, words[1:])
        elif name in ("lui", "li"):
            self.known[words[0]] = int(words[1], 0) << (12 if name == "lui" else 0)
        elif name in ("addi", "add") and len(words) == 3 and words[0] == words[1] and words[0] in self.known:
            self.known[words[0]] += number(words[2]) or 0
        elif name == "blx" or (name in ("jalr", "jr", "bx") and words[0] not in ("ra", "lr", "t1")):
            self.indirect = True

    def grow(self, name, words):
        words = words[1:] if len(words) == 2 and words[0] == "sp" else words
        by = number(words[0])
        if by is None:
            by = self.known.get(words[0], "literal")
        sign = 1 if name.startswith("sub") else -1
        if by == "literal":
            self.waiting.append(sign)
        else:
            self.frame += max(0, sign * by)

    def finish(self):
        # Thumb-1 takes a large frame from the literals behind the code: a negative one is added, once.
        if self.waiting:
            negative = [value - (1 << 32) for value in self.literals.values() if value >= 0xFFFF0000]
            if not negative:
                raise ValueError("a frame whose size cannot be found")
            self.frame += -min(negative)


def number(text):
    text = text.lstrip("#")
    return int(text, 0) if re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", text) else None


def parse(text):
    """{name: Function} of the output of objdump -dr."""
    functions, function = {}, None
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            function = functions.setdefault(match.group(1), Function())
        elif match := RELOCATION.match(line):
            kind, symbol = match.groups()
            if any(call in kind for call in CALLS):
                function.calls.add(symbol)
        elif match := INSTRUCTION.match(line):
            function.instruction(int(match.group(1), 16), match.group(2), match.group(3))
    for function in functions.values():
        function.finish()
    return functions


def in_data(text):
    """Symbols whose address lies in data, from the output of objdump -r."""
    symbols, data = set(), False
    for line in text.splitlines():
        if match := SECTION.match(line):
            data = match.group(1).startswith((".data", ".rodata", ".sdata"))
        elif data and (match := re.match(r"^[0-9a-f]+ R_\w+\s+([^\s+]+)", line)):
            symbols.add(match.group(1))
    return symbols


def recursive(functions):
    """Names of functions that call themselves, by way of others too; calls through a pointer are not followed."""
    left = {name: set(function.calls) & set(functions) for name, function in functions.items()}
    while left:
        called = set().union(*left.values()) & set(left)
        straight = {name for name, calls in left.items() if not calls & set(left) or name not in called}
        if not straight:  # what calls nothing that is left, or is called by nothing, is on no circle
            break
        for name in straight:
            del left[name]
    return sorted(left)


def worst(functions, pointed_to, entry, only_from=()):
    """(bytes, names along the chain). `only_from`: pairs of patterns: functions that match the first are reached through a
    pointer from such as match the second only."""
    known = {}
    rules = [(set(filter(re.compile(to).search, pointed_to)), re.compile(by)) for to, by in only_from]
    for to, by in rules:
        if to and not any(functions[name].indirect and by.search(name) for name in functions):
            raise ValueError(f"nothing calls {sorted(to)} through a pointer")

    def reached(name):
        return pointed_to.difference(*(to for to, by in rules if not by.search(name)))

    def depth(name, chain):
        if name not in functions or name in chain:
            return 0, ()
        if name in known:
            return known[name]
        function = functions[name]
        to = function.calls | (reached(name) if function.indirect else set())
        below, names = max((depth(callee, chain | {name}) for callee in sorted(to - {name})), default=(0, ()))
        known[name] = (function.frame + below, (name, *names))
        return known[name]

    return depth(entry, frozenset())
