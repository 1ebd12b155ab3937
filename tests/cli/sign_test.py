"""keygen, sign and verify, with OpenSSL on the other side."""

import hashlib
import os
import stat
import unittest

import sign_support as by_openssl
from sign_support import BLOCK, SCHEMES, SECTOR
from support import ESP32S3, CommandTest, app_image, bootloader_image, noise, uf2

IMAGE = app_image("2.0", 8000)
SIGNED = by_openssl.padded(IMAGE)


class SignTest(CommandTest):
    def key(self, name, scheme="ecdsa256"):
        path = self.folder / name
        by_openssl.make_key(path, scheme)
        return path

    def image(self, content=IMAGE):
        return self.file("firmware.bin", content)

    def sign(self, *keys, image=None, output="signed.bin", more=()):
        words = [word for key in keys for word in ("--key", key)]
        self.ok("sign", image or self.image(), *words, "-o", output, "--force", *more)
        return (self.folder / output).read_bytes()

    def blocks(self, content, signed=len(SIGNED)):
        sector = content[signed:]
        self.assertEqual(len(sector), SECTOR)
        self.assertEqual(set(sector[3 * BLOCK:]), {0xFF})
        return [sector[i * BLOCK:(i + 1) * BLOCK] for i in range(3)]

    def verdict(self, content, *words):
        """(exit code, [code of each block])."""
        answer = self.run_command("verify", self.file("v.bin", content), "--json", *words)
        self.assertEqual(answer.json["verified"], answer.code == 0, answer)
        return answer.code, [block["code"] for block in answer.json["blocks"]]


class Keygen(SignTest):
    def test_a_key_is_for_its_owner_and_openssl_reads_it(self):
        for scheme in SCHEMES:
            answer = self.ok("keygen", f"{scheme}.pem", "--scheme", scheme, "--public", f"{scheme}.pub", "--json").json
            path = self.folder / f"{scheme}.pem"
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assertEqual(answer["key_digest"], by_openssl.key_digest(path, scheme))
            self.assertEqual(by_openssl.openssl("pkey", "-in", path, "-pubout"),
                             by_openssl.openssl("pkey", "-pubin", "-in", self.folder / f"{scheme}.pub", "-pubout"))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()),
                         sorted(f"{s}.{end}" for s in SCHEMES for end in ("pem", "pub")), "nothing stands beside them")

    def test_no_key_is_ever_replaced(self):
        path = self.file("key.pem", b"precious")
        self.refused("file_exists", "keygen", path, "--scheme", "ecdsa256")
        self.assertEqual(path.read_bytes(), b"precious")
        self.refused("file_exists", "keygen", "other.pem", "--scheme", "ecdsa256", "--public", path)
        self.assertFalse((self.folder / "other.pem").exists())
        self.refused("file_not_writable", "keygen", "nowhere/key.pem", "--scheme", "ecdsa256")
        self.refused("unknown_scheme", "keygen", "key2.pem", "--scheme", "rsa2048", exit_code=2)


