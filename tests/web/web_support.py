"""Builds the page, once; asks its engine; and the dumps that page and command are asked about."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUALBANK_BUILD", ROOT / "build"))
HERE = pathlib.Path(__file__).resolve().parent
MODULE = BUILD / "web" / "wasm" / "dualbank_web.wasm"
PAGE = BUILD / "web" / "dualbank.html"
ENGINE = ROOT / "dualbank" / "bindings" / "web" / "engine.js"
TOOLS = ("clang++-19", "wasm-ld-19", "node", "npm", "chromium")

sys.path.insert(0, str(ROOT / "tests" / "cli"))


def build():
    done = subprocess.run([ROOT / "tools" / "build_web"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)


def ask(folder, questions):
    """An answer of the page's engine for each {"file", "words", "cut"}."""
    lines = "".join(json.dumps({"cut": None, **question}) + "\n" for question in questions)
    done = subprocess.run(["node", HERE / "ask.mjs", MODULE, ENGINE], cwd=folder, input=lines, capture_output=True, text=True,
                          timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]
