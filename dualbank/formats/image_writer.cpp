#include "dualbank/formats/image_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dualbank/formats/elf.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kNeverLoadedBelow = 0x1000'0000;
constexpr std::uint32_t kSegmentLimit = 0x100'0000;
constexpr std::uint32_t kWordMask = 3;
constexpr std::uint32_t kElfHashAt = 144;  // in the descriptor
constexpr std::uint8_t kNoWriteProtectPin = 0xEE;
constexpr std::uint32_t kNone = 0xFFFF'FFFF;

std::uint64_t round_up_to_word(std::uint64_t n) { return (n + kWordMask) & ~std::uint64_t{kWordMask}; }

/// Keeps the order of equals. Insertion, since std::sort and std::rotate want division routines on cores without one.
template <class T, class Less>
void sort(T* items, std::uint32_t count, Less less) {
  for (std::uint32_t i = 1; i < count; ++i) {
    for (std::uint32_t j = i; j > 0 && less(items[j], items[j - 1]); --j) std::swap(items[j], items[j - 1]);
  }
}

bool within(const Range& range, std::uint32_t address) { return address >= range.from && address < range.to; }

enum class Rank : std::uint8_t { descriptor, mapped, copied };

/// Parts of the input that become one segment, or the descriptor that the input does not bring (no parts).
struct Segment {
  std::uint32_t address = 0;
  std::uint64_t end = 0;  ///< whole words
  std::uint32_t first_part = 0;
  std::uint32_t part_count = 0;
  bool mapped = false;
  Rank rank = Rank::copied;
  std::uint32_t padding = 0;      ///< bytes of the padding segment before it, header included
  std::uint32_t file_offset = 0;  ///< of its data in the image

  [[nodiscard]] std::uint32_t length() const { return static_cast<std::uint32_t>(end - address); }
};

class Layout {
 public:
  Event make(const ImageRecipe& recipe);
  void write(const ImageRecipe& recipe, MutableBytes image) const;
  [[nodiscard]] const ImagePlan& plan() const { return plan_; }

 private:
  Event gather(const ImageRecipe& recipe);
  Event check_parts() const;
  void find_descriptor(const ImageRecipe& recipe);
  Event join_parts();
  [[nodiscard]] bool joins(const Segment& segment, std::uint32_t part) const;
  void add_descriptor(std::uint32_t flash_offset);
  [[nodiscard]] std::uint32_t free_data_page() const;
  Event order(std::uint32_t flash_offset);
  [[nodiscard]] Event within_slot(const Segment& segment, const ImageRecipe& recipe, std::uint64_t from) const;
  Event place(const ImageRecipe& recipe);
  void write_header(const ImageRecipe& recipe, MutableBytes image) const;
  void write_segment(const Segment& segment, MutableBytes image) const;

  const Chip* chip_ = nullptr;
  std::uint32_t entry_ = 0;
  std::uint32_t page_ = kDefaultMmuPageBytes;
  std::array<ElfPart, kMostElfParts> parts_{};
  std::uint32_t part_count_ = 0;
  std::uint32_t descriptor_part_ = kNone;
  std::array<Segment, kMostElfParts + 1> segments_{};
  std::uint32_t segment_count_ = 0;
  ImagePlan plan_{};
};

Event Layout::gather(const ImageRecipe& recipe) {
  chip_ = find_chip(recipe.chip_id);
  if (chip_ == nullptr) return {Status::bad_argument, {recipe.chip_id, 0, 0}};
  if (recipe.elf.empty()) {
    if (recipe.payload.empty()) return {Status::make_nothing, {}};
    entry_ = recipe.entry_address != 0 ? recipe.entry_address : recipe.payload_address;
    parts_[part_count_++] = {recipe.payload_address, recipe.payload};
    return {};
  }
  const auto elf = ElfFile::parse(recipe.elf, chip_->fixed ? ElfFile::Address::load : ElfFile::Address::run);
  if (!elf) return elf.error();
  const std::uint16_t machine = machine_of_chip(recipe.chip_id);
  if (machine != 0 && elf->machine != machine) {
    return {Status::elf_wrong_machine, {elf->machine, recipe.chip_id, machine}};
  }
  entry_ = elf->entry_address;
  part_count_ = elf->part_count;
  std::copy(elf->parts().begin(), elf->parts().end(), parts_.begin());
  sort(parts_.data(), part_count_, [](const ElfPart& a, const ElfPart& b) { return a.address < b.address; });
  return {};
}

