#include "dualbank/engine/drive.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>
#include <vector>

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using sim::Tear;
using tests::ByteVector;
using tests::random_bytes;

constexpr Extent kOta0{0x10000, 0x20000};
constexpr Extent kOta1{0x30000, 0x20000};
constexpr Extent kFat{0x60000, 0x30000};
constexpr std::uint32_t kFlashBytes = 0x90000;

Layout layout_of(std::uint8_t slots = 2) {
  Layout layout;
  layout.slot_count = slots;
  layout.slots[0] = kOta0;
  if (slots > 1) layout.slots[1] = kOta1;
  layout.otadata = {0xE000, 0x2000};
  layout.fat = kFat;
  return layout;
}

/// Full of what was there before.
class FullFlash {
 public:
  explicit FullFlash(const Geometry& geometry = {.size_bytes = kFlashBytes}) : flash{geometry} {
    flash.put(0, random_bytes(kFlashBytes, 7));
  }

  sim::NorFlash flash;
};

DriveState state_of(Flash& flash, const Layout& layout = layout_of()) {
  const Result<DriveState> state = look_at_drive(flash, layout);
  EXPECT_TRUE(state);
  return *state;
}

/// The drive as its host sees it: both parts behind each other.
ByteVector drive_bytes(const sim::NorFlash& flash, const Extent& lent) {
  const auto part = [&](const Extent& e) { return flash.contents().subspan(e.offset, e.size_bytes); };
  ByteVector bytes{part(kFat).begin(), part(kFat).end()};
  bytes.insert(bytes.end(), part(lent).begin(), part(lent).end());
  return bytes;
}

void expect_whole(const sim::NorFlash& flash, const Extent& lent) {
  const ByteVector bytes = drive_bytes(flash, lent);
  const FatVolume volume = FatVolume::plan(static_cast<std::uint32_t>(bytes.size() / kFatBlockBytes));
  for (std::uint32_t i = 0; i < volume.metadata_blocks(); ++i) {
    std::array<std::byte, kFatBlockBytes> expected;
    volume.store_empty(i, expected);
    EXPECT_EQ(std::memcmp(&bytes[i * kFatBlockBytes], expected.data(), kFatBlockBytes), 0) << "block " << i;
  }
}

TEST(Drive, WhatAFlashHasDecides) {
  sim::NorFlash flash{{.size_bytes = kFlashBytes}};
  Layout none = layout_of();
  none.fat = {};
  EXPECT_EQ(state_of(flash, none), DriveState::none);
  EXPECT_EQ(state_of(flash), DriveState::unformatted);
  EXPECT_EQ(make_drive(flash, layout_of(), 0, false), kDone);
  EXPECT_EQ(state_of(flash), DriveState::not_extended);
  EXPECT_EQ(make_drive(flash, layout_of(), 0, true), kDone);
  EXPECT_EQ(state_of(flash), DriveState::extended);
  flash.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(look_at_drive(flash, layout_of()).error(), (Event{Status::flash_read_failed, {512, kFat.offset, 0}}));
}

TEST(Drive, AFileSystemWithExactlyTheRoomOfThePartitionIsNotExtended) {
  constexpr std::uint32_t kRoom = kFat.size_bytes / kFatBlockBytes;
  const FatVolume volume = FatVolume::plan(kRoom);
  ASSERT_EQ(volume.cluster_blocks, 1U);
  std::array<std::byte, kFatBlockBytes> boot;
  volume.store_empty(0, boot);
  for (const std::uint32_t more : {0U, 1U}) {
    sim::NorFlash flash{{.size_bytes = kFlashBytes}};
    store_u16(boot, 19, static_cast<std::uint16_t>(volume.metadata_blocks() + kRoom + more));
    flash.put(kFat.offset, boot);
    EXPECT_EQ(state_of(flash), more == 0 ? DriveState::not_extended : DriveState::extended);
  }
}

