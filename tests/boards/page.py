"""docs/BOARDS.md: what the table says of each board, and how its life went."""

import pathlib

import life

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "BOARDS.md"
HEAD = """\
# Boards

The {count} boards whose CircuitPython has the module `dualbank`, and the layouts of their flash. Each was given a flash, its
first firmware, an update in chunks of odd sizes, the switch to it, resets and a rollback; every byte of partition table,
boot records and slots was compared with what it must be. What came of it stands under "Result". This is on flash files, not on
the boards themselves.

`dualbank boards WORD` searches the list, `dualbank boards --layouts` shows the layouts,
`dualbank new board.flash --board ID` makes a flash. Both tables stand in `dualbank/cli/boards.txt`, with their sources; a board
is one line there. This page is made by `tools/make_board_docs`.

## Layouts

"Releases" are those of CircuitPython, 9.0 to 10.2, whose builds take the layout.

| Layout | Flash | Slots | Releases | Why no second slot, and notes |
|---|---|---|---|---|
"""
BOARDS = """
## All boards

"dualbank in": the releases of CircuitPython, 9.0 to 10.2, that have the module for the board. Later releases have the layout
with one slot that is named in the last column.

| Id | Name | Chip | Flash | Layout | dualbank in | Result | Later, and notes |
|---|---|---|---|---|---|---|---|
"""


def releases(entry):
    first, last = entry["first_release"], entry["last_release"]
    return first if first == last else f"{first} to {last}"


def cell(*texts):
    return "; ".join(text.replace("|", "\\|") for text in texts if text)


def layout_row(layout):
    notes = cell(layout["why_one_slot"], layout["note"])
    return [f"`{layout['name']}`", f"{layout['flash'] >> 20} MiB", str(layout["slots"]), releases(layout), notes]


def board_row(board, result):
    later = board["later_layout"] and f"then `{board['later_layout']}`"
    also = board["also"] and "also " + ", ".join(board["also"])
    return [f"`{board['id']}`", cell(board["name"]), board["chip"], f"{board['flash'] >> 20} MiB", f"`{board['layout']}`",
            releases(board), cell(result), cell(later, also, board["note"])]


def made(results):
    """The page's text. `results`: what came of each board, by id."""
    def table(rows):
        return "".join("| " + " | ".join(row) + " |\n" for row in rows).replace("|  |", "| |")

    boards = life.all_boards()
    return (HEAD.format(count=len(boards)) + table(map(layout_row, life.all_layouts())) + BOARDS +
            table(board_row(board, results[board["id"]]) for board in boards))