Event Layout::check_parts() const {
  constexpr std::uint64_t kEndOfMemory = 0x1'0000'0000;
  for (std::uint32_t i = 0; i < part_count_; ++i) {
    const ElfPart& part = parts_[i];
    const std::uint64_t end = part.address + std::uint64_t{part.bytes.size()};
    const bool never_loaded = part.address < kNeverLoadedBelow && is_vendor_chip(chip_->id);
    if (never_loaded || end > kEndOfMemory - kWordMask) {
      return {Status::make_bad_range, {static_cast<std::uint32_t>(part.bytes.size()), part.address, 0}};
    }
    if (i + 1 < part_count_ && end > parts_[i + 1].address) {
      return {Status::make_overlap, {part.address, parts_[i + 1].address, 0}};
    }
  }
  return {};
}

void Layout::find_descriptor(const ImageRecipe& recipe) {
  plan_.descriptor = recipe.descriptor;
  for (std::uint32_t i = 0; i < part_count_ && !plan_.descriptor_from_input; ++i) {
    const Bytes bytes = parts_[i].bytes;
    if (bytes.size() < kAppDescriptorBytes || !AppDescriptor::present(bytes)) continue;
    descriptor_part_ = i;
    plan_.descriptor_from_input = true;
    plan_.descriptor = AppDescriptor::parse(bytes);
  }
  page_ = chip_->page_bytes(plan_.descriptor.mmu_page_log2);
}

bool Layout::joins(const Segment& segment, std::uint32_t part) const {
  const std::uint32_t address = parts_[part].address;
  if (segment.mapped != chip_->maps(address, page_)) return false;
  const bool touches = address <= segment.end;
  if (!segment.mapped) return touches && part != descriptor_part_;
  const auto last = static_cast<std::uint32_t>(segment.end - 1);
  return touches || ((last ^ address) & ~(page_ - 1)) == 0;
}

Event Layout::join_parts() {
  for (std::uint32_t i = 0; i < part_count_; ++i) {
    const ElfPart& part = parts_[i];
    const bool new_one = segment_count_ == 0 || !joins(segments_[segment_count_ - 1], i);
    if (new_one) ++segment_count_;
    Segment& segment = segments_[segment_count_ - 1];
    if (new_one) {
      segment.address = part.address & ~kWordMask;
      segment.first_part = i;
      segment.mapped = chip_->maps(part.address, page_);
      segment.rank = segment.mapped ? Rank::mapped : Rank::copied;
    }
    segment.end = round_up_to_word(part.address + std::uint64_t{part.bytes.size()});
    ++segment.part_count;
    if (!chip_->wide_segments && segment.end - segment.address >= kSegmentLimit) {
      return {Status::make_bad_range, {segment.length(), segment.address, 0}};
    }
  }
  return {};
}

/// The start of a page of the mapped data that no segment uses; 0 where none is wanted. A bootloader for chips with one
/// window for data and code stops unless exactly two segments are mapped; the others map one of each kind.
std::uint32_t Layout::free_data_page() const {
  if (chip_->drom.empty()) return 0;
  const bool one_window = chip_->drom == chip_->irom;
  std::uint32_t in_use = 0;
  for (std::uint32_t i = 0; i < segment_count_; ++i) {
    const Segment& segment = segments_[i];
    in_use += segment.mapped && (one_window || within(chip_->drom, segment.address)) ? 1U : 0U;
  }
  if (in_use >= (one_window ? 2U : 1U)) return 0;
  std::uint64_t page = chip_->drom.from;
  for (std::uint32_t i = 0; i < segment_count_; ++i) {
    const Segment& segment = segments_[i];
    if (segment.address < page + page_ && segment.end > page)
      page = (segment.end + page_ - 1) & ~std::uint64_t{page_ - 1};
  }
  const auto start = static_cast<std::uint32_t>(page);
  return within(chip_->drom, start) && chip_->maps(start, page_) ? start : 0;
}

