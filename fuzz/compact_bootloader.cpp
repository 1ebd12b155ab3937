// Records, journals and images of any bytes: the compact bootloader finds the same images good as the whole one,
// chooses as it does and writes what it writes.
#include "dualbank/engine/compact_bootloader.hpp"

#include <algorithm>
#include <vector>

#include "dualbank/engine/compact_images.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/formats/sha256.hpp"
#include "dualbank/sim/compact_twin.hpp"
#include "fuzz/small_board.hpp"

namespace dualbank::fuzz {
namespace {

constexpr std::uint32_t kRam = 0x2000'0000;

/// Records whose CRC is right, where asked for, and cells that are.
void put_sector(std::uint32_t sector, Draw& draw) {
  std::vector<std::byte> bytes(kOtadataSectorBytes, std::byte{0xFF});
  const std::uint8_t how = draw.byte();
  const Bytes raw = draw.bytes(kBootRecordBytes);
  std::ranges::copy(raw, bytes.begin());
  if ((how & 1) != 0) {
    constexpr std::array kStates{RecordState::undefined, RecordState::valid, RecordState::fresh, RecordState::invalid};
    std::ranges::copy(BootRecord::make(draw.byte() & 7U, kStates[how >> 1 & 3]).bytes(), bytes.begin());
  }
  std::uint32_t at = kLogOffset;
  if ((how & 16) != 0) at = kOtadataSectorBytes - kCellBytes * (how >> 5);  // nearly full of nothing
  std::fill(bytes.begin() + kLogOffset, bytes.begin() + at, std::byte{0});
  for (std::uint32_t left = draw.byte() & 31U; left > 0 && at < kOtadataSectorBytes; --left, at += kCellBytes) {
    const std::uint8_t kind = draw.byte();
    const Cell cell{static_cast<CellKind>(kind & 15), draw.byte(), draw.byte(), draw.byte(),
                    (kind & 16) != 0 ? 0xFFFF'FFFF : draw.byte()};
    std::array<std::byte, kCellBytes> raw_cell = cell.bytes();
    if ((kind & 0xE0) == 0xE0) raw_cell[draw.byte() & 15U] ^= std::byte{4};
    std::ranges::copy(raw_cell, bytes.begin() + at);
  }
  SmallBoard::flash.put(SmallBoard::layout().otadata.offset + sector * kOtadataSectorBytes, bytes);
}

/// Makes checksum and hash right, as far as headers of any content tell where they are.
void seal(std::vector<std::byte>& image) {
  std::uint32_t at = kImageHeaderBytes;
  std::uint8_t checksum = kChecksumStart;
  if (image.size() < kImageHeaderBytes) return;
  const ImageHeader header = ImageHeader::parse(image);
  for (std::uint32_t i = 0; i < header.segment_count; ++i) {
    if (image.size() - at < kSegmentHeaderBytes) return;
    const std::uint32_t length = SegmentHeader::parse(Bytes{image}.subspan(at)).length_bytes;
    at += kSegmentHeaderBytes;
    if (length > image.size() - at) return;
    for (std::uint32_t end = at + length; at < end; ++at) checksum ^= std::to_integer<std::uint8_t>(image[at]);
  }
  at |= 15;
  image.resize(at + 1 + kImageHashBytes);
  image[at] = std::byte{checksum};
  std::ranges::copy(sha256(Bytes{image}.first(at + 1)), image.begin() + at + 1);
}

template <bool kInPlace>
void compare_images(const Extent& slot) {
  static std::array<std::byte, 512> ram;
  const std::array regions{LoadRegion{kRam, ram}};
  std::span<const LoadRegion> memory;
  if (!kInPlace) memory = regions;
  std::array<std::byte, 256> buffer;
  CompactImages<kInPlace> images{SmallBoard::flash, memory};
  const BootSettings settings{.policy = Policy::dualbank, .chip_id = images.chip_id(), .memory = memory};
  const Event whole = check_bootable(SmallBoard::flash, slot, settings, buffer);
  const Status compact = images.check(slot, buffer);
  require(compact == (whole.failed() ? Status::image_refused : Status::ok), "both find the same images good");
}

}  // namespace

void compact_bootloader(Bytes input) {
  Draw draw{input};
  SmallBoard board{Policy::dualbank};
  const std::uint8_t how = draw.byte();
  for (const std::uint32_t sector : {0U, 1U}) put_sector(sector, draw);
  const auto outcome_of = [&](const BootSettings& settings) {
    sim::CompactTwin twin{SmallBoard::flash, SmallBoard::layout(),
                          [how](SlotIndex slot) { return (how >> slot & 1) != 0; }};
    twin.run(settings.most_tries);
    for (const SlotIndex slot : {SlotIndex{0}, SlotIndex{1}}) {
      const std::uint32_t magic = SmallBoard::layout().slots[static_cast<unsigned>(slot)].offset;
      if ((how >> slot & 1) == 0) SmallBoard::flash.put(magic, std::array{std::byte{0}});
    }
    std::array<std::byte, 256> buffer;
    const auto outcome = run_bootloader(SmallBoard::flash, SmallBoard::layout(), settings, buffer);
    require(outcome.has_value(), "the flash reads");
    require(twin.difference(SmallBoard::flash, *outcome).empty(), "both bootloaders do the same");
  };
  BootSettings settings = board.settings();
  settings.most_tries = how >> 2 & 3;
  outcome_of(settings);

  const Bytes rest = draw.rest();
  std::vector<std::byte> image(rest.begin(),
                               rest.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(rest.size(), 4096)));
  if ((how & 16) != 0 && image.size() >= kImageHeaderBytes) {
    image[0] = std::byte{kImageMagic};
    image[1] &= std::byte{7};
    image[12] = std::byte{(how & 32) != 0 ? std::uint8_t{1} : std::uint8_t{0}};
    image[13] = std::byte{0xDB};
    seal(image);
  }
  const Extent slot{SmallBoard::layout().slots[0].offset, (how & 64) != 0 ? kSlotBytes : 512};
  SmallBoard::flash.put(slot.offset, image);
  compare_images<false>(slot);
  compare_images<true>(slot);
}

}  // namespace dualbank::fuzz
