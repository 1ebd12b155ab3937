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
  while (!bytes.empty()) {
    const std::size_t filled = static_cast<std::size_t>(length_bytes_) & (kSha256BlockBytes - 1);
    std::size_t n = bytes.size() & ~(kSha256BlockBytes - 1);
    if (filled == 0 && n != 0) {
      sha256_blocks(state_, bytes.data(), n / kSha256BlockBytes);
    } else {
      n = std::min(kSha256BlockBytes - filled, bytes.size());
      std::memcpy(block_.data() + filled, bytes.data(), n);
      if (filled + n == kSha256BlockBytes) sha256_blocks(state_, block_.data(), 1);
    }
    length_bytes_ += n;
    bytes = bytes.subspan(n);
  }
}

Sha256Digest Sha256::finish() {
  const std::uint64_t length_bits = length_bytes_ << 3;
  std::byte padding{0x80};
  do {
    update({&padding, 1});
    padding = std::byte{0};
  } while ((length_bytes_ & (kSha256BlockBytes - 1)) != kSha256BlockBytes - 8);
  std::array<std::byte, 8> length;
  store_big_endian(length.data(), static_cast<std::uint32_t>(length_bits >> 32));
  store_big_endian(length.data() + 4, static_cast<std::uint32_t>(length_bits));
  update(length);

  Sha256Digest digest;
  for (std::size_t i = 0; i < state_.size(); ++i) store_big_endian(digest.data() + 4 * i, state_[i]);
  return digest;
}

Sha256Digest sha256(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace dualbank
