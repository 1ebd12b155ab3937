#include "dualbank/formats/uf2.hpp"

#include <algorithm>
#include <cstring>

#include "dualbank/formats/app_image.hpp"

namespace dualbank {
namespace {

constexpr std::size_t kMagicAt = 0;
constexpr std::size_t kSecondMagicAt = 4;
constexpr std::size_t kFlagsAt = 8;
constexpr std::size_t kAddressAt = 12;
constexpr std::size_t kPayloadBytesAt = 16;
constexpr std::size_t kNumberAt = 20;
constexpr std::size_t kCountAt = 24;
constexpr std::size_t kFamilyAt = 28;
constexpr std::size_t kPayloadAt = 32;
constexpr std::size_t kEndMagicAt = 508;

constexpr std::uint16_t kEsp32P4 = 18;
constexpr std::uint32_t kWrittenPayloadLog2 = 8;
static_assert(kUf2WrittenPayloadBytes == 1U << kWrittenPayloadLog2);

Event check_magic(Bytes block, std::size_t offset, std::uint32_t wanted, std::uint32_t position) {
  const std::uint32_t found = load_u32(block, offset);
  if (found == wanted) return {};
  return {Status::uf2_bad_block, {position, found, wanted}};
}

Event check_family(std::uint32_t family, std::uint16_t board) {
  if (board == kAnyChip || family == 0) return {};
  const std::uint16_t chip = chip_of_uf2_family(family);
  if (chip == board || (family == kUf2FamilyOfC6AndP4 && board == kEsp32P4)) return {};
  if (chip != kAnyChip) return {Status::uf2_wrong_chip, {chip, board, 0}};
  const Chip* const known = find_chip(board);
  if (known != nullptr && known->uf2_family == 0) return {};  // such boards have a family that no table here knows
  return {Status::uf2_unknown_family, {family, 0, 0}};
}

bool begins_app(Bytes payload) {
  return load_u8(payload, 0) == kImageMagic && payload.size() > kAppDescriptorOffset &&
         AppDescriptor::present(payload.subspan(kAppDescriptorOffset));
}

/// Blocks numbered from 0 on, at addresses that follow each other.
struct Run {
  std::size_t start = 0;
  std::size_t end = 0;
  std::uint32_t count = 0;
  std::uint32_t next_number = 0;
  bool has_flash = false;
  bool is_app = false;
  std::uint32_t base = 0;
  std::uint64_t next_address = 0;

  [[nodiscard]] bool complete() const { return next_number == count; }

  Event take(const Uf2Block& block, std::size_t position) {
    const auto shown = static_cast<std::uint32_t>(position);
    if (complete()) *this = {.start = position, .count = block.count};
    if (block.count != count) return {Status::uf2_bad_block, {shown, block.count, count}};
    if (block.number >= count) return {Status::uf2_bad_block, {shown, block.number, next_number}};
    if (block.number != next_number) return {Status::uf2_missing_block, {next_number, count, 0}};
    ++next_number;
    end = position + kUf2BlockBytes;
    return block.for_flash() ? take_payload(block) : Event{};
  }

