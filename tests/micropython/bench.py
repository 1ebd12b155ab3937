"""What life.py runs on: a board's flash, in a file for CPython's package, on a block device in RAM elsewhere."""

import dualbank
from fixtures import FLASH_BYTES, PIECES, TABLE_OFFSET

SECTOR = 4096


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


if hasattr(dualbank, "Board"):  # the package for CPython
    import atexit
    import os
    import tempfile

    _file, _path = tempfile.mkstemp(prefix="dualbank-")
    atexit.register(os.unlink, _path)

    def new_flash():
        """A fresh board: image 1.0 in ota_0, nothing else."""
        dualbank.use(None)
        data = bytearray(b"\xff" * FLASH_BYTES)
        for offset, piece in PIECES:
            data[offset : offset + len(piece)] = piece
        with open(_path, "wb") as file:
            file.write(data)

    def use(**options):
        dualbank.use(_path, **options)

    def holds(offset, data):
        """Whether these bytes stand in the flash."""
        with open(_path, "rb") as file:
            return file.read()[offset : offset + len(data)] == data

    def fingerprint():
        """The same only where the whole flash is the same."""
        with open(_path, "rb") as file:
            return hash(file.read())

else:
    device = None

    def new_flash():
        """A fresh board: image 1.0 in ota_0, nothing else."""
        global device
        dualbank.use(None)
        device = RamFlash(FLASH_BYTES, PIECES)

    def use(**options):
        dualbank.use(device, table_offset=TABLE_OFFSET, **options)

    def holds(offset, data):
        return device.holds(offset, data)

    def fingerprint():
        return [sector and hash(bytes(sector)) for sector in device.sectors]
