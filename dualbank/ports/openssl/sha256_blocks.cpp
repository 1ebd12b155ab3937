// SHA-256 by OpenSSL, which knows the processor's instructions for it. Linked as an object, it takes the place of the
// portable one of formats.
#define OPENSSL_API_COMPAT 0x10100000L  // the only calls of it that take and give the state between blocks

#include <openssl/sha.h>

#include <algorithm>

#include "dualbank/formats/sha256.hpp"

namespace dualbank {

void sha256_blocks(Sha256State& state, const std::byte* blocks, std::size_t count) {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::ranges::copy(state, std::begin(context.h));
  SHA256_Update(&context, blocks, count * kSha256BlockBytes);
  std::ranges::copy(context.h, state.begin());
}

}  // namespace dualbank
