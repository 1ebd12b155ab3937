"""The numbers that pages state. In a page a number stands as <!--n:NAME-->123<!--/n-->."""

import functools
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import pages
import toolchain

MARK = re.compile(r"<!--n:(\w+)-->(.*?)<!--/n-->")
# Sizes move with the compiler's version; everything else must be the same.
TOLERANCE = {"core_bytes": 0.05}
HERE = pathlib.Path(__file__).resolve().parent


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


SIZE_PROGRAM = """
#include "dualbank/engine/updater.hpp"
extern dualbank::Flash& chip;
extern dualbank::Bytes piece;
extern "C" int use() {
  static dualbank::Updater updater{chip, {}};
  return static_cast<int>(updater.open()) + static_cast<int>(updater.flash(piece, 0)) + static_cast<int>(updater.switch_slot()) +
         static_cast<int>(updater.confirm()) + static_cast<int>(updater.rollback());
}
extern "C" const unsigned updater_bytes;
const unsigned updater_bytes = sizeof(dualbank::Updater);
"""


@functools.cache
def core():
    """Bytes of code and RAM of an updater on Cortex-M0+, without explain(); nothing without the compiler."""
    if not shutil.which("arm-none-eabi-g++"):
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "use.cpp").write_text(SIZE_PROGRAM)
        sources = [folder / "use.cpp"]
        for room in ("formats", "engine"):
            sources += [s for s in sorted((pages.ROOT / "dualbank" / room).glob("*.cpp")) if not s.name.endswith("_test.cpp")]
        flags = ["-std=c++20", "-Os", "-mcpu=cortex-m0plus", "-mthumb", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
                 "-ffunction-sections", "-fdata-sections", f"-I{pages.ROOT}"]
        link = ["-nostdlib", "-Wl,--gc-sections,-e,use,-u,updater_bytes,--unresolved-symbols=ignore-all", "-Wl,-Ttext=0x1000"]
        done = subprocess.run(["arm-none-eabi-g++", *flags, *map(str, sources), *link, "-o", "core.elf"], cwd=folder,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"the core does not build for Cortex-M0+:\n{done.stderr}")
        size = subprocess.run(["arm-none-eabi-size", "core.elf"], cwd=folder, capture_output=True, text=True, check=True)
        text, data, bss, *_ = size.stdout.splitlines()[1].split()
    return {"core_bytes": int(text) + int(data), "core_ram": int(bss)}


@functools.cache
def boards():
    done = subprocess.run([toolchain.command(), "boards", "--json"], capture_output=True, text=True, check=True)
    return len(json.loads(done.stdout)["boards"])


def number(name):
    """The number of that name; None where this machine cannot measure it."""
    if name == "boards":
        return boards()
    if name in ("core_bytes", "core_ram"):
        return core().get(name)
    numbers = dict(line.split() for line in worked_update("numbers").splitlines())
    if name not in numbers:
        raise AssertionError(f"there is no number {name!r}")
    return int(numbers[name])


def stated(text):
    """[(name, value)] of the numbers in a text."""
    return [(name, int(value.replace(",", ""))) for name, value in MARK.findall(text)]


def agrees(name, value, measured):
    return abs(value - measured) <= TOLERANCE.get(name, 0) * measured


def filled(text):
    """The text with every number measured anew."""
    def replace(match):
        measured = number(match.group(1))
        if measured is None:
            return match.group(0)
        return f"<!--n:{match.group(1)}-->{measured:,}<!--/n-->"
    return MARK.sub(replace, text)
