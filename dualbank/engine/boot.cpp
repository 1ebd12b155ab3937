#include "dualbank/engine/boot.hpp"

#include <cstring>

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/trial.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kSmallestBuffer = 64;

/// An image that does not boot, not a flash that does not work.
bool is_about_image(Status code) {
  return static_cast<std::uint8_t>(code) >= static_cast<std::uint8_t>(Status::image_no_magic) &&
         static_cast<std::uint8_t>(code) < 110;
}

Result<ImageHeader> read_header(Flash& flash, std::uint32_t address) {
  std::array<std::byte, kImageHeaderBytes> bytes;
  if (const Event e = read_flash(flash, address, bytes); e.failed()) return e;
  return ImageHeader::parse(bytes);
}

/// Where a chip has its second-stage bootloader.
constexpr std::array<std::uint32_t, 3> kBootloaderOffsets{0, 0x1000, 0x2000};

/// The places that can hold an app; their order does not matter.
class Places {
 public:
  Places(Flash& flash, const Layout& layout, const BootSettings& settings, MutableBytes buffer)
      : flash_(flash), layout_(layout), settings_(settings), buffer_(buffer) {}

  /// All but the images: whatever is there counts as good.
  Event look(BootSectors& sectors, BootInputs& in) {
    const bool native = settings_.native != nullptr && !keeps_esp_records(flash_.geometry());
    const std::uint32_t needed_bytes = native ? 2 * native_sector_bytes(flash_.geometry()) : kOtadataBytes;
    in = {.has_otadata = layout_.otadata.present(),
          .otadata_readable = layout_.otadata.size_bytes >= needed_bytes,
          .slot_count = layout_.slot_count,
          .has_factory = layout_.factory.present(),
          .good_slots = 0xFFFF,
          .good_factory = layout_.factory.present(),
          .good_test = layout_.test.present(),
          .most_tries = settings_.most_tries,
          .anti_rollback = settings_.anti_rollback,
          .lowest_secure_version = settings_.lowest_secure_version,
          .highest_secure_version = settings_.highest_secure_version};
    if (in.otadata_readable) {
      if (const Event e = look_at_records(in, sectors); e.failed()) return e;
    }
    return settings_.anti_rollback ? look_at_versions(in) : kDone;
  }

  /// Verifies one; its place in the inputs says afterwards whether it is good.
  Event verify(SlotIndex slot, BootInputs& in) {
    const Event bad = check_bootable(flash_, layout_.extent_of(slot), settings_, buffer_);
    if (!is_about_image(bad.code)) return bad;
    set_bad(slot, in);
    return kDone;
  }

 private:
  Event look_at_records(BootInputs& in, BootSectors& sectors) {
    if (settings_.policy != Policy::dualbank) {
      const Result<BootRecords> records = read_boot_records(flash_, layout_, settings_.native);
      if (!records) return records.error();
      in.records = *records;
      return kDone;
    }
    if (const Event e = sectors.read(flash_, layout_, settings_.native); e.failed()) return e;
    in.records = sectors.records();
    in.trials = {trial_of(sectors, 0), trial_of(sectors, 1)};
    return kDone;
  }

  static void set_bad(SlotIndex slot, BootInputs& in) {
    if (slot == kFactorySlot) {
      in.good_factory = false;
    } else if (slot == kTestSlot) {
      in.good_test = false;
    } else {
      in.good_slots = static_cast<std::uint16_t>(in.good_slots & ~(1U << slot));
    }
  }

  Event look_at_versions(BootInputs& in) {
    in.described_slots = 0;
    for (std::uint8_t slot = 0; slot < layout_.slot_count; ++slot) {
      bool described = false;
      const Event e = read_version(layout_.slots[slot], described, in.secure_versions[slot]);
      if (e.failed()) return e;
      if (described) in.described_slots = static_cast<std::uint16_t>(in.described_slots | 1U << slot);
    }
    if (const Event e = read_version(layout_.factory, in.good_factory, in.factory_secure_version); e.failed()) return e;
    return read_version(layout_.test, in.good_test, in.test_secure_version);
  }

