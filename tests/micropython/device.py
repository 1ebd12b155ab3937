"""A block device object as the flash, in every MicroPython and in CircuitPython: two data slots, and devices that fail."""

import dualbank

BLOCKS = 40


def test_two_data_slots():
    device = RamFlash(BLOCKS * 4096)
    dualbank.use(device)
    check(device.operations == 0)
    status = dualbank.status()
    check((status.running_slot, status.boot_slot, status.next_update_slot) == (None, None, "ota_0"), status)
    check([(slot.offset, slot.size) for slot in status.slots] == [(8192, 19 * 4096), (8192 + 19 * 4096, 19 * 4096)])
    for expected in ("ota_0", "ota_1", "ota_0"):
        send(DATA)
        dualbank.switch()
        dualbank.use(device)
        dualbank.confirm()
        status = dualbank.status()
        check(status.boot_slot == expected, status.boot_slot)
        slot = status.slots[int(expected[-1])]
        check(slot.image.valid and device.holds(slot.offset, DATA))


def test_what_a_device_raises_comes_out():
    new_flash()
    use()
    dualbank.flash(TWO[:4096])
    for error in (OSError(5), KeyboardInterrupt(), ValueError("mine")):
        device.fails = error
        check(raised(type(error), dualbank.flash, TWO[4096:8192], 4096) is error)
    check(dualbank.missing() == [(4096, len(TWO))], dualbank.missing())
    dualbank.flash(TWO[4096:], 4096)
    device.fails = OSError(5)
    raised(OSError, dualbank.switch)
    dualbank.switch()
    check(dualbank.status().boot_slot == "ota_1")


class Refusing(RamFlash):
    def writeblocks(self, block, buffer, offset=0):
        return -30

    def ioctl(self, operation, argument):
        return None if operation == 6 else RamFlash.ioctl(self, operation, argument)


def test_a_device_that_says_no():
    dualbank.use(Refusing(BLOCKS * 4096))
    error = raised(dualbank.Error, dualbank.flash, DATA[:4096], 0)
    check(error.code in ("flash_program_failed", "flash_erase_failed"), error.code)
    check(error.values["address"] < BLOCKS * 4096 and error.cure)


class Nosy(RamFlash):
    def readblocks(self, block, buffer, offset=0):
        if self.operations:
            dualbank.status()
        return RamFlash.readblocks(self, block, buffer, offset)


def test_one_call_at_a_time():
    dualbank.use(Nosy(BLOCKS * 4096))
    error = raised(dualbank.Error, send, DATA)
    check((error.code, error.cure) == ("busy", "wait until the other call has returned"), error.code)


class Odd(RamFlash):
    def __init__(self, block, count):
        self.answers = {4: count, 5: block}

    def ioctl(self, operation, argument):
        return self.answers.get(operation)


def test_what_is_no_flash():
    for block, count in ((512, 0), (3000, 100), (128, 100), (None, 100), (4096, 1 << 20)):
        error = raised(ValueError, dualbank.use, Odd(block, count))
        check("blocks of 256 to 4096 bytes, a power of two" in str(error), str(error))
    raised((AttributeError, TypeError), dualbank.use, 5)
    error = raised(dualbank.Error, dualbank.use, RamFlash(8 * 4096), table_offset=0x4000)
    check(error.code == "table_missing" and error.values["address"] == 0x4000, error.code)
    check(raised(dualbank.Error, dualbank.status).code == "no_flash_named")


def test_smaller_blocks():
    class Small(RamFlash):
        def readblocks(self, block, buffer, offset=0):
            assert offset + len(buffer) <= 512
            RamFlash.readblocks(self, block // 8, buffer, block % 8 * 512 + offset)

        def writeblocks(self, block, buffer, offset=0):
            assert offset + len(buffer) <= 512
            RamFlash.writeblocks(self, block // 8, buffer, block % 8 * 512 + offset)

        def ioctl(self, operation, argument):
            if operation == 6:
                sector = self._sector(argument // 8)
                sector[argument % 8 * 512 : argument % 8 * 512 + 512] = b"\xff" * 512
                return 0
            return {4: len(self.sectors) * 8, 5: 512}.get(operation)

    new_flash()
    device = Small(FLASH_BYTES, PIECES)
    dualbank.use(device, table_offset=TABLE_OFFSET)
    send(TWO)
    dualbank.switch()
    check(dualbank.status().slots[1].offset == SLOTS[1] and dualbank.status().slots[1].size == SLOT_BYTES)
    check(device.holds(SLOTS[1], TWO))


run_tests(globals())
