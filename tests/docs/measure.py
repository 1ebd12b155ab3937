"""The numbers that pages state. In a page a number stands as <!--n:NAME-->123<!--/n-->."""

import functools
import json
import pathlib
import re
import subprocess
import tempfile

import pages
import toolchain

MARK = re.compile(r"<!--n:(\w+)-->(.*?)<!--/n-->")
SIZE = re.compile(r"size_(\w+)_(flash|ram|stack)")
HERE = pathlib.Path(__file__).resolve().parent
BUDGET = pages.ROOT / "tests" / "cross" / "size_budget.txt"


@functools.cache
def worked_update(what):
    """The output of worked_update.cpp."""
    with tempfile.TemporaryDirectory() as folder:
        source = (HERE / "worked_update.cpp").read_text()
        program = toolchain.build(source, pathlib.Path(folder) / "worked_update", ("sim", "engine", "formats"))
        done = subprocess.run([program, what], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"worked_update {what}: {done.stderr}")
    return done.stdout


def sizes():
    """{program: (flash, ram, stack)} in bytes on a Cortex-M0+, as tools/check_cross measured and keeps them."""
    rows = [line.split() for line in BUDGET.read_text().splitlines() if line.startswith("cortex-m0plus ")]
    return {program: tuple(map(int, numbers)) for _, program, *numbers in rows}


@functools.cache
def boards():
    done = subprocess.run([toolchain.command(), "boards", "--json"], capture_output=True, text=True, check=True)
    return len(json.loads(done.stdout)["boards"])


def number(name):
    """The number of that name."""
    if name == "boards":
        return boards()
    if size := SIZE.fullmatch(name):
        return sizes()[size.group(1)][("flash", "ram", "stack").index(size.group(2))]
    numbers = dict(line.split() for line in worked_update("numbers").splitlines())
    if name not in numbers:
        raise AssertionError(f"there is no number {name!r}")
    return int(numbers[name])


def stated(text):
    """[(name, value)] of the numbers in a text."""
    return [(name, int(value.replace(",", ""))) for name, value in MARK.findall(text)]


def filled(text):
    """The text with every number measured anew."""
    def replace(match):
        return f"<!--n:{match.group(1)}-->{number(match.group(1)):,}<!--/n-->"
    return MARK.sub(replace, text)
