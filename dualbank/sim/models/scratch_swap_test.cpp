#include "dualbank/sim/models/scratch_swap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/model_losses.hpp"

namespace dualbank::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kSlot = 0x3000;
constexpr std::uint32_t kScratch = 0x6000;
/// Receiving: 3 erases, 42 pages, the magic. Then the last sector: scratch erased, its magic, 16 pages, a mark; twice
/// an erase, 16 pages and a mark, the primary slot's magic before the second. With the next sector the scratch area,
/// and the status in it, is erased.
constexpr std::uint32_t kMagicOfTheUpdate = 3 + 42;
constexpr std::uint32_t kScratchDropped = kMagicOfTheUpdate + 1 + (1 + 1 + 16 + 1) + (1 + 16 + 1) + (1 + 16 + 1 + 1);

std::vector<std::byte> part_of(const NorFlash& flash, std::uint32_t from, std::uint32_t size) {
  const Bytes bytes = flash.contents().subspan(from, size);
  return {bytes.begin(), bytes.end()};
}

TEST(ScratchSwap, UpdatesWhenThePowerStaysAndKeepsTheOldImage) {
  for (const std::uint8_t unit : {std::uint8_t{1}, std::uint8_t{4}, std::uint8_t{8}}) {
    const ScratchSwap model(unit);
    NorFlash flash(model.geometry());
    model.start(flash);
    const auto old = part_of(flash, 0, 10'240);
    EXPECT_EQ(model.boots(flash), kInstalledVersion);
    EXPECT_THAT(flash.log(), IsEmpty()) << "asking changes nothing";
    EXPECT_EQ(model.power_session(flash), Status::ok);
    EXPECT_EQ(model.boots(flash), kWantedVersion);
    EXPECT_EQ(part_of(flash, kSlot, 10'240), old) << "swapped, not copied over";
    EXPECT_THAT(flash.violations(), IsEmpty());
    EXPECT_GT(flash.log().size(), 200u);
    EXPECT_EQ(flash.log()[kScratchDropped], (Op{OpKind::erase, kScratch, 0x1000}));
    flash.forget();
    flash.reboot();
    EXPECT_EQ(model.power_session(flash), Status::ok);
    EXPECT_THAT(flash.log(), IsEmpty()) << "nothing is left to do";
    EXPECT_EQ(model.boots(flash), kWantedVersion);
  }
}

TEST(ScratchSwap, AnUpdateThatWasNotAskedForIsNotSwapped) {
  const ScratchSwap model;
  NorFlash flash(model.geometry());
  model.start(flash);
  flash.cut_at(kMagicOfTheUpdate, {.kind = Tear::Kind::before});
  ASSERT_EQ(model.power_session(flash), Status::power_lost);
  flash.reboot();
  EXPECT_EQ(model.boots(flash), kInstalledVersion);
  flash.cut_at(kMagicOfTheUpdate, {.kind = Tear::Kind::after});
  ASSERT_EQ(model.power_session(flash), Status::power_lost) << "it starts over";
  flash.reboot();
  EXPECT_EQ(model.boots(flash), kWantedVersion);
}

TEST(ScratchSwap, AnImageThatDoesNotVerifyIsNotSwappedButReceivedAgain) {
  const ScratchSwap model;
  NorFlash flash(model.geometry());
  model.start(flash);
  flash.cut_at(kMagicOfTheUpdate, {.kind = Tear::Kind::after});
  ASSERT_EQ(model.power_session(flash), Status::power_lost);
  flash.reboot();
  flash.put(kSlot + 0x800, std::vector<std::byte>(1, ~flash.contents()[kSlot + 0x800]));
  EXPECT_EQ(model.boots(flash), kInstalledVersion);
  EXPECT_EQ(model.power_session(flash), Status::ok);
  EXPECT_EQ(model.boots(flash), kWantedVersion);
}

TEST(ScratchSwap, SaysWhenNothingBoots) {
  const ScratchSwap model;
  NorFlash flash(model.geometry());
  model.start(flash);
  flash.put(0, std::vector<std::byte>(64));
  EXPECT_EQ(model.boots(flash), std::nullopt);
  flash.forget();
  EXPECT_EQ(model.power_session(flash), Status::ok);
  EXPECT_THAT(flash.log(), IsEmpty());
}

// ---- under the adversary

TEST(ScratchSwapCut, BetweenOperationsItAlwaysEndsWell) {
  for (const std::uint8_t unit : {std::uint8_t{1}, std::uint8_t{8}}) {
    const ScratchSwap model(unit);
    for (std::uint32_t operation = 0; operation < 230; ++operation) {
      EXPECT_EQ(tests::after(model, std::to_string(operation) + "b"), "") << operation;
      EXPECT_EQ(tests::after(model, std::to_string(operation) + "a"), "") << operation;
    }
  }
}

// When the last sector is done the primary slot has the status, and the scratch area is erased for the next sector.
// Torn so that its front is erased and its magic is not, the magic wins, and the erased front is copied over the
// primary slot's last sector. The old image is gone too: its last sector is in the secondary slot, the others are not.
TEST(ScratchSwapCut, InsideTheEraseOfTheScratchAreaBothImagesAreLost) {
  const auto found = tests::losses(ScratchSwap{}, Thoroughness::few);
  EXPECT_THAT(found, ElementsAre(::testing::Pair(kScratchDropped, ::testing::Gt(5))));
}

TEST(ScratchSwapCut, AnyErasedFrontDoesIt) {
  for (const std::uint8_t unit : {std::uint8_t{1}, std::uint8_t{8}}) {
    const ScratchSwap model(unit);
    const std::string at = std::to_string(kScratchDropped);
    for (int pages = 1; pages < 16; ++pages) {
      EXPECT_THAT(tests::after(model, at + "p" + std::to_string(pages)), HasSubstr("nothing boots, now and for ever"));
      EXPECT_EQ(tests::after(model, at + "s" + std::to_string(pages)), "") << "with its back the magic goes";
    }
  }
}

}  // namespace
}  // namespace dualbank::sim
