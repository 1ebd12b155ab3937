import os
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, TypeAlias

from typing_extensions import Buffer, Self

_Path: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
_Image: TypeAlias = str | os.PathLike[str] | Buffer
_Progress: TypeAlias = Callable[[int, int], object]
_Range: TypeAlias = tuple[int, int]

__version__: str

class Error(RuntimeError):
    code: str
    values: dict[str, int | str | None]
    cure: str

class Image(NamedTuple):
    valid: bool
    version: str | None
    project: str | None
    chip: str | None
    length: int | None
    segments: int
    entry: int
    built: str | None
    idf: str | None
    secure_version: int | None
    sha256: str | None

class Record(NamedTuple):
    seq: int
    state: str

class Slot(NamedTuple):
    name: str
    offset: int
    size: int
    image: Image | None
    fault: Error | None
    record: Record | None

class Update(NamedTuple):
    slot: str
    length: int | None
    missing: tuple[_Range, ...]

class Drive(NamedTuple):
    state: str
    offset: int
    size: int
    slot: str | None

class Status(NamedTuple):
    available: bool
    reason: str | None
    reason_code: str | None
    policy: str
    running_slot: str | None
    boot_slot: str | None
    boot_reason: str | None
    next_update_slot: str | None
    trial: str | None
    update: Update | None
    drive: Drive | None
    slots: tuple[Slot, ...]

class Inspection(NamedTuple):
    kind: str
    image: Image | None
    status: Status | None
    fault: Error | None

class Board:
    def __init__(
        self,
        path: _Path,
        *,
        policy: str | None = None,
        running: str | None = None,
        force: bool = False,
        allow_foreign: bool = False,
        overwrite_drive: bool = False,
        read_only: bool = False,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def begin(self, identity: Buffer = b"", length: int | None = None, header: Buffer = b"") -> None: ...
    def flash(self, buffer: Buffer, offset: int = ...) -> None: ...
    def switch(self, slot: str | None = None) -> None: ...
    def confirm(self) -> None: ...
    def rollback(self, slot: str | None = None) -> None: ...
    def boot_guard(self, most_boots: int = 3) -> None: ...
    def abandon(self) -> None: ...
    def reset(self) -> str: ...
    def erase_filesystem(self, extended: bool | None = None) -> None: ...
    def close(self) -> None: ...
    def status(self) -> Status: ...
    def missing(self) -> list[_Range]: ...
    def update(self, image: _Image, progress: _Progress | None = None) -> bool: ...

def open(
    path: _Path,
    *,
    policy: str | None = None,
    running: str | None = None,
    force: bool = False,
    allow_foreign: bool = False,
    overwrite_drive: bool = False,
    read_only: bool = False,
) -> Board: ...
def use(
    path: _Path | None,
    *,
    policy: str | None = None,
    running: str | None = None,
    force: bool = False,
    allow_foreign: bool = False,
    overwrite_drive: bool = False,
) -> None: ...
def begin(identity: Buffer = b"", length: int | None = None, header: Buffer = b"") -> None: ...
def flash(buffer: Buffer, offset: int = ...) -> None: ...
def switch(slot: str | None = None) -> None: ...
def confirm() -> None: ...
def rollback(slot: str | None = None) -> None: ...
def boot_guard(most_boots: int = 3) -> None: ...
def abandon() -> None: ...
def reset() -> str: ...
def erase_filesystem(extended: bool | None = None) -> None: ...
def status() -> Status: ...
def missing() -> list[_Range]: ...
def update(image: _Image, progress: _Progress | None = None) -> bool: ...
def inspect(image: _Image, *, policy: str | None = None, running: str | None = None) -> Inspection: ...
