// Boot records of any bytes: a volume that is taken for one fits into itself.
#include "dualbank/formats/fat_volume.hpp"

#include <algorithm>
#include <array>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {

void fat_volume(Bytes input) {
  std::array<std::byte, kFatBlockBytes> block{};
  std::ranges::copy(input.first(std::min<std::size_t>(input.size(), block.size())), block.begin());
  for (const bool sealed : {false, true}) {
    if (sealed) {
      block[510] = std::byte{0x55};
      block[511] = std::byte{0xAA};
    }
    const FatVolume volume = FatVolume::parse(block);
    if (!volume.present()) continue;
    require(volume.cluster_blocks != 0 && (volume.cluster_blocks & (volume.cluster_blocks - 1)) == 0,
            "a cluster is a power of two");
    require(std::uint64_t{volume.clusters} * volume.cluster_blocks <= volume.total_blocks,
            "the clusters fit the volume");
    require(volume.reserved_blocks < volume.total_blocks, "so does what is before them");
  }
  Draw draw{input};
  const FatVolume planned = FatVolume::plan(draw.word() >> 8);
  if (!planned.present()) return;
  planned.store_empty(0, block);
  require(FatVolume::parse(block).clusters == planned.clusters, "a volume that is made is one");
  planned.store_empty(planned.metadata_blocks() - 1, block);
}

}  // namespace dualbank::fuzz
