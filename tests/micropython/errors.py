"""Each error of docs/ERRORS.md that a script on a working device can meet, in every Python. It prints their names."""

import dualbank


def fresh(changes=(), **options):
    new_flash(changes)
    use(**options)


def opened_with(code, changes):
    new_flash(changes)
    return refused(code, use)


def begins_with(code, *changes):
    """Refused by the first bytes: nothing is written."""
    fresh()
    before = fingerprint()
    error = refused(code, dualbank.flash, changed(TWO, changes))
    check(fingerprint() == before, code)
    return error


def switched_with(code, *changes):
    fresh()
    send(changed(TWO, changes))
    error = refused(code, dualbank.switch)
    check(dualbank.status().boot_slot == "ota_0", code)
    return error


def on_trial(**options):
    fresh()
    send(TWO)
    dualbank.switch()
    use(running="ota_1", **options)


# ---- the table

def test_table_missing():
    opened_with("table_missing", [(TABLE_OFFSET, b"\xff" * 32)])


def test_table_md5_mismatch():
    opened_with("table_md5_mismatch", [(TABLE_OFFSET + 12, b"?")])


def of_a_table(code):
    changes = [(TABLE_OFFSET, TABLES[code])]
    if code not in ("layout_no_otadata", "layout_otadata_too_small", "layout_no_slots", "layout_one_slot"):
        opened_with(code, changes)
        return
    fresh(changes)  # it can be looked at
    status = dualbank.status()
    check((status.available, status.reason_code) == (False, code) and status.reason, status)
    refused(code, dualbank.flash, TWO)
    refused(code, dualbank.confirm)


# ---- the image

def test_image_no_magic():
    check(begins_with("image_no_magic", (0, b"\x00")).values == {"found": 0})


def test_image_wrong_chip():
    fresh()
    check(refused("image_wrong_chip", dualbank.flash, OTHER_CHIP).values == {"image": "esp32s3", "board": "esp32c3"})


def test_image_unknown_chip():
    check(begins_with("image_unknown_chip", (12, b"\xee\x0e")).values == {"chip": 0x0EEE})


def test_image_no_segments():
    begins_with("image_no_segments", (1, b"\x00"))


def test_image_too_many_segments():
    begins_with("image_too_many_segments", (1, b"\x11"))


def test_image_bad_segment():
    begins_with("image_bad_segment", (28, b"\x03\x00\x00\x00"))


def test_image_too_long():
    check(begins_with("image_too_long", (28, b"\x00\x00\x10\x00")).values["slot"] == SLOT_BYTES)


def test_image_no_descriptor():
    begins_with("image_no_descriptor", (32, b"none"))


def test_image_no_hash():
    begins_with("image_no_hash", (23, b"\x00"))


def test_image_too_short():
    fresh()
    refused("image_too_short", dualbank.begin, b"short", 12000, TWO[:100])


def test_image_checksum_mismatch():
    switched_with("image_checksum_mismatch", (5000, b"\x00\xff"))


def test_image_hash_mismatch():
    switched_with("image_hash_mismatch", (len(TWO) - 1, bytes([TWO[-1] ^ 1])))


# ---- the updater

def test_on_trial():
    on_trial()
    check(refused("on_trial", dualbank.flash, TWO).values == {"running": "ota_1"})
    on_trial(force=True)
    dualbank.flash(TWO)


def test_slot_is_running():
    fresh()
    refused("slot_is_running", dualbank.switch, "ota_0")


def test_slot_unknown():
    fresh()
    check(refused("slot_unknown", dualbank.switch, "ota_5").values == {"slot": 5, "slots": 2})


def test_header_first():
    fresh()
    check(refused("header_first", dualbank.flash, b"0123", 4096).values["offset"] == 4096)


def test_beyond_slot():
    fresh()
    dualbank.flash(TWO[:4096])
    refused("beyond_slot", dualbank.flash, b"01", SLOT_BYTES - 1)


def test_beyond_length():
    fresh()
    dualbank.begin(length=len(TWO), header=TWO[:512])
    refused("beyond_length", dualbank.flash, b"01", len(TWO) - 1)


def test_different_bytes():
    fresh()
    dualbank.flash(TWO[:8192])
    refused("different_bytes", dualbank.flash, b"\x00" * 32, 4096)


def test_too_many_gaps():
    fresh()
    dualbank.flash(TWO[:4096])
    error = raised(dualbank.Error, lambda: [dualbank.flash(TWO[at : at + 1], at) for at in range(4100, len(TWO), 2)])
    check(error.code == "too_many_gaps" and error.values["gaps"] > 8, error.code)
    dualbank.abandon()


def test_no_update():
    fresh()
    refused("no_update", dualbank.abandon)


def test_update_incomplete():
    fresh()
    dualbank.flash(TWO[:5000])
    check(refused("update_incomplete", dualbank.switch).values["offset"] <= 5000)


def test_slot_unfinished():
    fresh()
    dualbank.flash(TWO[:5000])
    check(refused("slot_unfinished", dualbank.rollback, "ota_1").values == {"slot": "ota_1"})


def test_image_empty_slot():
    fresh()
    refused("image_empty_slot", dualbank.switch, "ota_1")


def test_no_rollback_target():
    fresh()
    refused("no_rollback_target", dualbank.rollback)


def test_not_confirmable():
    on_trial()
    use(running="ota_0")  # the bootloader went back
    refused("not_confirmable", dualbank.confirm)


def test_length_mismatch():
    fresh()
    send(TWO)  # what a shorter update leaves behind its end
    dualbank.begin(b"shorter", len(TWO) - 16)
    send(TWO[:-16])
    refused("length_mismatch", dualbank.switch)


def test_trial_failed():
    on_trial()
    dualbank.boot_guard(1)
    use(running="ota_1")
    check(refused("trial_failed", dualbank.boot_guard, 1).values["slot"] == "ota_0")


def test_storage_extended():
    fresh(EXTENDED_DRIVE)
    status = dualbank.status()
    check((status.reason_code, status.drive.state, status.drive.slot) == ("storage_extended", "extended", "ota_1"), status)
    for call in (lambda: dualbank.flash(TWO), dualbank.switch, dualbank.rollback):
        check(str(refused("storage_extended", call)).startswith("storage is extended"))
    use(overwrite_drive=True)
    dualbank.flash(TWO)


for code in sorted(TABLES):
    of_a_table(code)
    print("ok", code)
for name in sorted(globals()):
    if name.startswith("test_"):
        globals()[name]()
        print("ok", name[5:])
print(checks, "checks")
