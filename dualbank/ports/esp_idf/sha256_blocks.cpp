// SHA-256 by the chip's accelerator: the component takes this file in the place of formats' own, if Kconfig says so.
#include "dualbank/ports/esp_idf/esp_idf_sha256.hpp"

namespace dualbank {

void sha256_blocks(Sha256State& state, const std::byte* blocks, std::size_t count) {
  ports::esp_idf_sha256_blocks(state, blocks, count);
}

}  // namespace dualbank
