"""Where the build under test is, and how to build a program against it."""

import functools
import os
import pathlib
import re
import subprocess

import pages


def command():
    """The command under test: DUALBANK_BIN, or the one of build/."""
    path = pathlib.Path(os.environ.get("DUALBANK_BIN", pages.ROOT / "build" / "dualbank"))
    if not path.exists():
        raise AssertionError(f"{path} is not there: build first, or set DUALBANK_BIN")
    return path


def build_folder():
    return command().resolve().parent


def python_path():
    return build_folder() / "python"


@functools.cache
def cache():
    """The entries of CMakeCache.txt."""
    text = (build_folder() / "CMakeCache.txt").read_text()
    return dict(re.findall(r"^([\w-]+):\w+=(.*)$", text, re.MULTILINE))


def libraries(rooms):
    found = []
    for room in rooms:
        path = build_folder() / f"libdualbank_{room}.a"
        found.append(path)
    return found


def build(source, program, rooms=("ports", "engine", "formats")):
    """Compiles one C++ text against the rooms, with the sanitizers of the build."""
    program.parent.mkdir(parents=True, exist_ok=True)
    file = program.with_suffix(".cpp")
    file.write_text(source)
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{pages.ROOT}"]
    if sanitize := cache().get("DUALBANK_SANITIZE"):
        flags.append(f"-fsanitize={sanitize}")
    if cache().get("DUALBANK_COVERAGE", "OFF") not in ("OFF", "0", ""):
        flags.append("--coverage")
    compiler = cache().get("CMAKE_CXX_COMPILER", "c++")
    done = subprocess.run([compiler, *flags, file, *libraries(rooms), "-o", program], cwd=program.parent,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"the program does not compile:\n{done.stderr}")
    return program
