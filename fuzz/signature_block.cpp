// Signature blocks of any bytes.
#include "dualbank/formats/signature_block.hpp"

#include <algorithm>
#include <array>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {

void signature_block(Bytes input) {
  std::array<std::byte, kSignatureBlockBytes> bytes{};
  std::ranges::copy(input.first(std::min<std::size_t>(input.size(), bytes.size())), bytes.begin());
  const SignatureBlock block = SignatureBlock::parse(bytes);
  require(scheme_name(block.scheme) != nullptr, "every scheme has a name");
  if (input.size() >= kSignatureV1Bytes) static_cast<void>(looks_like_signature_v1(input.first(kSignatureV1Bytes)));
}

}  // namespace dualbank::fuzz
