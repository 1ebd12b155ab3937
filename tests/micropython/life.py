"""The module's life: one script, unchanged in CPython, in every MicroPython and in CircuitPython."""

import dualbank


def raises(kind, text, verb, *arguments, **keywords):
    error = raised(kind, verb, *arguments, **keywords)
    check(text in str(error), str(error))


def boots():
    status = dualbank.status()
    return status.running_slot, status.boot_slot, status.trial


def test_no_flash_is_named():
    dualbank.use(None)
    error = refused("no_flash_named", dualbank.status)
    check(str(error).startswith("no flash is named: call dualbank.use(") and error.values == {})
    check(error.cure.startswith("call dualbank.use("))


def test_a_whole_update():
    new_flash()
    use()
    check(boots() == ("ota_0", "ota_0", None), boots())
    check(dualbank.missing() == [])
    check(dualbank.flash(TWO[:2048]) is None)
    check(dualbank.missing()[0][0] <= 2048)
    update = dualbank.status().update
    check((update.slot, update.length) == ("ota_1", len(TWO)), update)
    check(list(update.missing) == dualbank.missing())
    error = refused("update_incomplete", dualbank.switch)
    check("not complete" in str(error) and error.values["offset"] <= 2048, str(error))
    dualbank.flash(TWO[2048:4096], 2048)
    dualbank.flash(TWO[8192:], offset=8192)
    check(dualbank.missing() == [(4096, 8192)], dualbank.missing())
    dualbank.flash(buffer=memoryview(TWO)[4096:8192], offset=4096)
    check(dualbank.missing() == [])
    check(dualbank.switch() is None)
    check(holds(SLOTS[1], TWO))
    check(boots() == ("ota_0", "ota_1", None), boots())

    use(running="ota_1")
    check(boots() == ("ota_1", "ota_1", "ota_1"), boots())
    refused("on_trial", dualbank.flash, TWO)
    dualbank.confirm()
    dualbank.confirm()
    check(boots() == ("ota_1", "ota_1", None), boots())
    dualbank.rollback()
    check(boots() == ("ota_1", "ota_0", None), boots())
    refused("slot_is_running", dualbank.switch, "ota_1")
    dualbank.rollback(slot="ota_0")


def test_the_usage_that_circuitpython_documents():
    new_flash()
    use()
    offset = 0
    while offset < len(TWO):
        buffer = TWO[offset : offset + 2048]
        dualbank.flash(buffer, offset)
        offset += len(buffer)
    dualbank.switch()
    check(holds(SLOTS[1], TWO) and boots()[1] == "ota_1")
    new_flash()
    use()
    dualbank.flash(bytearray(TWO))  # "the entire firmware or a partial chunk"
    dualbank.switch()
    check(holds(SLOTS[1], TWO) and boots()[1] == "ota_1")


def test_status():
    new_flash()
    use()
    status = dualbank.status()
    check(len(status) == 12 and status[0] is True and status.reason is None and status.reason_code is None)
    check((status.policy, status.boot_reason, status.next_update_slot) == ("stock", "no_record_first_slot", "ota_1"))
    check(status.update is None and status.drive is None)
    first, second = status.slots
    check((first.name, first.offset, first.size) == ("ota_0", SLOTS[0], SLOT_BYTES))
    check((second.name, second.offset, second.size) == ("ota_1", SLOTS[1], SLOT_BYTES))
    image = first.image
    check(image.valid is True and (image.version, image.project, image.chip) == ("1.0", "life", "esp32c3"), image)
    check(image.length % 16 == 0 and image.segments >= 1 and len(image.sha256) == 64 and image.secure_version == 0)
    check(len(image) == 11 and image.entry > 0 and image.built is not None and image.idf is not None)
    check(first.fault is None and first.record is None)
    check(second.image is None and second.fault is None and second.record is None)

    send(TWO)
    dualbank.switch()
    second = dualbank.status().slots[1]
    check(second.image.version == "2.0" and (second.record.seq, second.record.state) == (2, "undefined"), second.record)


