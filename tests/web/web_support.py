"""Builds the page, once; asks its engine; and the dumps that page and command are asked about."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUALBANK_BUILD", ROOT / "build"))
HERE = pathlib.Path(__file__).resolve().parent
MODULE = BUILD / "web" / "wasm" / "dualbank_web.wasm"
PAGE = BUILD / "web" / "dualbank.html"
ENGINE = BUILD / "web" / "engine"
TOOLS = ("clang++-19", "wasm-ld-19", "node", "npm", "chromium")

sys.path.insert(0, str(ROOT / "tests" / "cli"))


def build():
    run([ROOT / "tools" / "build_web"], ROOT)
    ENGINE.mkdir(exist_ok=True)
    for script in ("engine.js", "verifier.js"):
        shutil.copy(ROOT / "dualbank" / "bindings" / "web" / script, ENGINE)
    shutil.copy(HERE / "package.json", ENGINE)  # which says that they are modules


def run_in_browser(folder):
    """browser.mjs on the files of a folder. What it needs of npm is installed beside the page, once."""
    packages = BUILD / "web" / "node"
    packages.mkdir(exist_ok=True)
    files = ("package.json", "package-lock.json", ".npmrc")
    installed = packages / "node_modules" / "playwright-core" / "package.json"
    if not installed.exists() or any((packages / f).read_bytes() != (HERE / f).read_bytes() for f in files):
        for file in files:
            shutil.copy(HERE / file, packages)
        run(["npm", "ci", "--no-audit", "--no-fund"], packages)
    said = run(["node", HERE / "browser.mjs", PAGE, folder], packages)
    if not said.endswith("all held\n"):
        raise RuntimeError(said)


def run(words, folder, given=None):
    done = subprocess.run(words, cwd=folder, input=given, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{words}\n{done.stdout}{done.stderr}")
    return done.stdout


def ask(folder, questions):
    """An answer of the page's engine for each {"file", "words", "cut", "then"}."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    return [json.loads(line) for line in run(["node", HERE / "ask.mjs", MODULE, ENGINE / "engine.js"], folder, lines).splitlines()]
