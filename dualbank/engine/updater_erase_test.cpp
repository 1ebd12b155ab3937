// What is erased at once: as many sectors as are needed anyway, never one that holds something, never for too long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t k4K = 0x1000;
constexpr std::uint32_t k32K = 0x8000;
constexpr std::uint32_t k64K = 0x1'0000;

/// ota_1 holds other bytes than any image, on a flash with the erase units and times of a common part.
class EraseTest : public testing::Test {
 protected:
  EraseTest() { fill(0x1'0000); }

  void fill(std::uint32_t size_bytes) { board_.install(1, random_bytes(size_bytes, 7)); }
  void open() { ASSERT_EQ(updater_.open(), Status::ok); }
  Status begin(const ByteVector& image, Likeness likeness = Likeness::unknown) {
    return updater_.begin({.length_bytes = static_cast<std::uint32_t>(image.size()),
                           .header = Bytes{image}.first(kImageStartBytes),
                           .likeness = likeness});
  }
  /// Sizes of the erases in the slot, in order.
  std::vector<std::uint32_t> erases() const {
    std::vector<std::uint32_t> sizes;
    for (const sim::Op& op : board_.operations_in(board_.extent(1).offset, k64K)) {
      if (op.kind == sim::OpKind::erase) sizes.push_back(op.size_bytes);
    }
    return sizes;
  }
  void ends_well(const ByteVector& image) {
    board_.may_boot({0, 1});
    EXPECT_EQ(updater_.switch_slot(), Status::ok);
    EXPECT_TRUE(board_.holds(1, image));
    EXPECT_EQ(board_.reset(), 1);
  }

  RunningBoard board_{{.erase_units = k4K | k32K | k64K, .erase_ms = {45, 120, 150}}};
  Options options_{};
  Updater updater_{board_.flash, options_};
};

TEST_F(EraseTest, AllThatAnImageNeedsAtOnceAndNothingTwice) {
  const ByteVector& image = firmware("2.0", 60);
  open();
  ASSERT_EQ(begin(image), Status::ok);
  ASSERT_EQ(send(updater_, image), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k64K));
  std::uint64_t programmed = 0;
  for (const sim::Op& op : board_.operations_in(board_.extent(1).offset, k64K)) {
    if (op.kind == sim::OpKind::program) programmed += op.size_bytes;
  }
  EXPECT_LE(programmed, image.size());
  ends_well(image);
}

TEST_F(EraseTest, TheUnitThatCostsLeastForWhatIsNeeded) {
  open();
  ASSERT_EQ(begin(firmware("2.0", 12)), Status::ok);  // three sectors: 135 ms, or 120
  ASSERT_EQ(send(updater_, firmware("2.0", 12)), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k32K));
  ends_well(firmware("2.0", 12));
}

TEST_F(EraseTest, SectorsWhereTheyCostLess) {
  open();
  ASSERT_EQ(begin(firmware("2.0", 8)), Status::ok);  // two: 90 ms, or 120
  ASSERT_EQ(send(updater_, firmware("2.0", 8)), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k4K, k4K));
}

TEST_F(EraseTest, TheLengthIsLearnedWhileItArrivesAndBytesThatCameTellToo) {
  const ByteVector& image = firmware("2.0", 60);
  open();
  ASSERT_EQ(updater_.flash(Bytes{image}.first(k4K), 0), Status::ok);
  EXPECT_LE(erases().size(), 1U);
  ASSERT_EQ(updater_.flash(Bytes{image}.subspan(0xD000, k4K), 0xD000), Status::ok);  // it reaches so far, then
  ASSERT_EQ(send_missing(updater_, image, k4K), Status::ok);
  std::uint64_t erased = 0;
  for (const std::uint32_t size : erases()) erased += size;
  EXPECT_LE(erased, k64K);
  EXPECT_LE(erases().size(), 4U);
  ends_well(image);
}

TEST_F(EraseTest, NoEraseIsLongerThanItMay) {
  options_.longest_erase_ms = 130;
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.length_bytes = 0xF000, .header = Bytes{firmware("2.0", 60)}.first(kImageStartBytes)}),
            Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0", 60)), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k32K, k32K));
}

TEST(Erases, WithoutTimesALimitMeansSectorsAndNoLimitFourSectorsWorth) {
  for (const bool limited : {true, false}) {
    RunningBoard board{{.erase_units = k4K | k64K}};
    board.install(1, random_bytes(k64K, 7));
    Updater updater{board.flash, {.longest_erase_ms = static_cast<std::uint16_t>(limited ? 1000 : 0)}};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.length_bytes = 0x4000, .header = Bytes{firmware("2.0", 16)}.first(kImageStartBytes)}),
              Status::ok);
    ASSERT_EQ(send(updater, firmware("2.0", 16)), Status::ok);
    const auto in_slot = board.operations_in(board.extent(1).offset, k64K);
    const auto count = std::ranges::count(in_slot, sim::OpKind::erase, &sim::Op::kind);
    EXPECT_EQ(count, limited ? 4 : 1);
  }
}

TEST_F(EraseTest, SectorsThatHoldTheRightBytesStayWhereTheImagesAreAlike) {
  ByteVector old = firmware("2.0", 60);
  old[0x5000] ^= std::byte{1};  // two sectors differ
  old[0xB000] ^= std::byte{1};
  board_.install(1, old);
  open();
  ASSERT_EQ(begin(firmware("2.0", 60), Likeness::similar), Status::ok);
  ASSERT_EQ(send(updater_, firmware("2.0", 60), k4K), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k4K, k4K));
  ends_well(firmware("2.0", 60));
}

