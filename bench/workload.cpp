#include "bench/workload.hpp"

#include <algorithm>
#include <array>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/otadata.hpp"
#include "dualbank/sim/factory_flash.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank::bench {
namespace {

constexpr std::uint32_t kImageBytes = 1100 * 1024 + 720;  // ends within a sector, as images do
constexpr std::uint32_t kFlashBytes = 0x40'0000;
constexpr std::uint32_t kSector = 0x1000;
constexpr std::uint16_t kEsp32S3 = 9;

std::vector<std::byte> firmware(std::string_view version, unsigned seed) {
  using tests::random_bytes;
  return tests::ImageBuilder()
      .chip(kEsp32S3)
      .version(std::string{version})
      .seed(seed)
      .segment(0x3FC9'0000, random_bytes(18 * 1024, seed + 1))
      .mapped_segment(0x4200'0000, random_bytes(760 * 1024, seed + 2))
      .segment(0x4037'8000, random_bytes(60 * 1024, seed + 3))
      .length(kImageBytes)
      .build();
}

std::vector<Update> make_updates() {
  const std::vector<std::byte> image = firmware("2.0", 20);
  std::vector<std::byte> tenth = image;
  // The first sector, with version and time, and nine more of each hundred; not those of zeros between two segments.
  for (std::size_t sector = 0; sector * kSector < tenth.size(); ++sector) {
    const auto bytes = std::span{tenth}.subspan(sector * kSector);
    if ((sector != 0 && sector * 37 % 100 >= 9) || bytes.size() < kSector || all_equal(bytes.first(kSector), {}))
      continue;
    for (std::byte& byte : bytes.subspan(1024, 512)) byte ^= std::byte{0x5A};
  }
  return {{"other", "another image over a whole one", false, firmware("1.0", 10), image},
          {"tenth", "a tenth of the sectors is new", true, tenth, image},
          {"same", "the slot holds this image already", true, image, image},
          {"blank", "the slot was never written", false, {}, image}};
}

}  // namespace

std::span<const Update> updates() {
  static const std::vector<Update> made = make_updates();
  return made;
}

std::span<const sim::Part> parts() {
  static const std::vector<sim::Part> made = [] {
    std::vector<sim::Part> all;
    for (const std::string_view name : {"W25Q32JV", "GD25Q64C", "IS25LP064A", "IS25LP128F"}) {
      all.push_back(sim::find_part(name)->with_size(kFlashBytes));
    }
    return all;
  }();
  return made;
}

Bench::Bench(const sim::Part& part, const Update& update) : flash(part) {
  static const std::vector<std::byte> board = sim::factory_flash(firmware("1.0", 10), kSlotBytes);
  flash.put(0, board);
  flash.put(kSlotOffset, update.slot);
  flash.put(kOtadataOffset, BootRecord::make(3, RecordState::undefined).bytes());
  flash.put(kOtadataOffset + kOtadataSectorBytes, BootRecord::make(2, RecordState::undefined).bytes());
  flash.forget();
}

void Bench::yield() {
  const std::uint64_t now = flash.elapsed()->sum.typical_us;
  longest_us_ = std::max(longest_us_, now - since_us_);
  since_us_ = now;
}

Cost Bench::cost() {
  yield();
  Cost cost{.total_us = since_us_, .longest_us = longest_us_, .erases = flash.counts().erases};
  for (const sim::Op& op : flash.log()) {
    if (op.kind == sim::OpKind::program) cost.programmed_bytes += op.size_bytes;
  }
  for (std::uint32_t at = 0; at < flash.geometry().size_bytes; at += kSector) {
    cost.most_erases = std::max(cost.most_erases, flash.erases_of(at));
  }
  return cost;
}

}  // namespace dualbank::bench