def test_a_damaged_image():
    new_flash()
    use()
    dualbank.flash(TWO[:4096])
    second = dualbank.status().slots[1]
    check(second.image.valid is False and second.image.version == "2.0" and second.image.sha256 is None, second)
    check(isinstance(second.fault, dualbank.Error) and second.fault.code.startswith("image_"))
    dualbank.abandon()
    check(dualbank.status().update is None)


def test_a_trial_that_nobody_confirms():
    new_flash()
    use()
    dualbank.boot_guard()
    send(TWO, 3000)
    dualbank.switch()
    for boot in range(2):
        use(running="ota_1")
        dualbank.boot_guard(2)
        check(boots() == ("ota_1", "ota_1", "ota_1"), boots())
        dualbank.boot_guard(2)  # the same boot
    use(running="ota_1")
    error = refused("trial_failed", dualbank.boot_guard, most_boots=2)
    check(error.values["running"] == "ota_1" and error.values["tries"] == 2, error.values)
    check(boots()[1] == "ota_0", boots())


def test_a_wrong_chip_costs_nothing():
    new_flash()
    use()
    before = fingerprint()
    error = refused("image_wrong_chip", dualbank.flash, OTHER_CHIP)
    check(error.values == {"image": "esp32s3", "board": "esp32c3"}, error.values)
    check("esp32s3" in str(error) and "esp32c3" in error.cure and str(error).endswith(error.cure))
    check(error.args == (str(error),), error.args)
    refused("image_wrong_chip", dualbank.begin, header=OTHER_CHIP[:512])
    check(fingerprint() == before)


def test_begin_and_go_on():
    new_flash()
    use()
    dualbank.begin(b"two", len(TWO), TWO[:512])
    dualbank.flash(TWO[4096:8192], 4096)
    dualbank.flash(TWO[8192:9000])
    use()  # keeps what was partly received
    dualbank.begin(b"two", length=len(TWO))
    check(dualbank.missing() == [(0, 4096), (9000, len(TWO))], dualbank.missing())
    dualbank.begin(identity=b"another", length=len(TWO))
    check(dualbank.missing() == [(0, len(TWO))], dualbank.missing())


def test_arguments():
    new_flash()
    use()
    for wrong in ("text", 5, None, 1.5):
        raises(TypeError, "", dualbank.flash, wrong)
    for wrong in (1.5, "0", None, b"0"):
        raises(TypeError, "", dualbank.flash, b"x", wrong)
    for wrong in (-1, -(1 << 70)):
        raises(ValueError, "offset must be >= 0", dualbank.flash, b"x", wrong)
    for wrong in (1 << 32, 1 << 40, 1 << 70):
        raises(OverflowError, "offset must be below 2**32", dualbank.flash, b"x", wrong)
    raises(TypeError, "", dualbank.flash)
    raises(TypeError, "", dualbank.flash, b"x", 0, 0)
    raises(TypeError, "", dualbank.flash, b"x", ofset=0)
    raises(TypeError, "", dualbank.confirm, 1)
    raises(TypeError, "a slot is named by a str, for example 'ota_1'", dualbank.switch, 1)
    raises(ValueError, "'ota_16' is no slot: write 'ota_0', 'ota_1' ... or 'factory'", dualbank.switch, "ota_16")
    raises(ValueError, "'ota_' is no slot", dualbank.rollback, slot="ota_")
    raises(OverflowError, "", dualbank.boot_guard, 256)
    raises(ValueError, "'mine' is no policy: write 'stock', 'stock-rollback' or 'dualbank'", use, policy="mine")
    use()
    for offset in (0xFFFFFFFF, SLOT_BYTES):
        dualbank.flash(TWO[:1024], 0)
        error = refused("beyond_slot", dualbank.flash, b"0123456789", offset)
        check(error.values["offset"] == offset, error.values)


def test_a_policy_that_counts():
    new_flash()
    use(policy="dualbank")
    check(dualbank.status().policy == "dualbank")
    send(TWO, 5000)
    dualbank.switch("ota_1")
    check(dualbank.status().boot_slot == "ota_1")


def test_an_error_of_ones_own():
    error = dualbank.Error("mine")
    check((str(error), error.code, error.values, error.cure) == ("mine", "", {}, ""))
    raises(RuntimeError, "", dualbank.rollback)


run_tests(globals())
