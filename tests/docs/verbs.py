"""The table of verbs in README.md, made from `dualbank --help`."""

import os
import re
import subprocess

import toolchain

PLACE = re.compile(r"<!--verbs-->\n(.*?)<!--/verbs-->", re.DOTALL)
LAST_GROUP = "Options of every verb"


def read_help(text):
    """[(group, [(verb, summary)])] of the help's text."""
    groups = []
    for line in text.splitlines():
        if line.startswith(LAST_GROUP):
            break
        if row := re.match(r"  (\S+) +(\S.*)$", line):
            groups[-1][1].append(row.groups())
        elif line.startswith("   ") and groups and groups[-1][1]:
            verb, summary = groups[-1][1].pop()
            groups[-1][1].append((verb, f"{summary} {line.strip()}"))
        elif line.strip():
            groups.append((line, []))
    return [(name, rows) for name, rows in groups if rows and not name.startswith("Usage")]


def help_text():
    return subprocess.run([toolchain.command(), "--help"], capture_output=True, text=True, check=True,
                          env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}).stdout


def table():
    lines = ["| | Verb | |", "|---|---|---|"]
    for group, rows in read_help(help_text()):
        for verb, summary in rows:
            lines.append(f"| {group} | `{verb}` | {summary} |")
            group = ""
    return "\n".join(lines).replace("|  |", "| |") + "\n"


def filled(text):
    return PLACE.sub(lambda _: f"<!--verbs-->\n{table()}<!--/verbs-->", text)