TEST(Drive, TheOtherSlotIsLent) {
  EXPECT_EQ(slot_for_drive(layout_of(), 0), 1);
  EXPECT_EQ(slot_for_drive(layout_of(), 1), 0);
  EXPECT_EQ(slot_for_drive(layout_of(), kFactorySlot), 0);
  EXPECT_EQ(slot_for_drive(layout_of(), kNoSlot), 1) << "the first image will run from ota_0";
  EXPECT_EQ(slot_for_drive(layout_of(1), 0), kNoSlot);
  EXPECT_EQ(slot_for_drive(layout_of(1), kFactorySlot), kNoSlot);
}

TEST(Drive, AnExtendedOneIsInTheWayOfUpdates) {
  sim::NorFlash flash{{.size_bytes = kFlashBytes}};
  EXPECT_EQ(check_drive(flash, layout_of(), 0), kDone) << "no file system: other firmware may not need one";
  ASSERT_EQ(make_drive(flash, layout_of(), 0, false), kDone);
  EXPECT_EQ(check_drive(flash, layout_of(), 0), kDone);
  ASSERT_EQ(make_drive(flash, layout_of(), 0, true), kDone);
  EXPECT_EQ(check_drive(flash, layout_of(), 0), (Event{Status::storage_extended, {1, 0, 0}}));
  EXPECT_EQ(check_drive(flash, layout_of(), 1), (Event{Status::storage_extended, {0, 0, 0}}));
  EXPECT_EQ(check_drive(flash, layout_of(), kNoSlot), kDone) << "a first image must find its way in";
  flash.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(check_drive(flash, layout_of(), 0).code, Status::flash_read_failed);
}

TEST(Drive, OnlyTheSectorsOfTheMetadataChange) {
  for (const bool extended : {false, true}) {
    FullFlash full;
    sim::NorFlash& flash = full.flash;
    const ByteVector before{flash.contents().begin(), flash.contents().end()};
    ASSERT_EQ(make_drive(flash, layout_of(), 0, extended), kDone);
    EXPECT_TRUE(flash.violations().empty());
    expect_whole(flash, extended ? kOta1 : Extent{});
    const std::uint32_t blocks = (kFat.size_bytes + (extended ? kOta1.size_bytes : 0)) / kFatBlockBytes;
    const std::uint32_t metadata = FatVolume::plan(blocks).metadata_blocks() * kFatBlockBytes;
    const std::uint32_t touched = (metadata + 0xFFF) / 0x1000 * 0x1000;
    for (std::uint32_t at = 0; at < kFlashBytes; ++at) {
      if (at - kFat.offset < touched) continue;
      ASSERT_EQ(flash.contents()[at], before[at]) << at;
    }
  }
}

TEST(Drive, MetadataGoesOnInTheLentSlotWhereThePartitionIsSmall) {
  Layout layout = layout_of();
  layout.fat.size_bytes = 0x1000;
  FullFlash full;
  sim::NorFlash& flash = full.flash;
  ASSERT_EQ(make_drive(flash, layout, 1, true), kDone);
  const FatVolume volume = FatVolume::plan((0x1000 + kOta0.size_bytes) / kFatBlockBytes);
  ASSERT_GT(volume.metadata_blocks(), 8U);
  std::array<std::byte, kFatBlockBytes> expected;
  volume.store_empty(8, expected);
  EXPECT_EQ(std::memcmp(&flash.contents()[kOta0.offset], expected.data(), expected.size()), 0);
  EXPECT_EQ(state_of(flash, layout), DriveState::extended);
}