TEST_F(EraseTest, ThatTheyAreAlikeShowsByItself) {
  ByteVector old = firmware("2.0", 60);
  for (std::size_t at = 0x9000; at < old.size(); ++at) old[at] ^= std::byte{1};
  board_.install(1, old);
  open();
  ASSERT_EQ(begin(firmware("2.0", 60)), Status::ok);
  ASSERT_EQ(send(updater_, firmware("2.0", 60), k4K), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k4K, k4K, k4K, k4K, k4K, k4K));
  ends_well(firmware("2.0", 60));
}

TEST_F(EraseTest, WhatHasComeIsNeverErasedForItsNeighbour) {
  const ByteVector& image = firmware("2.0", 60);
  ByteVector old = random_bytes(k64K, 7);
  std::copy_n(image.begin() + 0x2000, 0x1000, old.begin() + 0x2000);
  board_.install(1, old);
  open();
  ASSERT_EQ(begin(image, Likeness::different), Status::ok);
  ASSERT_EQ(updater_.flash(Bytes{image}.first(kImageStartBytes), 0), Status::ok);  // erases all that may go
  EXPECT_THAT(erases(), ElementsAre(k64K));
  EXPECT_EQ(updater_.abandon(), Status::ok);

  board_.install(1, old);
  board_.flash.forget();
  ASSERT_EQ(begin(image, Likeness::different), Status::ok);
  ASSERT_EQ(updater_.flash(Bytes{image}.subspan(0x2000, 0x1000), 0x2000), Status::ok);  // there already
  ASSERT_EQ(send_missing(updater_, image, k4K), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k4K, k4K, k4K, k4K, k4K, k4K, k4K, k32K));
  ends_well(image);
}

TEST_F(EraseTest, NorIsAPartOfAGranuleThatHasCome) {
  const ByteVector& image = firmware("2.0", 60);
  ByteVector old = random_bytes(k64K, 7);
  std::copy_n(image.begin() + 0x2000, 0x400, old.begin() + 0x2000);
  board_.install(1, old);
  std::array<std::byte, k4K> workspace{};
  options_.workspace = workspace;
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.length_bytes = 60 * 1024, .likeness = Likeness::different}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(0x2000, 0x400), 0x2000), Status::ok);  // there already
  EXPECT_THAT(erases(), IsEmpty());
  ASSERT_EQ(updater.flash(Bytes{image}.first(0x400), 0), Status::ok);
  EXPECT_THAT(erases(), ElementsAre(k4K));
  EXPECT_TRUE(std::ranges::equal(Bytes{board_.slot_bytes(1, 0x2400)}.last(0x400), Bytes{image}.subspan(0x2000, 0x400)));
}

TEST(Erases, StayWithinTheSlot) {
  RunningBoard board{{.erase_units = k4K | 2 * k64K, .erase_ms = {45, 150}}};
  board.install(1, random_bytes(k64K, 7));
  const ByteVector& image = firmware("2.0", 60);
  Updater updater{board.flash, {}};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(EraseTest, BlankSectorsAreErasedUnlessTheyAreTrusted) {
  for (const bool trusted : {false, true}) {
    RunningBoard board{{.erase_units = k4K | k64K, .erase_ms = {45, 150}}};
    Updater updater{board.flash, {.trust_blank = trusted}};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, firmware("2.0", 12)), Status::ok);
    const auto in_slot = board.operations_in(board.extent(1).offset, k64K);
    const auto count = std::ranges::count(in_slot, sim::OpKind::erase, &sim::Op::kind);
    EXPECT_EQ(count, trusted ? 0 : 3);
    board.may_boot({0, 1});
    EXPECT_EQ(updater.switch_slot(), Status::ok);
    EXPECT_EQ(board.reset(), 1);
  }
}

TEST_F(EraseTest, ASectorThatACutLeftIsErasedHoweverBlankItReads) {
  options_.trust_blank = true;
  const auto before = board_.flash.snapshot();
  board_.flash.forget();
  Updater uncut{board_.flash, options_};
  ASSERT_EQ(uncut.open(), Status::ok);
  ASSERT_EQ(send(uncut, firmware("2.0", 12)), Status::ok);
  const auto& log = board_.flash.log();
  const auto in_slot = [&](const sim::Op& op) {
    return op.kind == sim::OpKind::erase && op.address >= board_.extent(1).offset;
  };
  const auto index = std::ranges::find_if(log, in_slot) - log.begin();
  board_.flash.restore(before);
  board_.power_on();

  board_.flash.cut_at(static_cast<std::uint32_t>(index), {.kind = sim::Tear::Kind::after});
  Updater cut{board_.flash, options_};
  ASSERT_EQ(cut.open(), Status::ok);
  ASSERT_EQ(send(cut, firmware("2.0", 12)), Status::power_lost);
  board_.power_on();
  EXPECT_THAT(board_.slot_bytes(1, k32K), testing::Each(std::byte{0xFF}));
  board_.flash.forget();
  options_.longest_erase_ms = 45;  // sectors only: each is known by itself
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send_missing(updater, firmware("2.0", 12)), Status::ok);
  board_.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  std::uint64_t erased = 0;
  for (const std::uint32_t size : erases()) erased += size;
  EXPECT_EQ(erased, k32K) << "those behind the image too: the next one may be longer";
  EXPECT_EQ(board_.reset(), 1);
}

TEST_F(EraseTest, TheSameImageAgainCostsNothingInTheSlot) {
  const ByteVector& image = firmware("2.0", 60);
  board_.install(1, image);
  open();
  ASSERT_EQ(begin(image), Status::ok);
  ASSERT_EQ(send(updater_, image, k4K), Status::ok);
  EXPECT_THAT(board_.operations_in(board_.extent(1).offset, k64K), IsEmpty());
  ends_well(image);
}

}  // namespace
}  // namespace dualbank
