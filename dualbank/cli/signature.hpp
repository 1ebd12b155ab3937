// What is signed behind an image: a Secure Boot V2 sector, or the 68 bytes of V1. Of V2 each block is verified with the
// key that it brings; whether that key counts is another question. V1 is recognised only: it brings no key.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dualbank/cli/json.hpp"
#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/signature_block.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank::cli {

struct BlockReport {
  std::uint32_t index = 0;
  SignatureScheme scheme = SignatureScheme::none;
  Sha256Digest key_digest{};  ///< zero where the scheme is none
  Event fault{};              ///< that of check_signature

  [[nodiscard]] bool good() const { return !fault.failed(); }
};

struct Signature {
  enum class Kind : std::uint8_t { none, v1, v2 };
  Kind kind = Kind::none;
  std::uint32_t offset = 0;  ///< from the image's start
  std::uint32_t size_bytes = 0;
  std::vector<std::string> schemes{};  ///< of each block: "RSA-3072", "ECDSA P-256", ...
  std::vector<BlockReport> blocks{};   ///< of all that have at least a block's first byte
  /// The SHA-256 that a block names is that of the bytes before the sector. False too where the scheme has another
  /// hash.
  bool digest_right = false;
  bool digest_checked = false;
};

/// Reads bytes of the slot from `offset` on; empty where they are not known or beyond the slot.
using ReadSlot = std::function<std::vector<std::byte>(std::uint32_t offset, std::uint32_t size_bytes)>;

/// `length_bytes`: of the image, hash included.
[[nodiscard]] Signature find_signature(const ReadSlot& read, std::uint32_t length_bytes);
/// "signed for Secure Boot V2 (RSA-3072), one sector at 0x3000"; empty without one.
[[nodiscard]] std::string signature_text(const Signature& signature);

/// {"index", "scheme", "key_digest", "good", "code", "message"}.
[[nodiscard]] Json block_json(const BlockReport& block);

}  // namespace dualbank::cli
