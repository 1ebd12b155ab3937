"""Keys, signatures and blocks by OpenSSL's command line and Python's numbers: nothing of dualbank has a part in them."""

import hashlib
import re
import struct
import subprocess
import zlib

SECTOR, BLOCK = 4096, 1216
# Scheme: curve's name, its number in a block, its size, its hash.
CURVES = {"ecdsa256": ("prime256v1", 2, 32, "sha256"), "ecdsa384": ("secp384r1", 3, 48, "sha384")}
SCHEMES = ("rsa3072", *CURVES)


def openssl(*words, data=None, cwd=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=True, cwd=cwd).stdout


def make_key(path, scheme):
    if scheme == "rsa3072":
        openssl("genrsa", "-out", path, 3072)
    else:
        openssl("ecparam", "-name", CURVES[scheme][0], "-genkey", "-noout", "-out", path)
    path.chmod(0o600)


def padded(image):
    return image.ljust(-(-len(image) // SECTOR) * SECTOR, b"\xff")


def key_fields(path, scheme):
    """What a block has of a key."""
    if scheme == "rsa3072":
        n = int(openssl("rsa", "-in", path, "-modulus", "-noout").split(b"=")[1], 16)
        return (n.to_bytes(384, "little") + struct.pack("<I", 65537) + pow(2, 6144, n).to_bytes(384, "little")
                + struct.pack("<I", -pow(n, -1, 1 << 32) % (1 << 32)))
    _, number, size, _ = CURVES[scheme]
    point = openssl("ec", "-in", path, "-pubout", "-outform", "DER")[-2 * size:]
    return bytes([number]) + point[:size][::-1] + point[size:][::-1]


def key_digest(path, scheme):
    return hashlib.sha256(key_fields(path, scheme)).hexdigest()


def sign(path, scheme, data):
    """The signature as a block has it."""
    if scheme == "rsa3072":
        return openssl("dgst", "-sha256", "-sign", path, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32",
                       data=data)[::-1]
    _, _, size, hash_name = CURVES[scheme]
    der = openssl("dgst", f"-{hash_name}", "-sign", path, data=data)
    numbers = re.findall(rb"INTEGER +:([0-9A-F]+)", openssl("asn1parse", "-inform", "DER", data=der))
    return b"".join(int(number, 16).to_bytes(size, "little") for number in numbers)


def with_crc(block):
    return block[:1196] + struct.pack("<I", zlib.crc32(block[:1196])) + block[1200:]


def block(path, scheme, data):
    digest = hashlib.new("sha256" if scheme == "rsa3072" else CURVES[scheme][3], data).digest()
    head = bytes([0xE7, 2 if scheme == "rsa3072" else 3, scheme == "ecdsa384", 0])
    return with_crc((head + digest + key_fields(path, scheme) + sign(path, scheme, data)).ljust(BLOCK, b"\0"))


def sector(*blocks):
    return b"".join(blocks).ljust(SECTOR, b"\xff")


def openssl_verifies(public, scheme, signature, data, folder):
    """Whether OpenSSL finds a block's signature good."""
    if scheme == "rsa3072":
        options, der = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"], signature[::-1]
    else:
        _, _, size, hash_name = CURVES[scheme]
        numbers = b""
        for part in (signature[:size], signature[size:]):
            digits = part[::-1].lstrip(b"\0")
            digits = (b"\0" if digits[0] & 0x80 else b"") + digits
            numbers += bytes([2, len(digits)]) + digits
        options, der = [f"-{hash_name}"], bytes([0x30, len(numbers)]) + numbers
    (folder / "signature.der").write_bytes(der)
    done = subprocess.run(["openssl", "dgst", *options, "-verify", public, "-signature", "signature.der"], input=data,
                          capture_output=True, cwd=folder)
    return done.returncode == 0
