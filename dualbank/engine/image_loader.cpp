#include "dualbank/engine/image_loader.hpp"

#include "dualbank/engine/image_walk.hpp"

namespace dualbank {
namespace {

/// Reads the headers, and the segments only where they are to be copied.
class PlainSource {
 public:
  PlainSource(Flash& flash, const Extent& slot, bool copy) : flash_(flash), at_(slot.offset), copy_(copy) {}

  Event take(MutableBytes out) {
    const std::uint32_t from = at_;
    at_ += static_cast<std::uint32_t>(out.size());
    return read_flash(flash_, from, out);
  }
  Event load(MutableBytes place) { return copy_ ? take(place) : pass(static_cast<std::uint32_t>(place.size())); }
  Event pass(std::uint32_t size_bytes) {
    at_ += size_bytes;
    return kDone;
  }

 private:
  Flash& flash_;
  std::uint32_t at_;
  bool copy_;
};

Result<std::uint32_t> walk(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions, bool copy) {
  PlainSource source{flash, slot, copy};
  return walk_image(source, slot.size_bytes, regions);
}

}  // namespace

Result<std::uint32_t> check_loadable(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions) {
  return walk(flash, slot, regions, false);
}

Result<std::uint32_t> load_image(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions) {
  const Result<std::uint32_t> loadable = walk(flash, slot, regions, false);
  return loadable ? walk(flash, slot, regions, true) : loadable;
}

}  // namespace dualbank