TEST(Drive, OnEveryGeometryThatTheEngineKnows) {
  for (const Geometry& geometry : {Geometry{.size_bytes = kFlashBytes, .write_unit_bytes = 4},
                                   Geometry{.size_bytes = kFlashBytes, .erase_units = 0x8000},
                                   Geometry{.size_bytes = kFlashBytes, .write_unit_bytes = 16, .can_reprogram = false},
                                   Geometry{.size_bytes = kFlashBytes, .erase_units = 0x100},
                                   Geometry{.size_bytes = kFlashBytes, .erased = std::byte{0}}}) {
    SCOPED_TRACE(testing::Message() << geometry.erase_units << " " << int{geometry.write_unit_bytes});
    FullFlash full{geometry};
    sim::NorFlash& flash = full.flash;
    for (const bool extended : {true, false, true}) {
      ASSERT_EQ(make_drive(flash, layout_of(), 0, extended), kDone);
      expect_whole(flash, extended ? kOta1 : Extent{});
    }
    EXPECT_TRUE(flash.violations().empty());
  }
}

TEST(Drive, WhatCannotBeMadeIsRefusedBeforeAnythingIsWritten) {
  FullFlash full;
  sim::NorFlash& flash = full.flash;
  Layout layout = layout_of();
  layout.fat = {};
  EXPECT_EQ(make_drive(flash, layout, 0, false).code, Status::no_drive);
  EXPECT_EQ(make_drive(flash, layout_of(1), 0, true), (Event{Status::drive_one_slot, {1, 0, 0}}))
      << "it would lie over the running firmware";
  EXPECT_EQ(make_drive(flash, layout_of(0), kFactorySlot, true), (Event{Status::drive_one_slot, {0, 0, 0}}));
  layout = layout_of();
  layout.fat.size_bytes = 0x2000;
  EXPECT_EQ(make_drive(flash, layout, 0, false), (Event{Status::drive_size, {0x2000, 0, 0}}));
  layout.fat = {kFat.offset + 0x200, 0x3000};
  EXPECT_EQ(make_drive(flash, layout, 0, false),
            (Event{Status::layout_misaligned, {kFat.offset + 0x200, 0x3000, 0x1000}}));
  layout = layout_of();
  layout.slots[1].offset += 0x200;
  EXPECT_EQ(make_drive(flash, layout, 0, true).code, Status::layout_misaligned);
  EXPECT_EQ(flash.counts().operations(), 0U);
  EXPECT_EQ(make_drive(flash, layout_of(1), 0, false), kDone) << "not extended it harms nobody";
}

TEST(Drive, ASlotThatSomebodyNeedsIsNotTaken) {
  UpdaterState state{.running_slot = 0, .boot_slot = 0, .next_update_slot = 1};
  EXPECT_EQ(check_slot_for_drive(layout_of(), state), kDone);
  EXPECT_EQ(check_slot_for_drive(layout_of(1), state), (Event{Status::drive_one_slot, {1, 0, 0}}));
  state.boot_slot = 1;
  EXPECT_EQ(check_slot_for_drive(layout_of(), state), (Event{Status::drive_slot_boots, {1, 0, 0}}));
  state.boot_slot = 0;
  state.update_active = true;
  state.update_slot = 1;
  EXPECT_EQ(check_slot_for_drive(layout_of(), state), (Event{Status::drive_slot_updating, {1, 0, 0}}));
  state.update_active = false;
  state.on_trial = true;
  EXPECT_EQ(check_slot_for_drive(layout_of(), state), (Event{Status::on_trial, {0, 0, 0}}));
}

TEST(Drive, AFailureIsPassedOnWhereverItComes) {
  for (std::uint32_t index = 0;; ++index) {
    FullFlash full;
    sim::NorFlash& flash = full.flash;
    ASSERT_EQ(make_drive(flash, layout_of(), 0, false), kDone);
    flash.forget();
    flash.fail_at(index, Status::flash_timeout);
    const Event event = make_drive(flash, layout_of(), 0, true);
    if (!event.failed()) {
      EXPECT_GT(index, 20U);
      break;
    }
    EXPECT_EQ(event.code, Status::flash_timeout) << index;
  }
}

// ---- power cuts

