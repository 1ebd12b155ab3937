"""Reads the project's Markdown pages: headings, links, fenced blocks, tables. Shared by the tests of this folder."""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\S*)\s*(.*)$")


def all_pages():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    pages += [p for p in (ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md") if p.exists()]
    return pages


@dataclasses.dataclass
class Block:
    language: str
    note: str  # what stands behind the language
    line: int  # of the fence
    lines: list

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def blocks(page, language=None):
    found, current = [], None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if fence and current is None:
            current = Block(fence.group(1), fence.group(2), number, [])
        elif fence:
            found.append(current)
            current = None
        elif current is not None:
            current.lines.append(line)
    if current is not None:
        raise AssertionError(f"{page.name}:{current.line}: the block has no end")
    return [b for b in found if language is None or b.language == language]


def prose(page):
    """(line number, line) outside of fenced blocks."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def anchor(heading):
    """A heading's anchor as the usual renderers make it."""
    text = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
    return text.replace(" ", "-")


def headings(page):
    return [line.lstrip("#").strip() for _, line in prose(page) if re.match(r"#{1,6} ", line)]


def tables(page):
    """Yields (heading above, column names, rows) of each table."""
    heading, rows = "", []
    for _, line in [*prose(page), (0, "")]:
        if line.startswith("|"):
            rows.append([c.strip() for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
            continue
        if rows:
            yield heading, rows[0], rows[2:]
            rows = []
        if re.match(r"#{1,6} ", line):
            heading = line.lstrip("#").strip()


def table(page, heading, first_column):
    """The table under a heading whose first column has that name; rows as dictionaries."""
    for above, names, rows in tables(page):
        if above == heading and names[0] == first_column:
            return [dict(zip(names, row)) for row in rows]
    raise AssertionError(f"{page.name}: no table with a column {first_column!r} under {heading!r}")
