#include "dualbank/formats/signature_block.hpp"

#include <cstring>

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint8_t kVersionRsa = 2;
constexpr std::uint8_t kVersionEcdsa = 3;
constexpr std::uint8_t kSha384 = 1;
constexpr std::uint8_t kCurveP192 = 1;
constexpr std::size_t kVersionOffset = 1;
constexpr std::size_t kHashOffset = 2;
constexpr std::size_t kDigestOffset = 4;
constexpr std::size_t kCurveOffset = 36;  // behind a SHA-256
constexpr std::size_t kCrcOffset = 1196;  // standard CRC-32 of all before it, not that of the boot records

}  // namespace

const char* scheme_name(SignatureScheme scheme) {
  if (scheme == SignatureScheme::rsa_3072) return "RSA-3072";
  if (scheme == SignatureScheme::ecdsa_p192) return "ECDSA P-192";
  if (scheme == SignatureScheme::ecdsa_p256) return "ECDSA P-256";
  return scheme == SignatureScheme::ecdsa_p384 ? "ECDSA P-384" : "";
}

SignatureFields SignatureFields::of(SignatureScheme scheme) {
  if (scheme == SignatureScheme::none) return {};
  if (scheme == SignatureScheme::rsa_3072) return {32, 36, 776, 384};
  if (scheme == SignatureScheme::ecdsa_p384) return {48, 52, 97, 96};
  return {32, 36, 65, 64};
}

SignatureBlock SignatureBlock::parse(Bytes block1216) {
  SignatureBlock block;
  block.begun = load_u8(block1216, 0) == kSignatureBlockMagic;
  const std::uint8_t version = load_u8(block1216, kVersionOffset);
  if (!block.begun || (version != kVersionRsa && version != kVersionEcdsa)) return block;
  if (load_u32(block1216, kCrcOffset) != crc32(block1216.first(kCrcOffset))) return block;
  block.bytes = block1216.first(kSignatureBlockBytes);
  if (version == kVersionEcdsa && load_u8(block1216, kHashOffset) == kSha384) {
    block.scheme = SignatureScheme::ecdsa_p384;
    return block;
  }
  block.scheme = version == kVersionRsa                           ? SignatureScheme::rsa_3072
                 : load_u8(block1216, kCurveOffset) == kCurveP192 ? SignatureScheme::ecdsa_p192
                                                                  : SignatureScheme::ecdsa_p256;
  std::memcpy(block.digest.data(), block1216.data() + kDigestOffset, block.digest.size());
  return block;
}

Bytes SignatureBlock::named_digest() const {
  return bytes.empty() ? Bytes{} : bytes.subspan(kDigestOffset, SignatureFields::of(scheme).digest_bytes);
}

Bytes SignatureBlock::key() const {
  const SignatureFields fields = SignatureFields::of(scheme);
  return bytes.empty() ? Bytes{} : bytes.subspan(fields.key_offset, fields.key_bytes);
}

Bytes SignatureBlock::signature() const {
  const SignatureFields fields = SignatureFields::of(scheme);
  return bytes.empty() ? Bytes{} : bytes.subspan(fields.key_offset + fields.key_bytes, fields.signature_bytes);
}

Sha256Digest SignatureBlock::key_digest() const { return sha256(key()); }

bool SignatureBlock::rest_is_zero() const {
  if (bytes.empty()) return false;
  const SignatureFields fields = SignatureFields::of(scheme);
  const std::size_t end = std::size_t{fields.key_offset} + fields.key_bytes + fields.signature_bytes;
  const bool hash_named = scheme == SignatureScheme::ecdsa_p384;
  return load_u8(bytes, kHashOffset) == (hash_named ? kSha384 : 0) && load_u8(bytes, kHashOffset + 1) == 0 &&
         all_equal(bytes.subspan(end, kCrcOffset - end), std::byte{0}) &&
         all_equal(bytes.subspan(kCrcOffset + 4), std::byte{0});
}

void write_signature_block(MutableBytes out, SignatureScheme scheme, Bytes digest, Bytes key, Bytes signature) {
  const SignatureFields fields = SignatureFields::of(scheme);
  std::memset(out.data(), 0, kSignatureBlockBytes);
  store_u8(out, 0, kSignatureBlockMagic);
  store_u8(out, kVersionOffset, scheme == SignatureScheme::rsa_3072 ? kVersionRsa : kVersionEcdsa);
  store_u8(out, kHashOffset, scheme == SignatureScheme::ecdsa_p384 ? kSha384 : 0);
  std::memcpy(out.data() + kDigestOffset, digest.data(), fields.digest_bytes);
  std::memcpy(out.data() + fields.key_offset, key.data(), fields.key_bytes);
  std::memcpy(out.data() + fields.key_offset + fields.key_bytes, signature.data(), fields.signature_bytes);
  store_u32(out, kCrcOffset, crc32(Bytes{out}.first(kCrcOffset)));
}

bool looks_like_signature_v1(Bytes bytes68) {
  const Bytes body = bytes68.subspan(4, kSignatureV1Bytes - 4);
  return load_u32(bytes68, 0) == 0 && !all_equal(body, std::byte{0}) && !all_equal(body, std::byte{0xFF});
}

}  // namespace dualbank
