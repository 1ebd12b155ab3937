"""Makes fixtures.py, the images and the flash that bench.py and life.py work with, with the command: make_fixtures.py FOLDER"""

import json
import os
import pathlib
import subprocess
import sys

DUALBANK = os.environ["DUALBANK_BIN"]
TABLE = """nvs, data, nvs, 0x9000, 0x4000
otadata, data, ota, 0xd000, 0x2000
ota_0, app, ota_0, 0x10000, 0x10000
ota_1, app, ota_1, 0x20000, 0x10000
"""
FLASH_BYTES = 0x30000
PAYLOAD_BYTES = 12_000


def command(folder, *words):
    done = subprocess.run([DUALBANK, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"dualbank {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def image(folder, version, chip, address):
    name = f"{version}-{chip}.bin"
    payload = bytes((i * 7 + i // 251 + ord(version[0])) % 251 for i in range(PAYLOAD_BYTES))
    (folder / "payload.bin").write_bytes(payload)
    command(folder, "make-image", "payload.bin", "-o", name, "--chip", chip, "--address", address, "--app-version", version,
            "--project", "life")
    return folder / name


def pieces(flash):
    """What is not erased, as (offset, bytes)."""
    sectors = [(at, flash[at : at + 0x1000]) for at in range(0, len(flash), 0x1000)]
    return [(at, sector.rstrip(b"\xff")) for at, sector in sectors if sector.strip(b"\xff")]


def make(folder):
    folder = pathlib.Path(folder)
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    one = image(folder, "1.0", "esp32c3", "0x40380000")
    two = image(folder, "2.0", "esp32c3", "0x40380000")
    other = image(folder, "2.0", "esp32s3", "0x40380000")
    data = image(folder, "7", "generic", "0x0")
    command(folder, "new", "board.flash", "--csv", "table.csv", "--size", str(FLASH_BYTES), "--image", one.name)
    status = json.loads(command(folder, "status", "board.flash", "--json"))
    values = {
        "FLASH_BYTES": FLASH_BYTES,
        "TABLE_OFFSET": 0x8000,
        "SLOTS": [slot["offset"] for slot in status["slots"]],
        "SLOT_BYTES": status["slots"][0]["size"],
        "PIECES": pieces((folder / "board.flash").read_bytes()),
        "TWO": two.read_bytes(),
        "DATA": data.read_bytes(),
        "OTHER_CHIP": other.read_bytes()[:1024],
    }
    (folder / "fixtures.py").write_text("".join(f"{name} = {value!r}\n" for name, value in values.items()), encoding="utf-8")


if __name__ == "__main__":
    make(sys.argv[1])
