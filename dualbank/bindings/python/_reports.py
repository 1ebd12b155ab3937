"""What the looking verbs answer: named tuples with the fields of the command's --json."""

from typing import NamedTuple

from ._dualbank import Error


class Image(NamedTuple):
    """One firmware, in a slot or in a file."""

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
    """A boot record (ESP-IDF: otadata entry). States: new, pending_verify, valid, invalid, aborted, undefined."""

    seq: int
    state: str


class Slot(NamedTuple):
    """A slot (app partition).

    `image` is None when its first bytes tell of none, `fault` unless what it holds is damaged, `record` when no boot
    record names it.
    """

    name: str
    offset: int
    size: int
    image: Image | None
    fault: Error | None
    record: Record | None


class Update(NamedTuple):
    """The update under way: its length (None while it is not known) and what is still missing, as (from, to)."""

    slot: str
    length: int | None
    missing: tuple[tuple[int, int], ...]


class Drive(NamedTuple):
    """CircuitPython's drive: its partition, and whether it is extended.

    `state`: "not_extended"; "extended", and then `slot` is where it goes on; "unformatted" when it holds no file system:
    CircuitPython's next boot makes one, extended.
    """

    state: str
    offset: int
    size: int
    slot: str | None


class Status(NamedTuple):
    """A board: the fields of `dualbank status --json`. A slot is always its name; None when there is none.

    `available`: can it be updated; if not, `reason` says why. `boot_slot`: what the next reset runs, `boot_reason` why.
    `trial`: the running slot, while it was switched to and is not confirmed.
    """

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


def _maybe(kind, report):
    return None if report is None else kind(**report)


def image_of(report):
    return _maybe(Image, report)


def slot_of(report):
    return Slot(**report | {"image": _maybe(Image, report["image"]), "record": _maybe(Record, report["record"])})


def status_of(report):
    update = report["update"]
    if update is not None:
        update = Update(**update | {"missing": tuple(update["missing"])})
    return Status(**report | {"update": update, "drive": _maybe(Drive, report["drive"]), "slots": tuple(map(slot_of, report["slots"]))})