  Event read_version(const Extent& extent, bool& described, std::uint32_t& version) {
    described = false;
    if (extent.size_bytes < kAppDescriptorOffset + kAppDescriptorBytes) return kDone;
    std::array<std::byte, kAppDescriptorBytes> bytes;
    if (const Event e = read_flash(flash_, extent.offset + kAppDescriptorOffset, bytes); e.failed()) return e;
    described = AppDescriptor::present(bytes);
    if (described) version = AppDescriptor::parse(bytes).secure_version;
    return kDone;
  }

  Flash& flash_;
  const Layout& layout_;
  const BootSettings& settings_;
  MutableBytes buffer_;
};

Event write_record(Flash& flash, std::uint32_t address, const BootRecord& record) {
  std::array<std::byte, kBootRecordBytes> before;
  if (const Event e = read_flash(flash, address, before); e.failed()) return e;
  auto bytes = record.bytes();
  const BootRecord old = BootRecord::parse(before);
  if (old.seq == record.seq && old.crc == record.crc) {
    std::memcpy(bytes.data() + kBootRecordLabelOffset, before.data() + kBootRecordLabelOffset, kBootRecordLabelBytes);
  }
  for (std::uint32_t at = 0; at < kOtadataSectorBytes; at += flash.geometry().sector_bytes()) {
    if (const Event e = erase_sector(flash, address + at); e.failed()) return e;
  }
  return program_flash(flash, address, bytes);
}

ImageRules rules_within(ImageRules rules, const Extent& slot) {
  rules.flash_offset = slot.offset;
  if (rules.slot_bytes > slot.size_bytes) rules.slot_bytes = slot.size_bytes;
  return rules;
}

Event feed_slot(Flash& flash, const Extent& slot, ImageVerifier& verifier, MutableBytes buffer) {
  if (!slot.present()) return {Status::image_empty_slot};
  std::array<std::byte, kSmallestBuffer> own;
  if (buffer.size() < own.size()) buffer = own;
  std::uint32_t done_bytes = 0;
  while (verifier.wanted() > 0) {
    const MutableBytes piece = buffer.size() < verifier.wanted() ? buffer : buffer.first(verifier.wanted());
    if (const Event e = read_flash(flash, slot.offset + done_bytes, piece); e.failed()) return e;
    if (done_bytes == 0 && all_equal(piece, flash.geometry().erased)) return {Status::image_empty_slot};
    if (verifier.feed(piece) != Status::ok) break;
    done_bytes += static_cast<std::uint32_t>(piece.size());
  }
  return verifier.error();
}

}  // namespace

Result<ImageInfo> verify_slot(Flash& flash, const Extent& slot, const ImageRules& rules, MutableBytes buffer) {
  ImageVerifier verifier{rules_within(rules, slot)};
  if (const Event e = feed_slot(flash, slot, verifier, buffer); e.failed()) return e;
  return verifier.info();
}

Event check_slot(Flash& flash, const Extent& slot, const ImageRules& rules, MutableBytes buffer, ImageBrief* brief) {
  ImageVerifier verifier{rules_within(rules, slot)};
  const Event e = feed_slot(flash, slot, verifier, buffer);
  if (brief != nullptr) *brief = {verifier.info().length_bytes, verifier.info().descriptor.secure_version};
  return e;
}

Event check_bootable(Flash& flash, const Extent& slot, const BootSettings& settings, MutableBytes buffer) {
  const ImageRules rules = ImageRules::vendor(settings.chip_id, slot.size_bytes, slot.offset);
  ImageBrief image;
  if (const Event e = check_slot(flash, slot, rules, buffer, &image); e.failed()) return e;
  if (settings.versions != nullptr) {
    if (const Event e = settings.versions->check(flash, {}, image.secure_version); e.failed()) return e;
  }
  if (settings.guard != nullptr) {
    if (const Event e = settings.guard->check(flash, {slot, image.length_bytes, {}}, buffer); e.failed()) return e;
  }
  if (settings.memory.empty()) return kDone;
  return check_loadable(flash, slot, settings.memory).error();
}

