"""A device in QEMU: the RISC-V machine sifive_u with 32 MiB of SPI NOR, whose array is a file.

One worker thread writes the flash file, so that writes reach it in order. One machine has one flash file; nobody else may have it open.
"""

import collections
import fcntl
import json
import os
import pathlib
import select
import selectors
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import tty

EMULATOR = "qemu-system-riscv32"
FLASH_BYTES = 32 << 20
PIPE_BYTES = 1 << 20  # the guest's line drops what the host does not take at once
MISSING = None if shutil.which(EMULATOR) else f"{EMULATOR} is not there: apt-get install qemu-system-misc"
NOBODY_LISTENS_SECONDS = 0.02


class MachineError(Exception):
    """The machine did not do what was asked; says what it said last."""


class MachineSilent(MachineError):
    """It runs, and did not say in time what was waited for."""


class Machine:
    """Starts at once. Use it in a `with`, or call one of quit(), kill() and stop_and_kill().

    What the device says is in `said` from the start of the process on; wait_for() goes through it, each call from where
    the last one ended. `taken_bytes`: how many bytes the device's line has been given.
    """

    def __init__(self, bootloader, flash, *, images=(), serial=None):
        """images: (file, address) put into RAM at every reset. serial: where the line appears, as a terminal."""
        if MISSING:
            raise MachineError(MISSING)
        if os.path.getsize(flash) != FLASH_BYTES:
            raise MachineError(f"{flash} has {os.path.getsize(flash)} bytes; the machine's flash has {FLASH_BYTES}")
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="dualbank-machine-"))
        self.said = bytearray()
        self._at = 0
        self._changed = threading.Condition()
        self._over = False
        self._qmp = None
        self._to_guest = bytearray()
        self._wake, self._waked = os.pipe()
        self.taken_bytes = 0
        self._terminal = None
        self._serial = serial
        if serial:
            self._open_terminal()
        loaded = [f"loader,file={file},addr={address:#x},force-raw=on" for file, address in images]
        with open(self._folder / "errors", "wb") as errors:
            # setpriv: the emulator does not outlive a harness that is killed.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", EMULATOR, "-M", "sifive_u", "-m", "32M", "-nodefaults",
                 "-display", "none", "-monitor", "none", "-bios", str(bootloader),
                 "-drive", f"if=mtd,format=raw,file={flash}",
                 "-object", "main-loop,id=ml,thread-pool-min=1,thread-pool-max=1",
                 "-chardev", f"stdio,id=u0,signal=off,logfile={self._folder / 'log'}", "-serial", "chardev:u0",
                 "-qmp", f"unix:{self._folder / 'qmp'},server=on,wait=off",
                 *(word for one in loaded for word in ("-device", one))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, pipesize=PIPE_BYTES, bufsize=0)
        os.set_blocking(self._process.stdin.fileno(), False)
        self._pump = threading.Thread(target=self._move_bytes, daemon=True)
        self._pump.start()

    # The line

    def write(self, data):
        """Bytes for the device. Returns at once; they arrive at 30 to 80 KiB a second."""
        with self._changed:
            self._to_guest += data
        os.write(self._waked, b".")

    def wait_for(self, text, timeout=20):
        """Waits until the device has said `text`; returns the whole line it is in, as far as it is text."""
        return self.wait_for_any([text], timeout)

    def wait_for_any(self, texts, timeout=20):
        """The same for the first of several, by their place in what was said."""
        wanted = [text.encode() for text in texts]
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [at for at in (self.said.find(text, self._at) for text in wanted) if at >= 0]
                line_end = self.said.find(b"\n", min(found)) if found else -1
                if line_end >= 0:
                    start = self.said.rfind(b"\n", 0, min(found)) + 1
                    self._at = line_end + 1
                    return self.said[start:line_end].decode("utf-8", "replace").rpartition("\0")[2].strip("\r")
                if self._over or not self._changed.wait(max(0.0, end - time.monotonic())):
                    kind = MachineError if self._over else MachineSilent
                    raise kind(self._what_happened(f"the device did not say {' or '.join(map(repr, texts))}"))

    def said_since(self, mark):
        """The text from `mark` (an earlier len(machine.said)) on."""
        with self._changed:
            return self.said[mark:].decode("utf-8", "replace")

    def wait_until_taken(self, count, timeout=30):
        """Until the device has been given `count` bytes since the power came."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.taken_bytes >= count or self._over, timeout) or self._over:
                raise MachineError(self._what_happened(f"the device took {self.taken_bytes} bytes, and not {count}"))

    # Power

    def reset(self):
        """A reset from outside: RAM and flash stay."""
        self._command("system_reset")

    def pause(self):
        """The machine stands still and all it wrote is in the flash file, which may be read until resume()."""
        self._command("stop")

    def resume(self):
        self._command("cont")

    def quit(self):
        """A clean end: everything is in the file."""
        self._command("quit", answer=False)
        self._end()

    def stop_and_kill(self):
        """The power goes: what was acknowledged is in the file, the operation in progress may be torn."""
        self.pause()
        self.kill()

    def kill(self):
        """The process dies as it stands: what the emulator had not written yet is lost too."""
        self._process.kill()
        self._end()

    @property
    def running(self):
        return self._process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._wake is not None:
            self.kill()

    # Inside

    def _open_terminal(self):
        self._terminal, line = os.openpty()
        tty.setraw(line)
        pathlib.Path(self._serial).unlink(missing_ok=True)
        os.symlink(os.ttyname(line), self._serial)
        os.close(line)
        os.set_blocking(self._terminal, False)

    def _somebody_listens(self):
        poll = select.poll()
        poll.register(self._terminal, 0)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def _move_bytes(self):
        """Moves bytes between the emulator's pipes, the terminal and the record of what was said."""
        out, into = self._process.stdout.fileno(), self._process.stdin.fileno()
        to_terminal = bytearray()
        with selectors.DefaultSelector() as selector:
            watched = {}

            def watch(file, events):
                if watched.get(file, 0) == events:
                    return
                if watched.get(file):
                    selector.unregister(file)
                if events:
                    selector.register(file, events)
                watched[file] = events

            watch(out, selectors.EVENT_READ)
            watch(self._wake, selectors.EVENT_READ)
            while True:
                listening = self._terminal is not None and self._somebody_listens()
                if not listening:
                    to_terminal.clear()  # nobody has plugged the cable in
                if self._terminal is not None:
                    wanted = selectors.EVENT_READ | bool(to_terminal) * selectors.EVENT_WRITE
                    watch(self._terminal, listening * wanted)
                watch(into, bool(self._to_guest) * selectors.EVENT_WRITE)
                waiting = None if self._terminal is None or listening else NOBODY_LISTENS_SECONDS
                ready = collections.defaultdict(int, {key.fd: events for key, events in selector.select(waiting)})
                if ready[self._wake]:
                    os.read(self._wake, 4096)
                if ready[out]:
                    data = os.read(out, PIPE_BYTES)
                    if not data:
                        break
                    to_terminal += data if listening else b""
                    with self._changed:
                        self.said += data
                        self._changed.notify_all()
                try:
                    if ready[into]:
                        with self._changed:
                            count = os.write(into, self._to_guest[:4096])
                            del self._to_guest[:count]
                            self.taken_bytes += count
                            self._changed.notify_all()
                    if self._terminal is not None and ready[self._terminal] & selectors.EVENT_READ:
                        with self._changed:
                            self._to_guest += os.read(self._terminal, 4096)
                    if to_terminal and ready[self._terminal] & selectors.EVENT_WRITE:
                        del to_terminal[:os.write(self._terminal, to_terminal[:4096])]
                except OSError:  # one side has just hung up: the next round sees it
                    pass
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _command(self, name, answer=True):
        try:
            if self._qmp is None:
                self._connect()
            self._send(name)
            while answer and "return" not in (reply := json.loads(self._qmp.readline() or "{}")):
                if "event" not in reply:
                    raise MachineError(self._what_happened(f"{name} was answered with {reply}"))
        except OSError as error:
            raise MachineError(self._what_happened(f"{name} failed: {error}")) from error

    def _connect(self):
        end = time.monotonic() + 10
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(30)
        while True:
            try:
                link.connect(str(self._folder / "qmp"))
                break
            except OSError:
                if not self.running or time.monotonic() > end:
                    raise
                time.sleep(0.002)
        self._qmp = link.makefile("rw", encoding="utf-8")
        link.close()  # the file keeps it
        self._qmp.readline()
        self._command("qmp_capabilities")

    def _send(self, name):
        self._qmp.write(json.dumps({"execute": name}) + "\n")
        self._qmp.flush()

    def _end(self):
        """Waits for the process, and gives back everything that belongs to it."""
        self._process.wait(30)
        self._pump.join(30)
        if self._qmp is not None:
            try:
                self._qmp.close()
            except OSError:
                pass
        self._process.stdin.close()
        self._process.stdout.close()
        if self._serial:
            pathlib.Path(self._serial).unlink(missing_ok=True)
        for file in (self._wake, self._waked, self._terminal):
            if file is not None:
                os.close(file)
        self._wake = self._waked = self._terminal = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _what_happened(self, what):
        errors = self._folder / "errors"
        text = errors.read_text(errors="replace") if errors.exists() else ""
        text = "\n".join(line for line in text.splitlines() if "has no peer" not in line)
        state = "" if self.running else f" (the emulator has ended with {self._process.returncode})"
        said = bytes(self.said[-1500:]).decode("utf-8", "replace")
        return f"{what}{state}; it said last:\n{said}\n{text}".rstrip()
