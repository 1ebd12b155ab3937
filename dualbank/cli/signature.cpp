#include "dualbank/cli/signature.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signing_key.hpp"
#include "dualbank/engine/explain.hpp"
#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

namespace dualbank::cli {
namespace {

void look_at_blocks(Bytes sector, Bytes signed_bytes, Signature& found) {
  ports::MbedtlsVerifier verifier;
  const SignedDigests digests{sha256(signed_bytes), sha384(signed_bytes), true};
  for (std::uint32_t i = 0; i < kMostSignatureBlocks; ++i) {
    const auto block =
        SignatureBlock::parse(sector.subspan(std::size_t{i} * kSignatureBlockBytes, kSignatureBlockBytes));
    if (!block.begun) continue;
    const bool sound = block.scheme != SignatureScheme::none;
    found.blocks.push_back({.index = i,
                            .scheme = block.scheme,
                            .key_digest = sound ? block.key_digest() : Sha256Digest{},
                            .fault = check_signature(block, i, digests, verifier)});
    if (!sound) continue;
    found.schemes.emplace_back(scheme_name(block.scheme));
    if (!block.names_sha256()) continue;
    const bool right = block.digest == digests.sha256;
    found.digest_right = right && (found.digest_right || !found.digest_checked);
    found.digest_checked = true;
  }
}

Signature find_v1(const ReadSlot& read, std::uint32_t length_bytes) {
  const auto bytes = read(length_bytes, kSignatureV1Bytes);
  if (bytes.size() != kSignatureV1Bytes || !looks_like_signature_v1(bytes)) return {};
  // That alone is little to go by; an image that is signed is written to erased flash.
  const auto behind = read(length_bytes + kSignatureV1Bytes, 16);
  if (!all_equal(behind, std::byte{0xFF})) return {};
  return {.kind = Signature::Kind::v1, .offset = length_bytes, .size_bytes = kSignatureV1Bytes};
}

}  // namespace

Signature find_signature(const ReadSlot& read, std::uint32_t length_bytes) {
  const std::uint32_t at = signed_bytes_of(length_bytes);
  const auto sector = read(at, kSignatureBlocksBytes);
  if (sector.size() == kSignatureBlocksBytes) {
    Signature found{.kind = Signature::Kind::v2, .offset = at, .size_bytes = kSignatureBlocksBytes};
    look_at_blocks(sector, read(0, at), found);
    // A first byte is little to go by where all of them are damaged; an old image's bytes may lie there.
    const bool begins = load_u8(sector, 0) == kSignatureBlockMagic && (load_u8(sector, 1) & 0xFE) == 2;
    if (!found.schemes.empty() || begins) return found;
  }
  return find_v1(read, length_bytes);
}

std::string signature_text(const Signature& signature) {
  if (signature.kind == Signature::Kind::none) return {};
  if (signature.kind == Signature::Kind::v1)
    return fmt::format("signed for Secure Boot V1, {} bytes at {:#x} of the slot", kSignatureV1Bytes, signature.offset);
  std::string text = fmt::format(
      "signed for Secure Boot V2 ({}), one sector at {:#x} of the slot",
      signature.schemes.empty() ? "damaged" : fmt::format("{}", fmt::join(signature.schemes, ", ")), signature.offset);
  if (signature.digest_checked && !signature.digest_right) text += "; it is the signature of other bytes";
  return text;
}

Json block_json(const BlockReport& block) {
  const bool sound = block.scheme != SignatureScheme::none;
  return {{"index", block.index},
          {"scheme", sound ? Json(scheme_name(block.scheme)) : Json(nullptr)},
          {"key_digest", sound ? Json(digest_text(block.key_digest)) : Json(nullptr)},
          {"good", block.good()},
          {"code", status_name(block.fault.code)},
          {"message", block.good() ? "" : what_text(block.fault)}};
}

}  // namespace dualbank::cli