void Layout::add_descriptor(std::uint32_t flash_offset) {
  const std::uint32_t page = chip_->fixed ? segments_[0].address & ~(page_ - 1) : free_data_page();
  Segment segment;
  segment.rank = Rank::descriptor;
  segment.mapped = chip_->fixed || page != 0;
  segment.address = segment.mapped ? page + ((flash_offset + kAppDescriptorOffset) & (page_ - 1)) : 0;
  segment.end = std::uint64_t{segment.address} + kAppDescriptorBytes;
  segments_[segment_count_++] = segment;
}

/// Descriptor first, then what is mapped, then the rest; each kind by address.
Event Layout::order(std::uint32_t flash_offset) {
  if (descriptor_part_ == kNone) {
    add_descriptor(flash_offset);
  } else {
    Segment* holds = segments_.data();
    while (descriptor_part_ >= holds->first_part + holds->part_count) ++holds;
    const std::uint32_t address = parts_[descriptor_part_].address;
    const std::uint32_t unit = holds->mapped ? page_ : kWordMask + 1;
    const std::uint32_t wanted = (flash_offset + kAppDescriptorOffset) & (unit - 1);
    if (holds->address != address || (address & (unit - 1)) != wanted) {
      return {Status::make_descriptor_misplaced, {address, wanted, unit}};
    }
    holds->rank = Rank::descriptor;
  }
  sort(segments_.data(), segment_count_, [](const Segment& a, const Segment& b) { return a.rank < b.rank; });
  return {};
}

/// `from`: the least offset in the image that is free.
Event Layout::within_slot(const Segment& segment, const ImageRecipe& recipe, std::uint64_t from) const {
  const std::uint32_t offset = (segment.address - recipe.flash_offset) & (page_ - 1);
  if (!chip_->fixed || (offset >= from && offset < recipe.slot_bytes)) return {};
  const std::uint32_t slot = (segment.address & ~(page_ - 1)) + (recipe.flash_offset & (page_ - 1));
  const std::uint32_t end = recipe.slot_bytes == kUnknownLength ? kUnknownLength : slot + recipe.slot_bytes;
  return {Status::make_outside_slot, {segment.address, slot + static_cast<std::uint32_t>(from), end}};
}

Event Layout::place(const ImageRecipe& recipe) {
  constexpr std::uint64_t kLongest = 0xFFFF'FF00;
  std::uint64_t cursor = kImageHeaderBytes;
  for (std::uint32_t i = 0; i < segment_count_; ++i) {
    Segment& segment = segments_[i];
    std::uint64_t data = cursor + kSegmentHeaderBytes;
    if (const Event e = within_slot(segment, recipe, data); e.failed()) return e;
    if (segment.mapped) {
      segment.padding = (segment.address - recipe.flash_offset - static_cast<std::uint32_t>(data)) & (page_ - 1);
      if (chip_->fixed) segment.address -= std::exchange(segment.padding, 0);
      if (segment.padding != 0 && segment.padding < kSegmentHeaderBytes) segment.padding += page_;
      data += segment.padding;
    }
    cursor = data + segment.length();
    if (cursor > kLongest) return {Status::make_bad_range, {segment.length(), segment.address, 0}};
    segment.file_offset = static_cast<std::uint32_t>(data);
    plan_.padding_bytes += segment.padding;
    plan_.segment_count += segment.padding != 0 ? 2 : 1;
  }
  if (plan_.segment_count > kMostSegments) {
    return {Status::make_too_many_segments, {plan_.segment_count, kMostSegments, 0}};
  }
  constexpr std::uint32_t kBlock = 16;
  plan_.length_bytes = ((static_cast<std::uint32_t>(cursor) + kBlock) & ~(kBlock - 1)) + kImageHashBytes;
  if (plan_.length_bytes > recipe.slot_bytes) {
    return {Status::image_too_long, {plan_.length_bytes, recipe.slot_bytes, 0}};
  }
  return {};
}

