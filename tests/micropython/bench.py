"""What stands before each of the other scripts, with the images: how they check, and a board's flash to work on: a file for
CPython's package, a block device in RAM elsewhere."""

import dualbank

SECTOR = 4096
checks = 0


def check(truth, what=""):
    global checks
    checks += 1
    assert truth, what


def raised(kind, verb, *arguments, **keywords):
    try:
        verb(*arguments, **keywords)
    except kind as error:
        return error
    check(False, "not raised")


def refused(code, verb, *arguments, **keywords):
    error = raised(dualbank.Error, verb, *arguments, **keywords)
    check(isinstance(error, RuntimeError) and error.code == code, (error.code, code))
    return error


def send(image, piece=1000):
    for at in range(0, len(image), piece):
        dualbank.flash(image[at : at + piece])


def run_tests(names):
    for name in sorted(names):
        if name.startswith("test_"):
            names[name]()
            print("ok", name[5:].replace("_", " "))
    print(checks, "checks")


class RamFlash:
    """A block device with the extended interface that behaves as flash: programming only clears bits. Sparse."""

    def __init__(self, size, pieces=()):
        self.sectors = [None] * (size // SECTOR)
        self.operations = 0
        self.fails = None  # raised by the next program or erase
        for offset, data in pieces:
            for at in range(len(data)):
                if data[at] != 0xFF:
                    self._sector((offset + at) // SECTOR)[(offset + at) % SECTOR] = data[at]

    def _sector(self, block):
        if self.sectors[block] is None:
            self.sectors[block] = bytearray(b"\xff" * SECTOR)
        return self.sectors[block]

    def _operate(self):
        self.operations += 1
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error

    def readblocks(self, block, buffer, offset=0):
        assert offset + len(buffer) <= SECTOR
        sector = self.sectors[block]
        for i in range(len(buffer)):
            buffer[i] = 0xFF if sector is None else sector[offset + i]

    def writeblocks(self, block, buffer, offset=0):
        assert offset + len(buffer) <= SECTOR
        self._operate()
        sector = self._sector(block)
        for i in range(len(buffer)):
            sector[offset + i] &= buffer[i]

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.sectors)
        if operation == 5:
            return SECTOR
        if operation == 6:
            self._operate()
            self.sectors[argument] = None
            return 0

    def holds(self, offset, data):
        """Whether these bytes stand there."""
        for at in range(0, len(data), SECTOR):
            piece = bytearray(min(SECTOR, len(data) - at))
            RamFlash.readblocks(self, (offset + at) // SECTOR, piece)
            if piece != data[at : at + len(piece)]:
                return False
        return True


def changed(data, changes):
    """Bytes with others in their place, as (offset, bytes)."""
    data = bytearray(data)
    for offset, piece in changes:
        data[offset : offset + len(piece)] = piece
    return bytes(data)


if hasattr(dualbank, "Board"):  # the package for CPython
    FILE = "bench.flash"

    def new_flash(changes=()):
        """A fresh board: image 1.0 in ota_0, nothing else; with changes, as (offset, bytes)."""
        dualbank.use(None)
        with open(FILE, "wb") as file:
            file.write(changed(b"\xff" * FLASH_BYTES, PIECES + list(changes)))

    def use(**options):
        dualbank.use(FILE, **options)

    def holds(offset, data):
        """Whether these bytes stand in the flash."""
        with open(FILE, "rb") as file:
            return file.read()[offset : offset + len(data)] == data

    def fingerprint():
        """The same only where the whole flash is the same."""
        with open(FILE, "rb") as file:
            return hash(file.read())

else:
    device = None

    def new_flash(changes=()):
        """A fresh board: image 1.0 in ota_0, nothing else; with changes, as (offset, bytes)."""
        global device
        dualbank.use(None)
        device = RamFlash(FLASH_BYTES, PIECES)
        for offset, piece in changes:
            device._sector(offset // SECTOR)[offset % SECTOR : offset % SECTOR + len(piece)] = piece

    def use(**options):
        dualbank.use(device, table_offset=TABLE_OFFSET, **options)

    def holds(offset, data):
        return device.holds(offset, data)

    def fingerprint():
        return [sector and hash(bytes(sector)) for sector in device.sectors]
