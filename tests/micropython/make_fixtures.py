"""Makes the scripts that each Python runs, whole, with images and a flash in them that the command made:

make_fixtures.py FOLDER     life.py, errors.py, device.py, locked_heap.py, and the files
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = ("life.py", "errors.py", "device.py", "locked_heap.py")
DUALBANK = os.environ["DUALBANK_BIN"]
TABLE = """nvs, data, nvs, 0x9000, 0x4000
otadata, data, ota, 0xd000, 0x2000
ota_0, app, ota_0, 0x10000, 0x10000
ota_1, app, ota_1, 0x20000, 0x10000
"""
FLASH_BYTES = 0x30000
TABLE_OFFSET = 0x8000
DRIVE_OFFSET = 0x9000
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


# What is changed in a row of the table, as (row, offset, bytes): the error of docs/ERRORS.md that it makes.
OTHER = b"\x40"  # a type that says nothing
TABLE_CHANGES = {
    "table_bad_row": [(3, 0, b"\x12\x34")],
    "table_beyond_flash": [(3, 8, (0x100000).to_bytes(4, "little"))],
    "layout_no_otadata": [(1, 2, OTHER)],
    "layout_otadata_too_small": [(1, 8, (0x1000).to_bytes(4, "little"))],
    "layout_no_slots": [(2, 2, OTHER), (3, 2, OTHER)],
    "layout_one_slot": [(3, 2, OTHER)],
    "layout_slot_gap": [(3, 3, b"\x12")],
    "layout_duplicate": [(3, 3, b"\x10")],
    "layout_overlap": [(3, 4, (0x10000).to_bytes(4, "little"))],
    "layout_misaligned": [(3, 8, (0x800).to_bytes(4, "little"))],
}


def changed_table(table, changes):
    table = bytearray(table)
    for row, offset, data in changes:
        table[32 * row + offset : 32 * row + offset + len(data)] = data
    table[-16:] = hashlib.md5(table[:-32]).digest()
    return bytes(table)


def make(folder):
    folder = pathlib.Path(folder)
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    one = image(folder, "1.0", "esp32c3", "0x40380000")
    two = image(folder, "2.0", "esp32c3", "0x40380000")
    other = image(folder, "2.0", "esp32s3", "0x40380000")
    data = image(folder, "7", "generic", "0x0")
    command(folder, "new", "board.flash", "--csv", "table.csv", "--size", str(FLASH_BYTES), "--image", one.name)
    status = json.loads(command(folder, "status", "board.flash", "--json"))
    flash = (folder / "board.flash").read_bytes()
    table = dict(pieces(flash))[TABLE_OFFSET]
    (folder / "drive.csv").write_text(TABLE.replace("nvs, data, nvs", "drive, data, fat"), encoding="utf-8")
    command(folder, "new", "drive.flash", "--csv", "drive.csv", "--size", str(FLASH_BYTES), "--image", one.name)
    command(folder, "erase-filesystem", "drive.flash", "--extended")
    drive = dict(pieces((folder / "drive.flash").read_bytes()))
    values = {
        "FLASH_BYTES": FLASH_BYTES,
        "TABLE_OFFSET": TABLE_OFFSET,
        "SLOTS": [slot["offset"] for slot in status["slots"]],
        "SLOT_BYTES": status["slots"][0]["size"],
        "PIECES": pieces(flash),
        "TABLES": {code: changed_table(table, changes) for code, changes in TABLE_CHANGES.items()},
        "EXTENDED_DRIVE": [(TABLE_OFFSET, drive[TABLE_OFFSET]), (DRIVE_OFFSET, drive[DRIVE_OFFSET][:512])],
        "TWO": two.read_bytes(),
        "DATA": data.read_bytes(),
        "OTHER_CHIP": other.read_bytes()[:1024],
    }
    return values


def script(values, text):
    """A whole script: the values and the bench before it. It needs `dualbank` and no other file."""
    values = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    return values + (HERE / "bench.py").read_text(encoding="utf-8") + text


def write_scripts(folder):
    values = make(folder)
    for name in SCRIPTS:
        text = script(values, (HERE / name).read_text(encoding="utf-8"))
        (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
    return values


if __name__ == "__main__":
    write_scripts(sys.argv[1])
