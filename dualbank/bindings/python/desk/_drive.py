"""The CIRCUITPY drive is the script's folder: `os`, `open` and `storage` see nothing else. It is read-only to a script
until storage.remount("/", readonly=False), as on a board whose drive a computer has mounted."""

import builtins
import errno
import os
from pathlib import Path, PurePosixPath

from ._desk import module

_READ_ONLY = 30  # EROFS, as the board says it


class Drive:
    def __init__(self, root, writable=False):
        self.root = Path(root)
        self.writable = writable
        self.folder = PurePosixPath("/")

    def host(self, path, to_write=False):
        """Where a path of the board is on the host."""
        parts = []
        for part in (self.folder / path).parts[1:]:
            parts = parts[:-1] if part == ".." else [*parts, part]
        if to_write and not self.writable:
            raise OSError(_READ_ONLY, "Read-only filesystem")
        return self.root.joinpath(*parts)

    def open(self, path, mode="r", **options):
        to_write = any(letter in mode for letter in "wax+")
        return builtins.open(self.host(path, to_write), mode, **options)

    def change_folder(self, path):
        target = self.host(path)
        if not target.is_dir():
            raise OSError(errno.ENOENT, "No such file/directory")
        self.folder = PurePosixPath("/") / target.relative_to(self.root).as_posix()


def make_os(desk, settings, version):
    drive = desk.drive

    def uname():
        return os.uname_result(("ESP32", "desk", version or "unknown", "dualbank run", "a flash file on the desk"))

    return module(
        "os",
        getenv=lambda key, default=None: settings.get(key, default),
        listdir=lambda path=".": sorted(os.listdir(drive.host(path))),
        stat=lambda path: os.stat(drive.host(path)),
        remove=lambda path: os.remove(drive.host(path, True)),
        unlink=lambda path: os.remove(drive.host(path, True)),
        rename=lambda old, new: os.rename(drive.host(old, True), drive.host(new, True)),
        mkdir=lambda path: os.mkdir(drive.host(path, True)),
        rmdir=lambda path: os.rmdir(drive.host(path, True)),
        chdir=drive.change_folder,
        getcwd=lambda: str(drive.folder),
        statvfs=lambda path: os.statvfs(drive.host(path)),
        sync=lambda: None,
        urandom=os.urandom,
        uname=uname,
        sep="/",
    )


class _Mount:
    def __init__(self, drive):
        self._drive = drive
        self.label = "CIRCUITPY"

    @property
    def readonly(self):
        return not self._drive.writable


def make_storage(desk, erase_filesystem):
    drive = desk.drive

    def remount(mount_path, readonly=False, *, disable_concurrent_write_protection=False):
        if mount_path != "/":
            raise OSError(errno.EINVAL, "Invalid argument")
        drive.writable = desk.state["writable"] = not readonly

    def getmount(mount_path):
        if mount_path != "/":
            raise OSError(errno.EINVAL, "Invalid argument")
        return _Mount(drive)

    def erase(*, extended=None):
        erase_filesystem(extended)
        desk.reset()

    nothing = lambda: None  # noqa: E731
    return module("storage", remount=remount, getmount=getmount, erase_filesystem=erase, VfsFat=_Mount,
                  disable_usb_drive=nothing, enable_usb_drive=nothing, unsafe_disable_usb_drive=nothing)
