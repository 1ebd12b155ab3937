#include "dualbank/cli/signature.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dualbank/formats/sha256.hpp"
#include "dualbank/formats/signature_block.hpp"

namespace dualbank::cli {
namespace {

void look_at_blocks(Bytes sector, Bytes signed_bytes, Signature& found) {
  for (std::uint32_t i = 0; i < kMostSignatureBlocks; ++i) {
    const auto block =
        SignatureBlock::parse(sector.subspan(std::size_t{i} * kSignatureBlockBytes, kSignatureBlockBytes));
    if (block.scheme == SignatureScheme::none) continue;
    found.schemes.emplace_back(scheme_name(block.scheme));
    if (!block.names_sha256()) continue;
    const bool right = block.digest == sha256(signed_bytes);
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
  const std::uint32_t at = (length_bytes + kSignatureBlocksBytes - 1) & ~(kSignatureBlocksBytes - 1);
  const auto sector = read(at, kSignatureBlocksBytes);
  if (sector.size() == kSignatureBlocksBytes) {
    Signature found{.kind = Signature::Kind::v2, .offset = at, .size_bytes = kSignatureBlocksBytes};
    look_at_blocks(sector, read(0, at), found);
    if (!found.schemes.empty()) return found;
  }
  return find_v1(read, length_bytes);
}

std::string signature_text(const Signature& signature) {
  if (signature.kind == Signature::Kind::none) return {};
  if (signature.kind == Signature::Kind::v1)
    return fmt::format("signed for Secure Boot V1, {} bytes at {:#x} of the slot", kSignatureV1Bytes, signature.offset);
  std::string text = fmt::format("signed for Secure Boot V2 ({}), one sector at {:#x} of the slot",
                                 fmt::join(signature.schemes, ", "), signature.offset);
  if (signature.digest_checked && !signature.digest_right) text += "; it is the signature of other bytes";
  return text;
}

}  // namespace dualbank::cli