std::uint16_t infer_chip(Flash& flash, const Layout& layout, SlotIndex running) {
  const auto chip_at = [&flash](std::uint32_t address) -> const Chip* {
    const Result<ImageHeader> header = read_header(flash, address);
    return header && header->magic == kImageMagic ? find_chip(header->chip_id) : nullptr;
  };
  for (const std::uint32_t offset : kBootloaderOffsets) {
    const Chip* chip = chip_at(offset);
    if (chip != nullptr && chip->bootloader_offset == offset) return chip->id;
  }
  if (const Extent runs = layout.extent_of(running); runs.present()) {
    if (const Chip* chip = chip_at(runs.offset); chip != nullptr) return chip->id;
  }
  for (std::uint8_t slot = 0; slot < layout.slot_count; ++slot) {
    if (const Chip* chip = chip_at(layout.slots[slot].offset); chip != nullptr) return chip->id;
  }
  if (!layout.factory.present()) return kAnyChip;
  const Chip* chip = chip_at(layout.factory.offset);
  return chip != nullptr ? chip->id : kAnyChip;
}

Result<BootRecords> read_boot_records(Flash& flash, const Layout& layout, const NativeForm* native) {
  if (native != nullptr && !keeps_esp_records(flash.geometry())) {
    BootSectors sectors;
    if (const Event e = sectors.read(flash, layout, native); e.failed()) return e;
    return sectors.records();
  }
  BootRecords records;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    std::array<std::byte, kBootRecordBytes> bytes;
    const Event e = read_flash(flash, layout.otadata.offset + i * kOtadataSectorBytes, bytes);
    if (e.failed()) return e;
    records[i] = BootRecord::parse(bytes);
  }
  return records;
}

Event look_before_boot(Flash& flash, const Layout& layout, const BootSettings& settings, BootSectors& sectors,
                       BootInputs& inputs) {
  return Places{flash, layout, settings, {}}.look(sectors, inputs);
}

Result<BootDecision> decide_verified(Flash& flash, const Layout& layout, const BootSettings& settings,
                                     BootInputs& inputs, MutableBytes buffer) {
  Places places{flash, layout, settings, buffer};
  std::uint32_t good = 0;
  for (;;) {
    // Each slot that would boot is verified; a bad one is left out, so the next round chooses the next in the order.
    const BootDecision decision = decide_boot(inputs, settings.policy);
    if (decision.slot == kNoSlot || (good >> (decision.slot - kTestSlot) & 1) != 0) return decision;
    good |= 1U << (decision.slot - kTestSlot);
    if (const Event e = places.verify(decision.slot, inputs); e.failed()) return e;
  }
}

Result<BootInputs> gather_boot_inputs(Flash& flash, const Layout& layout, const BootSettings& settings,
                                      MutableBytes buffer) {
  BootSectors sectors;
  Places places{flash, layout, settings, buffer};
  BootInputs in;
  if (const Event e = places.look(sectors, in); e.failed()) return e;
  in.good_slots = static_cast<std::uint16_t>((1U << layout.slot_count) - 1);
  for (SlotIndex slot = kTestSlot; slot < static_cast<SlotIndex>(layout.slot_count); ++slot) {
    if (const Event e = places.verify(slot, in); e.failed()) return e;
  }
  return in;
}

Result<BootDecision> predict_boot(Flash& flash, const Layout& layout, const BootSettings& settings,
                                  MutableBytes buffer) {
  BootSectors sectors;
  BootInputs inputs;
  if (const Event e = look_before_boot(flash, layout, settings, sectors, inputs); e.failed()) return e;
  return decide_verified(flash, layout, settings, inputs, buffer);
}

Status perform_boot_writes(Flash& flash, const Layout& layout, const BootDecision& decision) {
  if (decision.write_count == 0) return Status::ok;
  if (!fits_esp_records(flash.geometry())) return Status::flash_geometry;
  for (std::uint8_t i = 0; i < decision.write_count; ++i) {
    const RecordWrite& write = decision.writes[i];
    const std::uint32_t address = layout.otadata.offset + write.sector * kOtadataSectorBytes;
    if (const Event e = write_record(flash, address, write.record); e.failed()) return e.code;
  }
  return flash.sync();
}

}  // namespace dualbank
