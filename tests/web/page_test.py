"""The page answers as the command does: the same JSON, the same exit code, the same bytes afterwards."""

import shutil
import struct
import sys
import unittest
import zlib

import web_support as web

from dump_support import dump, shape, signed  # noqa: E402
from support import (ABORTED, ESP32C3, NEW, PENDING_VERIFY, UNDEFINED, VALID, CommandTest, app_image, flash_bytes,  # noqa: E402
                     joined, noise, record, uf2)

POLICIES = ("stock", "stock-rollback", "dualbank")
BOARDS = ("adafruit_feather_esp32_v2", "adafruit_metro_esp32s3", "adafruit_qtpy_esp32c3")


def dumps():
    """Files of every kind by name: good, damaged, partial, and none at all."""
    one, two = app_image("1.0"), app_image("2.0")
    both = {"ota_0": one, "ota_1": two}
    broken = bytearray(two)
    broken[5000] ^= 1
    extra = [("more", 1, 0x81, 0x20000, 0x1000)]
    whole = flash_bytes((one, two), (record(1, VALID), record(2, NEW)))
    yield "whole", whole
    for state in (NEW, PENDING_VERIFY, ABORTED, UNDEFINED, 7):
        yield f"state-{state:x}", dump(both, (record(1, VALID), record(2, state)))
    yield "broken-image", dump({"ota_0": one, "ota_1": bytes(broken)}, (record(1, VALID), record(2, VALID)))
    yield "broken-records", dump(both, (record(1, VALID)[:-1] + b"\0", record(2, VALID)[:-1] + b"\0"))
    yield "nothing-boots", dump({"ota_0": bytes(broken)})
    yield "factory", dump({"factory": one, "ota_1": two}, factory=True)
    yield "one-slot", dump({"ota_0": one}, (record(1, VALID), b""), slots=1)
    yield "overlap", dump(both, (record(1, VALID), b""), extra=extra)
    yield "no-otadata", dump(both, otadata=0)
    yield "signed", dump({"ota_0": signed(one, "RSA-3072")}, (record(1, VALID), b""))
    yield "other-chip", dump({"ota_0": one, "ota_1": app_image("3.0", chip=ESP32C3)}, (record(1, VALID), b""))
    yield "html", dump({"ota_0": app_image("<b>1</b>", project="<script>&\"'")}, (record(1, VALID), b""))
    yield "from-table", whole[0x8000:]
    yield "cut-short", whole[:0x11234]
    yield "no-table", b"\xff" * (1 << 20)
    yield "encrypted", noise("encrypted", 1 << 20)
    yield "joined", joined(one)
    yield "image", one
    yield "image-cut-short", one[:-100]
    yield "uf2", uf2(one)
    yield "empty", b""
    yield "one-byte", b"\xe9"
    yield "text", b"<html>no flash</html>\n"


def wrongly_signed(image, signature_at):
    """A signed image, but a bit of its signature is another, and the block's own CRC is right."""
    wrong = bytearray(image)
    block = len(wrong) - 4096
    wrong[block + signature_at + 8] ^= 1
    struct.pack_into("<I", wrong, block + 1196, zlib.crc32(wrong[block:block + 1196]))
    return bytes(wrong)


class SameAnswers(CommandTest):
    def compare(self, content, *words, name="dump.bin"):
        """One question to both; returns the answer."""
        answer, = self.compare_all([(content, words)], name)
        return answer

    def compare_all(self, cases, name="dump.bin"):
        questions = []
        for i, (content, words) in enumerate(cases):
            (self.folder / str(i)).mkdir()
            self.file(f"{i}/{name}", content)
            questions.append({"file": f"{i}/{name}", "words": [words[0], name, *words[1:]]})
        answers = web.ask(self.folder, questions)
        root = self.folder
        for i, ((_, words), answer) in enumerate(zip(cases, answers)):
            self.folder = root / str(i)
            command = self.run_command(words[0], name, *words[1:], "--json")
            self.folder = root
            with self.subTest(case=i, words=words):
                self.assertEqual(answer["answer"], command.json)
                self.assertEqual(answer["code"], command.code)
                self.assertEqual(answer["digest"], self.digest(root / str(i) / name))
        return [answer["answer"] for answer in answers]

    def test_what_is_on_it(self):
        answers = self.compare_all([(content, ("inspect", "--policy", policy)) for _, content in dumps() for policy in POLICIES])
        codes = {finding["code"] for answer in answers for finding in answer["findings"]}
        self.assertGreater(len(codes), 15, "these dumps have too little wrong with them")

    def test_map_and_status(self):
        answers = self.compare_all([(content, (verb,)) for _, content in dumps() for verb in ("map", "status")])
        self.assertGreater(sum("error" in answer for answer in answers), 5)
        self.assertGreater(sum("grid" in answer for answer in answers), 10)

    def test_what_changes_it(self):
        verbs = (("switch",), ("rollback",), ("confirm",), ("reset",), ("repair", "ota_0", "--write"),
                 ("repair", "ota_1", "--write"), ("switch", "ota_0", "--running", "ota_1"))
        answers = self.compare_all([(content, (*verb, "--policy", POLICIES[(i + j) % 3]))
                                    for i, (_, content) in enumerate(dumps()) for j, verb in enumerate(verbs)])
        self.assertGreater(sum("error" not in answer for answer in answers), 50)

    def test_boards(self):
        cases = []
        for board in BOARDS:
            chip = next(word for word in ("esp32s3", "esp32c3", "esp32") if word in board)
            self.file("payload.bin", noise(board, 30_000))
            self.ok("make-image", "payload.bin", "--chip", chip, "--address", "0x3FFB0000" if chip == "esp32" else "0x3FC80000",
                    "--app-version", "1.0", "-o", "firmware.bin", "--force")
            self.ok("new", "board.flash", "--board", board, "--image", "firmware.bin", "--force")
            cases.append(((self.folder / "board.flash").read_bytes(), ("inspect",)))
        for answer in self.compare_all(cases):
            self.assertEqual(answer["boot_slot"], "ota_0")

    def test_signatures_are_verified(self):
        self.file("plain.bin", app_image("1.0"))
        cases = []
        for scheme, signature_at in (("rsa3072", 812), ("ecdsa256", 101), ("ecdsa384", 133)):
            self.ok("keygen", f"{scheme}.pem", "--scheme", scheme)
            self.ok("sign", "plain.bin", "--key", f"{scheme}.pem", "-o", f"{scheme}.bin")
            good = (self.folder / f"{scheme}.bin").read_bytes()
            cases += [(image, ("inspect",)) for image in (good, wrongly_signed(good, signature_at))]
        cases.append((dump({"ota_0": cases[0][0], "ota_1": cases[3][0]}, (record(1, VALID), b"")), ("inspect",)))
        *images, flash = self.compare_all(cases)
        blocks = [answer["signature"]["blocks"][0] for answer in images]
        self.assertEqual([block["good"] for block in blocks], [True, False] * 3)
        self.assertEqual({block["code"] for block in blocks[1::2]}, {"signature_wrong"})
        self.assertEqual([slot["signature"]["blocks"][0]["good"] for slot in flash["slots"]], [True, False])

    def test_cures_name_the_file_as_it_is_called(self):
        content = dict(dumps())["broken-records"]
        answer = self.compare(content, "inspect", name="my dump.bin")
        self.assertIn("'my dump.bin'", " ".join(finding["cure"] for finding in answer["findings"]))


