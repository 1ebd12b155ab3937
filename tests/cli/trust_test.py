"""What takes signed images only: switch, rollback, update, our bootloader's reset, inspect."""

import unittest

import sign_support as by_openssl
from support import SLOTS, VALID, CommandTest, app_image, flash_bytes, record

OLD, NEW = app_image("1.0", 8000), app_image("2.0", 8000)


def signed(key, image=NEW):
    data = by_openssl.padded(image)
    return data + by_openssl.sector(by_openssl.block(key, "ecdsa256", data))


class Trust(CommandTest):
    def setUp(self):
        super().setUp()
        self.key, self.other = self.folder / "key.pem", self.folder / "other.pem"
        for path in (self.key, self.other):
            by_openssl.make_key(path, "ecdsa256")

    def flash(self, new, old=OLD, boots=0):
        records = (record(1, VALID), record(2) if boots == 1 else b"")
        return self.file("board.flash", flash_bytes((old, new), records))

    def test_switch_and_rollback_take_only_what_is_signed_by_a_trusted_key(self):
        for verb in ("switch", "rollback"):
            for new, code in ((NEW, "signature_missing"), (signed(self.other), "signature_untrusted")):
                path = self.flash(new)
                before = self.digest(path)
                self.refused(code, verb, path, "ota_1", "--trust", self.key)
                self.assertEqual(self.digest(path), before)
                self.ok(verb, path, "ota_1")
            self.ok(verb, self.flash(signed(self.key)), "ota_1", "--trust", self.key)
            self.ok(verb, self.flash(NEW), "ota_1", "--trust", self.key, "--allow-unsigned")
            self.refused("signature_untrusted", verb, self.flash(signed(self.key)), "ota_1", "--trust", self.key, "--revoke",
                         self.key)

    def test_update_looks_before_it_writes(self):
        path = self.flash(b"")
        before = self.digest(path)
        for image, code in ((NEW, "signature_missing"), (signed(self.other), "signature_untrusted")):
            self.refused(code, "update", path, self.file("new.bin", image), "--trust", self.key)
        self.assertEqual(self.digest(path), before)
        whole = self.file("new.bin", signed(self.key))
        self.ok("update", path, whole, "--trust", self.key)
        self.assertEqual(path.read_bytes()[SLOTS[1]:SLOTS[1] + whole.stat().st_size], whole.read_bytes())

    def test_the_running_images_key_by_the_vendors_rule(self):
        path = self.flash(signed(self.key), old=signed(self.key, OLD))
        self.ok("switch", path, "--trust-running", "--dry-run")
        self.refused("signature_untrusted", "switch", self.flash(signed(self.other), old=signed(self.key, OLD)), "--trust-running")
        self.refused("signature_no_anchor", "switch", self.flash(signed(self.key)), "--trust-running")
        self.refused("usage", "switch", path, "--trust-running", "--trust", self.key, exit_code=2)

    def test_our_bootloader_starts_no_other_and_a_stock_one_does(self):
        words = ("reset", self.flash(NEW, old=signed(self.key, OLD), boots=1), "--trust", self.key, "--dry-run", "--json")
        self.assertEqual(self.ok(*words, "--policy", "dualbank").json["boots"][0]["slot"], "ota_0")
        self.assertEqual(self.ok(*words).json["boots"][0]["slot"], "ota_1")
        both = self.flash(signed(self.key), old=signed(self.key, OLD), boots=1)
        self.assertEqual(self.ok("reset", both, "--trust", self.key, "--policy", "dualbank", "--dry-run", "--json").json["boots"][0]["slot"],
                         "ota_1")

    def test_inspect_names_what_would_be_refused(self):
        def findings(path, *words, code):
            answer = self.run_command("inspect", path, "--json", *words)
            self.assertEqual(answer.code, code, answer)
            return {(f["where"], f["code"]): f["severity"] for f in answer.json["findings"]}

        path = self.flash(signed(self.other), old=signed(self.key, OLD))
        self.assertEqual(findings(path, code=0), {})
        self.assertEqual(findings(path, "--trust", self.key, code=3), {("ota_1", "signature_untrusted"): "error"})
        self.assertEqual(findings(path, "--trust-running", code=3), {("ota_1", "signature_untrusted"): "error"})
        blocks = self.ok("inspect", path, "--json").json["slots"][1]["signature"]["blocks"]
        self.assertEqual([(b["index"], b["good"], b["key_digest"]) for b in blocks],
                         [(0, True, by_openssl.key_digest(self.other, "ecdsa256"))])
        image = self.file("new.bin", NEW)
        self.assertEqual(findings(image, code=0), {})
        self.assertEqual(findings(image, "--trust", self.key, code=3), {("image", "signature_missing"): "error"})
        wrong = bytearray(signed(self.key))
        at = len(by_openssl.padded(NEW))
        wrong[at:at + by_openssl.BLOCK] = by_openssl.with_crc(bytes(wrong[at:at + 120]) + b"\1" + bytes(wrong[at + 121:at + by_openssl.BLOCK]))
        self.assertEqual(findings(self.file("w.bin", wrong), code=0), {("image", "signature_wrong"): "warning"})

    def test_a_lowest_version(self):
        path = self.flash(NEW)
        before = self.digest(path)
        error = self.refused("image_version_too_low", "switch", path, "--lowest-version", 1)
        self.assertEqual(error["values"], {"image": 0, "counter": 1})
        self.refused("image_version_too_low", "update", path, self.file("n.bin", app_image("3.0", 8000)), "--lowest-version", 1)
        self.assertEqual(self.digest(path), before)
        self.ok("switch", path, "--lowest-version", 0)


if __name__ == "__main__":
    unittest.main()
