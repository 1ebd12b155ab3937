"""Serial lines: the bytes on them, and lines where no device, or no good one, is at the other end."""

import os
import select
import signal
import socket
import struct
import termios
import threading
import unittest
import zlib

from serial_support import LONG, TWO, OverALine
from support import SLOT_BYTES, SLOTS


def cobs(body):
    data = body + struct.pack("<I", zlib.crc32(body))
    groups = data.split(b"\0")  # shorter than 254 bytes each
    return b"\0" + b"".join(bytes([len(group) + 1]) + group for group in groups) + b"\0"


def uncobs(frame):
    out, at = b"", 1
    while frame[at]:
        out += frame[at + 1:at + frame[at]] + b"\0" * (frame[at] < 255)
        at += frame[at]
    body, crc = out[:-5], out[-5:-1]  # no zero stands behind the last group
    assert struct.pack("<I", zlib.crc32(body)) == crc
    return body


class OnTheLine(OverALine):
    def test_hello_byte_by_byte_as_the_page_has_it(self):
        device = self.device(self.board())
        line = os.open(device.target.removeprefix("serial:"), os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, line)
        os.write(line, b"some text\r\n" + cobs(struct.pack("<BBBBI", 0xDB, 1, 1, 0, 0x12345678)))
        said = b""
        while said.count(b"\0") < 2:
            said += os.read(line, 4096)
        text, reply = said.split(b"\0")[:2]
        self.assertEqual(text, b"serial_device is up\r\n")
        body = uncobs(b"\0" + reply + b"\0")
        self.assertEqual(body[:20], struct.pack("<BBBBIIII", 0xBD, 1, 1, 0, 0x12345678, 0, 0, 0))
        self.assertEqual(body[20:44], struct.pack("<IIIbbbBII", 0, SLOT_BYTES, 0xFFFFFFFF, 0, 0, 1, 0, 0, 1))
        self.assertEqual(body[44:], struct.pack("<HHIIBBH32s32s", 9, 1024, SLOTS[1], SLOT_BYTES, 0, 0, 0,
                                                b"serial_device", b"1.0"))


class Lines(OverALine):
    """Lines where no device, or no good one, is at the other end."""

    def line(self, talk):
        """A pseudo terminal served by talk(descriptor) until the test ends."""
        master, slave = os.openpty()
        settings = termios.tcgetattr(slave)
        settings[1] &= ~termios.OPOST
        settings[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        done = threading.Event()

        def serve():
            while not done.is_set():
                if select.select([master], [], [], 0.05)[0]:
                    talk(master)

        thread = threading.Thread(target=serve)
        thread.start()

        def end():
            done.set()
            thread.join()
            os.close(master)
            os.close(slave)

        self.addCleanup(end)
        return os.ttyname(slave)

    def refused_once(self, code, *words):
        """Each takes the 3 seconds that a host is patient."""
        answer = self.run_command(*words, "--json")
        self.assertEqual((answer.code, answer.json["error"]["code"]), (1, code), answer)
        return answer.json["error"]

    def test_a_quiet_line(self):
        path = self.line(lambda master: os.read(master, 4096))
        error = self.refused_once("line_quiet", "status", f"serial:{path}?baud=9600")
        self.assertIn("for 3 s after asking who is there", error["message"])
        self.assertIn("is 9600 the right baud rate", error["cure"])

    def test_a_line_that_echoes(self):
        path = self.line(lambda master: os.write(master, os.read(master, 4096)))
        self.refused_once("line_echoes", "status", f"serial:{path}")

    def test_a_line_on_which_another_program_talks(self):
        def talk(master):
            os.read(master, 4096)
            os.write(master, b"login: \x1b[31m")

        error = self.refused_once("line_not_dualbank", "update", f"serial:{self.line(talk)}", self.file("two.bin", TWO))
        self.assertIn("login: ?[31m", error["message"])

    def test_a_newer_protocol(self):
        def talk(master):
            request = os.read(master, 4096)
            sequence = request[-12:-1]  # anything: the version is looked at first
            os.write(master, cobs(struct.pack("<BBBB", 0xBD, 2, 1, 0) + sequence[:4].ljust(4, b"\1")))

        error = self.refused("serial_version", "status", f"serial:{self.line(talk)}")
        self.assertIn("protocol version 2 came over the line, and 1 is known here", error["message"])

    def test_a_line_that_another_program_has(self):
        device = self.device(self.board(), "--kbps", 100)
        host = self.start("update", device.target, self.file("long.bin", LONG))
        device.wait_for_pieces(2)
        self.refused("line_in_use", "status", device.target)
        host.kill()
        host.communicate()

    def test_lines_that_are_none(self):
        self.refused("line_not_found", "status", "serial:/dev/ttyNONE7")
        self.refused("not_a_line", "status", f"serial:{self.board()}")
        self.refused("not_a_line", "status", "serial:/dev/null")
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(self.folder / "dead.sock"))
        dead.close()
        self.refused("line_not_found", "status", "serial:dead.sock")
        for target in ("serial:", "serial:/dev/ttyS0?baud=fast", "serial:/dev/ttyS0?baud=12345",
                       "serial:/dev/ttyS0?parity=odd"):
            with self.subTest(target):
                self.refused("bad_line", "status", target, exit_code=2)

    def test_a_device_that_goes_silent_in_the_middle(self):
        device = self.device(self.board(), "--kbps", 400)
        host = self.start("update", device.target, self.file("long.bin", LONG))
        device.wait_for_pieces(10)
        device.process.send_signal(signal.SIGSTOP)
        said = host.communicate(timeout=60)[1]
        device.process.send_signal(signal.SIGCONT)
        self.assertEqual(host.returncode, 1)
        self.assertRegex(said, r"nothing came back on \S+ for 3 s after sending 1024 bytes at \d+")
        self.assertIn("the same command goes on", said)

    def test_a_unix_socket(self):
        device = self.device(self.board())
        terminal = os.open(device.target.removeprefix("serial:"), os.O_RDWR | os.O_NOCTTY)
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.folder / "line.sock"))
        server.listen(1)
        self.addCleanup(server.close)

        def relay():
            host = server.accept()[0]
            while True:
                for ready in select.select([host, terminal], [], [])[0]:
                    if ready is host:
                        piece = host.recv(4096)
                        if not piece:
                            host.close()
                            os.close(terminal)
                            return
                        os.write(terminal, piece)
                    else:
                        host.sendall(os.read(terminal, 4096))

        thread = threading.Thread(target=relay)
        thread.start()
        self.assertIn("ota_0 runs", self.ok("status", "serial:line.sock").out)
        thread.join()


if __name__ == "__main__":
    unittest.main()
