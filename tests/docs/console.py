"""Runs the blocks of a page as a reader would, in document order and in one folder, and compares what they print.

console   lines with "$ " are commands, the lines below one are its output
python    runs as a script; a comment "# -> text" behind a print says what it prints
cpp       a whole program; a comment // "text" behind a puts says what it prints
In an expected line {...} stands for any text; a line of {...} alone for any lines.
"""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import toolchain

WILD = "{...}"


@dataclasses.dataclass
class Ran:
    block: object
    command: str
    expected: list
    got: list
    exit_code: int


def matches(expected, got):
    """True when the lines agree."""
    pattern = ""
    for line in expected:
        if line.strip() == WILD:
            pattern += r"(?:.*\n)*"
        else:
            pattern += r".*".join(re.escape(part.rstrip()) for part in line.rstrip().split(WILD)) + r"\s*\n"
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in got)) is not None


def commands(block):
    """[(command, expected lines)] of a console block."""
    found = []
    for line in block.lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            raise AssertionError(f"line {block.line}: output before the first command")
    return found


def environment(folder):
    tools = folder / ".bin"
    tools.mkdir(exist_ok=True)
    for name, target in (("dualbank", toolchain.command()), ("python3", pathlib.Path(sys.executable))):
        if not (tools / name).exists():
            (tools / name).symlink_to(target.resolve())
    env = {k: v for k, v in os.environ.items() if not k.startswith("DUALBANK_")}
    env.update(PATH=f"{tools}:{env['PATH']}", PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1", COLUMNS="80", LC_ALL="C.UTF-8")
    env["PYTHONPATH"] = f"{toolchain.python_path()}:{env.get('PYTHONPATH', '')}"
    return env


def run(command, folder, shell=False):
    done = subprocess.run(command, cwd=folder, env=environment(folder), shell=shell, executable="/bin/bash" if shell else None,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=300)
    return done.stdout.splitlines(), done.returncode


def run_block(block, folder):
    """Yields a Ran for each command of the block; nothing for languages that are not run."""
    if block.language == "console":
        for command, expected in commands(block):
            got, code = run(command, folder, shell=True)
            yield Ran(block, command, expected, got, code)
    elif block.language == "python":
        script = folder / "script.py"
        script.write_text(block.text)
        got, code = run([sys.executable, "script.py"], folder)
        expected = [m.group(1) for line in block.lines if (m := re.search(r"# -> (.*)$", line))]
        yield Ran(block, "python3 script.py", expected, got, code)
    elif block.language == "cpp":
        program = toolchain.build(block.text, folder / "program")
        got, code = run([program], folder)
        expected = [m.group(1) for line in block.lines if (m := re.search(r'puts\(.*// "(.*)"', line))]
        yield Ran(block, "the C++ program", expected, got, code)
