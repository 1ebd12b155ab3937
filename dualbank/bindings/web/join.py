#!/usr/bin/env python3
"""Joins the page's files into one that needs no server: join.py MODULE.wasm PAGE.html"""

import base64
import gzip
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
MOST_BYTES = 200_000
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.M)
# On lines of their own.
COMMENT = re.compile(r"^\s*(?://.*|/\*\*(?:.|\n)*?\*/)\n", re.M)


def modules(name, seen):
    """A script and those that it imports, these first, as one script. No two may have a name of their own in common."""
    if name in seen:
        return ""
    seen.add(name)
    text = (HERE / name).read_text(encoding="utf-8")
    before = "".join(modules(other, seen) for other in IMPORT.findall(text))
    return before + re.sub(r"^export ", "", COMMENT.sub("", IMPORT.sub("", text)), flags=re.M)


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main():
    module, page = map(pathlib.Path, sys.argv[1:])
    style = (HERE / "style.css").read_text(encoding="utf-8")
    script = modules("page.js", set())
    packed = gzip.compress(module.read_bytes(), 9, mtime=0)
    engine = base64.b85encode(packed, pad=True).decode()
    if "script" in engine:
        sys.exit("join.py: the engine's text may end its element")
    policy = ("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
              f"style-src {digest(style)}; script-src {digest(script)} 'wasm-unsafe-eval'")
    parts = {"policy": policy, "style": style, "script": script, "size": str(len(packed)), "engine": engine}
    template = (HERE / "index.html").read_text(encoding="utf-8")
    text = re.sub(r"\{(\w+)\}", lambda place: parts[place[1]], template)
    if len(text.encode()) > MOST_BYTES:
        sys.exit(f"join.py: the page has {len(text.encode()):,} bytes, and may have {MOST_BYTES:,}")
    page.write_text(text, encoding="utf-8")
    print(f"{page}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