class Sign(SignTest):
    def test_openssl_verifies_what_is_signed_and_the_layout_is_the_vendors(self):
        for scheme in SCHEMES:
            with self.subTest(scheme):
                key = self.key(f"{scheme}.pem", scheme)
                signed = self.sign(key)
                self.assertEqual(signed[:len(SIGNED)], SIGNED)
                block, *unused = self.blocks(signed)
                self.assertEqual(unused, [b"\xff" * BLOCK] * 2)
                by_hand = by_openssl.block(key, scheme, SIGNED)
                size = {"rsa3072": 384, "ecdsa256": 64, "ecdsa384": 96}[scheme]
                at = {"rsa3072": 812, "ecdsa256": 101, "ecdsa384": 149}[scheme]
                self.assertEqual(block[:at], by_hand[:at])
                self.assertEqual(block, by_openssl.with_crc(by_hand[:at] + block[at:at + size] + by_hand[at + size:]))
                public = self.file("key.pub", by_openssl.openssl("pkey", "-in", key, "-pubout"))
                for data, expected in ((SIGNED, True), (SIGNED[:-1] + b"\0", False)):
                    self.assertEqual(by_openssl.openssl_verifies(public, scheme, block[at:at + size], data, self.folder), expected)

    def test_several_keys_append_and_sign_again(self):
        a, b, c = (self.key(f"{name}.pem") for name in "abc")
        digests = [by_openssl.key_digest(key, "ecdsa256") for key in (a, b, c)]
        one = self.sign(a)
        signed = self.file("one.bin", one)
        two = self.sign(b, image=signed, more=["--append"])
        self.assertEqual(self.blocks(two)[0], self.blocks(one)[0])
        three = self.sign(c, image=self.file("two.bin", two), more=["--append"])
        self.assertEqual([hashlib.sha256(block[36:101]).hexdigest() for block in self.blocks(three)], digests)
        full = self.file("three.bin", three)
        self.refused("too_many_signatures", "sign", full, "-k", a, "--append", "-o", "four.bin")
        self.assertEqual(self.sign(b, image=full), self.sign(b), "without --append the others go")
        self.assertEqual(len(self.sign(a, b, c)), len(SIGNED) + SECTOR)
        self.refused("too_many_signatures", "sign", self.image(), *["-k", a] * 4, "-o", "four.bin")
        self.assertEqual(self.sign(a, more=["--append"])[:len(SIGNED)], SIGNED, "nothing there: the first")

    def test_a_block_that_is_not_good_is_not_kept(self):
        key = self.key("a.pem")
        signed = bytearray(self.sign(key))
        signed[100] ^= 1
        self.refused("image_checksum_mismatch", "sign", self.file("x.bin", signed), "-k", key, "--append", "-o", "y.bin")
        other = SIGNED + self.sign(key, image=self.image(app_image("3.0", 8000)))[len(SIGNED):]
        error = self.refused("signature_other_bytes", "sign", self.file("x.bin", other), "-k", key, "--append", "-o", "y.bin")
        self.assertIn("without --append", error["cure"])
        self.assertFalse((self.folder / "y.bin").exists())

    def test_what_fills_the_sector_stays_when_it_was_signed(self):
        key = self.key("a.pem")
        filled = IMAGE.ljust(len(SIGNED), b"\0")
        signed = filled + by_openssl.sector(by_openssl.block(key, "ecdsa256", filled))
        appended = self.sign(key, image=self.file("x.bin", signed), more=["--append"])
        self.assertEqual(appended[:len(filled)], filled)
        self.assertEqual(self.verdict(appended), (0, ["ok", "ok"]))

    def test_other_files_and_no_output(self):
        key = self.key("a.pem")
        signed = self.sign(key)
        self.assertEqual(self.blocks(self.sign(key, image=self.file("x.uf2", uf2(IMAGE))))[0][:101], self.blocks(signed)[0][:101])
        bootloader = bootloader_image()
        self.assertEqual(self.sign(key, image=self.file("boot.bin", bootloader))[:len(bootloader)], bootloader)
        self.refused("missing_option", "sign", self.image(), "-k", key, exit_code=2)
        self.refused("missing_option", "sign", self.image(), "-o", "x.bin", exit_code=2)
        self.refused("file_exists", "sign", self.image(), "-k", key, "-o", "signed.bin")
        self.refused("file_unknown", "sign", self.file("noise", noise("n", 900)), "-k", key, "-o", "z.bin")
        self.ok("sign", self.image(), "-k", key, "-o", "dry.bin", "--dry-run")
        self.assertFalse((self.folder / "dry.bin").exists())
        out = self.run_command("sign", self.image(), "-k", key, "-o", "-", text=False).out
        self.assertEqual(self.verdict(out), (0, ["ok"]))

    def test_keys_that_will_not_do(self):
        key = self.key("a.pem")
        cases = {"key_not_private": by_openssl.openssl("pkey", "-in", key, "-pubout"),
                 "key_not_pem": b"no key at all\n",
                 "key_encrypted": by_openssl.openssl("pkey", "-in", key, "-aes128", "-passout", "pass:x"),
                 "key_unsupported": by_openssl.openssl("genrsa", 2048)}
        for code, content in cases.items():
            self.refused(code, "sign", self.image(), "-k", self.file(f"{code}.pem", content), "-o", "z.bin")
        koblitz = by_openssl.openssl("ecparam", "-name", "secp256k1", "-genkey", "-noout")
        self.refused("key_unsupported", "sign", self.image(), "-k", self.file("k.pem", koblitz), "-o", "z.bin")
        self.refused("file_not_found", "sign", self.image(), "-k", "nowhere.pem", "-o", "z.bin")
        self.assertFalse((self.folder / "z.bin").exists())

    def test_others_who_can_read_a_key_are_told_of_and_its_words_never_are(self):
        key = self.key("a.pem")
        self.assertEqual(self.run_command("sign", self.image(), "-k", key, "-o", "s1.bin").err, "")
        for mode in (0o640, 0o604):
            key.chmod(mode)
            answer = self.run_command("sign", self.image(), "-k", key, "-o", f"{mode}.bin", "-v", "--json")
            self.assertIn(f"chmod 600 {key}", answer.err)
            secret = key.read_text().splitlines()[1]
            self.assertNotIn(secret[:20], answer.out + answer.err)