class Cuts(CommandTest):
    def test_a_cut_anywhere_leaves_a_board_that_boots(self):
        content = flash_bytes((app_image("1.0"), app_image("2.0")), (record(1, VALID), b""))
        path = self.file("dump.bin", content)
        whole, = web.ask(self.folder, [{"file": "dump.bin", "words": ["switch", "dump.bin"]}])
        self.assertFalse(whole["wasCut"])
        self.assertGreater(len(whole["operations"]), 0)
        cuts = [{"step": step, "share": share} for step in range(len(whole["operations"])) for share in (0, 0.5)]
        questions = [{"file": "dump.bin", "words": ["switch", "dump.bin"], "cut": cut, "then": ["inspect", "dump.bin"]}
                     for cut in cuts]
        answers = web.ask(self.folder, questions)
        for cut, answer in zip(cuts, answers):
            self.assertTrue(answer["wasCut"])
            self.assertIsNone(answer["answer"])
            self.assertEqual(answer["operations"][:-1], whole["operations"][:cut["step"]])
            self.assertIn(answer["after"]["boot_slot"], ("ota_0", "ota_1"))
        self.assertEqual(answers[0]["digest"], self.digest(path), "before the first operation nothing is changed")
        self.assertEqual(answers[0]["after"]["boot_slot"], "ota_0")
        self.assertGreater(len({answer["digest"] for answer in answers}), len(whole["operations"]))
        self.assertEqual(path.read_bytes(), content)


class Browser(CommandTest):
    """browser.mjs does what a person would; here are the dumps for it."""

    def test_the_page_in_a_browser(self):
        one, two = app_image("1.0"), app_image("2.0")
        images = (record(1, VALID), record(2, NEW))
        hostile = app_image("<img src=x onerror=alert(1)>", project="</script><b>")
        for name, content in {
                "damaged": flash_bytes((one, two), (record(1, VALID)[:-1] + b"\0", record(2, VALID)[:-1] + b"\0")),
                "no-second": flash_bytes((one, None), (record(1, VALID), b"")),
                "trial": flash_bytes((one, two), images),
                "html": flash_bytes((hostile, None), (record(1, VALID), b"")),
                "image": one, "empty": b"", "one-byte": b"\xe9", "random": noise("random", 1 << 20),
                "cut-short": flash_bytes((one, two), images)[:0x11234],
                "-64-mib": flash_bytes((one, two), images, size=64 << 20)}.items():
            self.file(f"{name}.bin", content)
        whole = flash_bytes((one, two), (record(1, VALID), record(2, UNDEFINED)))
        self.file("whole-rolled-back.bin", whole)
        self.ok("rollback", "whole-rolled-back.bin")
        self.file("whole.bin", whole)
        self.ok("keygen", "key.pem", "--scheme", "ecdsa256")
        self.ok("sign", "image.bin", "--key", "key.pem", "-o", "signed.bin")
        self.file("wrongly-signed.bin", wrongly_signed((self.folder / "signed.bin").read_bytes(), 101))
        web.run_in_browser(self.folder)


class Size(unittest.TestCase):
    def test_all_of_it_is_under_200_kb(self):
        self.assertLess(web.PAGE.stat().st_size, 200_000)


def setUpModule():
    web.build()


if __name__ == "__main__":
    for tool in web.TOOLS:
        if not shutil.which(tool):
            print(f"skipped: {tool} is not there: run tools/setup web")
            sys.exit(0)
    unittest.main()