 private:
  Event take_payload(const Uf2Block& block) {
    const auto size = static_cast<std::uint32_t>(block.payload.size());
    if ((block.address & 3) != 0 || ((size & 3) != 0 && !complete())) {
      return {Status::uf2_misaligned, {block.number, size, block.address}};
    }
    if (!has_flash) {
      has_flash = true;
      is_app = begins_app(block.payload);
      base = block.address;
      next_address = block.address;
    }
    if (block.address != next_address) {
      const bool inside = block.address >= base && block.address < next_address;
      return {inside ? Status::uf2_overlap : Status::uf2_gap,
              {block.number, block.address, static_cast<std::uint32_t>(next_address)}};
    }
    next_address += size;
    return {};
  }
};

}  // namespace

Result<Uf2Block> Uf2Block::parse(Bytes bytes512, std::uint32_t position) {
  if (const Event e = check_magic(bytes512, kMagicAt, kUf2Magic, position); e.failed()) return e;
  if (const Event e = check_magic(bytes512, kSecondMagicAt, kUf2SecondMagic, position); e.failed()) return e;
  if (const Event e = check_magic(bytes512, kEndMagicAt, kUf2EndMagic, position); e.failed()) return e;
  Uf2Block block;
  block.flags = load_u32(bytes512, kFlagsAt);
  const std::uint32_t most = kUf2MostPayloadBytes - ((block.flags & uf2_flag::kMd5) != 0 ? kUf2Md5Bytes : 0);
  const std::uint32_t size = load_u32(bytes512, kPayloadBytesAt);
  if (size == 0 || size > most) return {Status::uf2_bad_payload, position, size, most};
  block.address = load_u32(bytes512, kAddressAt);
  block.number = load_u32(bytes512, kNumberAt);
  block.count = load_u32(bytes512, kCountAt);
  block.family = (block.flags & uf2_flag::kFamily) != 0 ? load_u32(bytes512, kFamilyAt) : 0;
  block.payload = bytes512.subspan(kPayloadAt, size);
  return block;
}

Result<Uf2Reader> Uf2Reader::open(Bytes file, std::uint16_t chip_id) {
  if (file.empty() || (file.size() & (kUf2BlockBytes - 1)) != 0) {
    return {Status::uf2_bad_size, kUf2BlockBytes, static_cast<std::uint32_t>(file.size())};
  }
  Uf2Reader reader;
  bool found_flash = false;
  bool chosen = false;
  bool chosen_is_app = false;
  Run run;
  for (std::size_t at = 0; at < file.size(); at += kUf2BlockBytes) {
    const auto block = Uf2Block::parse(file.subspan(at, kUf2BlockBytes), static_cast<std::uint32_t>(at));
    if (!block) return block.error();
    if (block->for_flash()) {
      if (!found_flash) {
        reader.family_ = block->family;
        if (const Event e = check_family(block->family, chip_id); e.failed()) return e;
      }
      if (block->family != reader.family_) return {Status::uf2_mixed_families, reader.family_, block->family};
    }
    if (const Event e = run.take(*block, at); e.failed()) return e;
    if (run.complete() && run.has_flash && (!chosen || (run.is_app && !chosen_is_app))) {
      chosen = true;
      chosen_is_app = run.is_app;
      reader.start_ = run.start;
      reader.end_ = run.end;
      reader.base_ = run.base;
      reader.total_bytes_ = static_cast<std::uint32_t>(run.next_address - run.base);
    }
    found_flash = found_flash || block->for_flash();
  }
  if (!run.complete()) return {Status::uf2_missing_block, run.next_number, run.count};
  if (!found_flash) return {Status::uf2_no_firmware, static_cast<std::uint32_t>(file.size() / kUf2BlockBytes)};
  reader.file_ = file;
  reader.rewind();
  return reader;
}

Uf2Piece Uf2Reader::next() {
  while (position_ < end_) {
    const auto block = Uf2Block::parse(file_.subspan(position_, kUf2BlockBytes));
    position_ += kUf2BlockBytes;
    if (block->for_flash()) return {block->address - base_, block->payload};
  }
  return {total_bytes_, {}};
}

std::uint16_t chip_of_uf2_family(std::uint32_t family) {
  if (family == 0) return kAnyChip;
  for (const Chip& chip : all_chips()) {
    if (chip.uf2_family == family) return chip.id;
  }
  return kAnyChip;
}

std::uint32_t uf2_bytes_needed(std::uint32_t image_bytes) {
  const std::uint32_t blocks =
      (image_bytes >> kWrittenPayloadLog2) + ((image_bytes & (kUf2WrittenPayloadBytes - 1)) != 0 ? 1 : 0);
  return blocks > 0xFFFF'FFFF / kUf2BlockBytes ? 0 : blocks * kUf2BlockBytes;
}

Result<std::uint32_t> write_uf2(Bytes image, std::uint32_t family, MutableBytes out, std::uint32_t address) {
  if (image.empty()) return Status::make_nothing;
  const bool too_long = std::uint64_t{image.size()} >> 32 != 0;
  const std::uint32_t need = too_long ? 0 : uf2_bytes_needed(static_cast<std::uint32_t>(image.size()));
  if (out.size() < need || need == 0) return {Status::make_no_room, need, static_cast<std::uint32_t>(out.size())};
  const std::uint32_t count = need / kUf2BlockBytes;
  for (std::uint32_t number = 0; number < count; ++number) {
    const std::size_t from = std::size_t{number} << kWrittenPayloadLog2;
    const Bytes payload = image.subspan(from, std::min<std::size_t>(kUf2WrittenPayloadBytes, image.size() - from));
    const MutableBytes block = out.subspan(std::size_t{number} * kUf2BlockBytes, kUf2BlockBytes);
    std::memset(block.data(), 0, block.size());
    store_u32(block, kMagicAt, kUf2Magic);
    store_u32(block, kSecondMagicAt, kUf2SecondMagic);
    store_u32(block, kFlagsAt, family != 0 ? uf2_flag::kFamily : 0);
    store_u32(block, kAddressAt, address + static_cast<std::uint32_t>(from));
    store_u32(block, kPayloadBytesAt, kUf2WrittenPayloadBytes);
    store_u32(block, kNumberAt, number);
    store_u32(block, kCountAt, count);
    store_u32(block, kFamilyAt, family);
    std::memcpy(block.data() + kPayloadAt, payload.data(), payload.size());
    store_u32(block, kEndMagicAt, kUf2EndMagic);
  }
  return need;
}

}  // namespace dualbank