class Verify(SignTest):
    def test_what_openssl_signed_is_good(self):
        for scheme in SCHEMES:
            key = self.key(f"{scheme}.pem", scheme)
            signed = SIGNED + by_openssl.sector(by_openssl.block(key, scheme, SIGNED))
            self.assertEqual(self.verdict(signed), (0, ["ok"]), scheme)
            self.assertEqual(self.verdict(signed, "--trust", key), (0, ["ok"]), scheme)

    def test_each_form_of_a_trusted_key(self):
        key, other = self.key("a.pem"), self.key("b.pem")
        signed = SIGNED + by_openssl.sector(by_openssl.block(key, "ecdsa256", SIGNED))
        digest = by_openssl.key_digest(key, "ecdsa256")
        public = self.file("a.pub", by_openssl.openssl("pkey", "-in", key, "-pubout"))
        for word in (digest, digest.upper(), public, self.file("a.digest", bytes.fromhex(digest))):
            self.assertEqual(self.verdict(signed, "--trust", word)[0], 0, word)
        self.assertEqual(self.verdict(signed, "--trust", other), (3, ["ok"]))
        self.assertEqual(self.verdict(signed, "--trust", other, "--trust", public)[0], 0)
        self.refused("too_many_keys", "verify", "v.bin", *["--trust", key] * 4, exit_code=2)
        self.refused("file_not_found", "verify", "v.bin", "--trust", digest[:-1])

    def test_each_block_says_why_it_fails(self):
        a, b = self.key("a.pem"), self.key("b.pem")
        good = by_openssl.block(a, "ecdsa256", SIGNED)
        wrong = by_openssl.with_crc(by_openssl.block(b, "ecdsa256", SIGNED)[:101] + good[101:])
        other = by_openssl.block(b, "ecdsa256", SIGNED + b"more")
        p192 = by_openssl.with_crc(good[:36] + b"\1" + good[37:])
        damaged = good[:60] + bytes([good[60] ^ 1]) + good[61:]
        cases = {"signature_wrong": wrong, "signature_other_bytes": other, "signature_damaged": damaged,
                 "signature_unknown_scheme": p192}
        for code, block in cases.items():
            with self.subTest(code):
                self.assertEqual(self.verdict(SIGNED + by_openssl.sector(block)), (3, [code]))
                both = SIGNED + by_openssl.sector(block, good)
                self.assertEqual(self.verdict(both, "--trust", a), (0, [code, "ok"]), "one good block will do")
                self.assertEqual(self.verdict(both), (3, [code, "ok"]))
        text = self.run_command("verify", self.file("v.bin", SIGNED + by_openssl.sector(wrong, good)), "--trust", a).out
        self.assertRegex(text, r"block 0  ECDSA P-256: signature block 0 was not made with the key that it names; its key")
        self.assertRegex(text, r"block 1  ECDSA P-256: good\n")

    def test_no_signature_is_no(self):
        self.assertEqual(self.verdict(IMAGE), (3, []))
        self.assertEqual(self.verdict(SIGNED + b"\xff" * SECTOR), (3, []))
        self.refused("image_hash_mismatch", "verify", self.file("x.bin", IMAGE[:-1] + bytes([IMAGE[-1] ^ 1])))


if __name__ == "__main__":
    unittest.main()