std::vector<Tear> tears() {
  std::vector<Tear> all{{.kind = Tear::Kind::before}, {.kind = Tear::Kind::after}};
  for (const bool marginal : {false, true}) {
    for (const std::uint32_t units : {1U, 2U, 15U, 20U, 64U, 200U}) {
      all.push_back({.kind = Tear::Kind::prefix, .units = units, .seed = units, .marginal = marginal});
      all.push_back({.kind = Tear::Kind::suffix, .units = units, .seed = units, .marginal = marginal});
    }
    for (const std::uint32_t seed : {1U, 2U, 3U})
      all.push_back({.kind = Tear::Kind::bits, .seed = seed, .marginal = marginal});
    all.push_back({.kind = Tear::Kind::prefix, .units = 1, .seed = 4, .programs_first = true, .marginal = marginal});
  }
  return all;
}

/// Cuts every operation of making one drive over another. What then stands is the old size, no file system, or the
/// whole new one; and making it again works.
void cut_everywhere(bool old_extended, bool new_extended) {
  const DriveState old_state = old_extended ? DriveState::extended : DriveState::not_extended;
  const DriveState new_state = new_extended ? DriveState::extended : DriveState::not_extended;
  FullFlash full;
  sim::NorFlash& flash = full.flash;
  ASSERT_EQ(make_drive(flash, layout_of(), 0, old_extended), kDone);
  const auto start = flash.snapshot();
  flash.forget();
  ASSERT_EQ(make_drive(flash, layout_of(), 0, new_extended), kDone);
  const auto operations = static_cast<std::uint32_t>(flash.counts().operations());
  std::set<DriveState> seen;
  for (std::uint32_t index = 0; index < operations; ++index) {
    for (const Tear& tear : tears()) {
      SCOPED_TRACE(testing::Message() << "operation " << index << ", tear " << int(tear.kind) << " " << tear.units);
      flash.restore(start);
      flash.cut_at(index, tear);
      ASSERT_EQ(make_drive(flash, layout_of(), 0, new_extended).code, Status::power_lost);
      for (const auto reads : {sim::MarginalBits::programmed, sim::MarginalBits::erased, sim::MarginalBits::drawn}) {
        flash.reboot(reads);
        const DriveState state = state_of(flash);
        seen.insert(state);
        if (state == new_state && (old_state != new_state || index > 2)) {
          expect_whole(flash, new_extended ? kOta1 : Extent{});
        } else if (state != DriveState::unformatted) {
          ASSERT_EQ(state, old_state);
          ASSERT_LE(index, 1U) << "the old one is given up first";
        }
      }
      ASSERT_EQ(make_drive(flash, layout_of(), 0, new_extended), kDone);
      expect_whole(flash, new_extended ? kOta1 : Extent{});
    }
  }
  EXPECT_EQ(seen, (std::set<DriveState>{DriveState::unformatted, old_state, new_state}));
}

TEST(DrivePowerCut, NoEraseMeetsASignature) {
  // An erase that is cut may leave any bits of a sector: with the signature among them, a size that nobody wrote.
  FullFlash full;
  sim::NorFlash& flash = full.flash;
  ASSERT_EQ(make_drive(flash, layout_of(), 0, true), kDone);
  bool met = false;
  flash.witness([&](const sim::Op& op, Bytes) {
    if (op.kind != sim::OpKind::erase || op.address != kFat.offset) return;
    met = true;
    EXPECT_EQ(load_u16(flash.contents(), kFat.offset + 510), 0);
    EXPECT_EQ(load_u8(flash.contents(), kFat.offset), 0);
  });
  ASSERT_EQ(make_drive(flash, layout_of(), 0, false), kDone);
  EXPECT_TRUE(met);
}
TEST(DrivePowerCut, ExtendingLeavesTheOldOneNoneOrTheNewOne) { cut_everywhere(false, true); }
TEST(DrivePowerCut, TakingBackLeavesTheOldOneNoneOrTheNewOne) { cut_everywhere(true, false); }

}  // namespace
}  // namespace dualbank