Event Layout::make(const ImageRecipe& recipe) {
  if (const Event e = gather(recipe); e.failed()) return e;
  if (const Event e = check_parts(); e.failed()) return e;
  find_descriptor(recipe);
  if (const Event e = join_parts(); e.failed()) return e;
  for (std::uint32_t i = 0; i < segment_count_; ++i) {
    if (const Event e = within_slot(segments_[i], recipe, kAppDescriptorOffset); e.failed()) return e;
  }
  if (const Event e = order(recipe.flash_offset); e.failed()) return e;
  return place(recipe);
}

void Layout::write_header(const ImageRecipe& recipe, MutableBytes image) const {
  store_u8(image, 0, kImageMagic);
  store_u8(image, 1, static_cast<std::uint8_t>(plan_.segment_count));
  store_u8(image, 2, recipe.spi_mode);
  store_u8(image, 3, recipe.spi_speed_and_size);
  store_u32(image, 4, entry_);
  store_u8(image, 8, kNoWriteProtectPin);
  store_u16(image, 12, recipe.chip_id);
  store_u16(image, 15, recipe.min_chip_revision);
  store_u16(image, 17, recipe.max_chip_revision);
  store_u8(image, 23, 1);
}

void Layout::write_segment(const Segment& segment, MutableBytes image) const {
  const std::uint32_t header = segment.file_offset - kSegmentHeaderBytes;
  if (segment.padding != 0) store_u32(image, header - segment.padding + 4, segment.padding - kSegmentHeaderBytes);
  store_u32(image, header, segment.address);
  store_u32(image, header + 4, segment.length());
  const MutableBytes data = image.subspan(segment.file_offset, segment.length());
  if (segment.part_count == 0) plan_.descriptor.store(data);
  for (std::uint32_t i = segment.first_part; i < segment.first_part + segment.part_count; ++i) {
    const ElfPart& part = parts_[i];
    std::memcpy(data.data() + (part.address - segment.address), part.bytes.data(), part.bytes.size());
  }
}

/// Precondition: as many bytes as the plan says.
void Layout::write(const ImageRecipe& recipe, MutableBytes image) const {
  std::memset(image.data(), 0, image.size());
  write_header(recipe, image);
  for (std::uint32_t i = 0; i < segment_count_; ++i) write_segment(segments_[i], image);
  if (!recipe.elf.empty()) {
    const Sha256Digest hash = sha256(recipe.elf);
    std::memcpy(image.data() + kAppDescriptorOffset + kElfHashAt, hash.data(), hash.size());
  }
  std::uint8_t checksum = kChecksumStart;
  for (std::uint32_t i = 0; i < segment_count_; ++i) {
    const Segment& segment = segments_[i];
    for (const std::byte b : image.subspan(segment.file_offset, segment.length())) {
      checksum ^= std::to_integer<std::uint8_t>(b);
    }
  }
  const std::size_t hashed = image.size() - kImageHashBytes;
  store_u8(image, hashed - 1, checksum);
  const Sha256Digest hash = sha256(image.first(hashed));
  std::memcpy(image.data() + hashed, hash.data(), hash.size());
}

}  // namespace

Result<ImagePlan> plan_image(const ImageRecipe& recipe) {
  Layout layout;
  if (const Event e = layout.make(recipe); e.failed()) return e;
  return layout.plan();
}

Result<std::uint32_t> image_bytes_needed(const ImageRecipe& recipe) {
  const auto plan = plan_image(recipe);
  if (!plan) return plan.error();
  return plan->length_bytes;
}

Result<std::uint32_t> write_image(const ImageRecipe& recipe, MutableBytes out) {
  Layout layout;
  if (const Event e = layout.make(recipe); e.failed()) return e;
  const std::uint32_t need = layout.plan().length_bytes;
  if (out.size() < need) return {Status::make_no_room, need, static_cast<std::uint32_t>(out.size())};
  layout.write(recipe, out.first(need));
  return need;
}

}  // namespace dualbank
