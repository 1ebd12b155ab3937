#include "dualbank/formats/sha256.hpp"

#include <algorithm>
#include <cstring>

namespace dualbank {
namespace {

constexpr void store_big_endian(std::byte* to, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) to[i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

}  // namespace

void Sha256::update(Bytes bytes) {
  const std::size_t filled = static_cast<std::size_t>(length_bytes_) & (kSha256BlockBytes - 1);
  length_bytes_ += bytes.size();
  if (bytes.empty()) return;
  if (filled != 0) {
    const std::size_t n = std::min(kSha256BlockBytes - filled, bytes.size());
    std::memcpy(block_.data() + filled, bytes.data(), n);
    bytes = bytes.subspan(n);
    if (filled + n < kSha256BlockBytes) return;
    sha256_blocks(state_, block_.data(), 1);
  }
  const std::size_t whole = bytes.size() & ~(kSha256BlockBytes - 1);
  if (whole != 0) sha256_blocks(state_, bytes.data(), whole / kSha256BlockBytes);
  bytes = bytes.subspan(whole);
  std::memcpy(block_.data(), bytes.data(), bytes.size());
}

Sha256Digest Sha256::finish() {
  constexpr std::size_t kLengthAt = kSha256BlockBytes - 8;
  std::size_t filled = static_cast<std::size_t>(length_bytes_) & (kSha256BlockBytes - 1);
  block_[filled++] = std::byte{0x80};
  if (filled > kLengthAt) {
    std::memset(block_.data() + filled, 0, kSha256BlockBytes - filled);
    sha256_blocks(state_, block_.data(), 1);
    filled = 0;
  }
  std::memset(block_.data() + filled, 0, kLengthAt - filled);
  const std::uint64_t length_bits = length_bytes_ << 3;
  store_big_endian(block_.data() + kLengthAt, static_cast<std::uint32_t>(length_bits >> 32));
  store_big_endian(block_.data() + kLengthAt + 4, static_cast<std::uint32_t>(length_bits));
  sha256_blocks(state_, block_.data(), 1);

  Sha256Digest digest;
  for (std::size_t i = 0; i < state_.size(); ++i) store_big_endian(digest.data() + 4 * i, state_[i]);
  *this = Sha256{};
  return digest;
}

Sha256Digest sha256(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace dualbank
