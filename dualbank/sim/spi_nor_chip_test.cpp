#include "dualbank/sim/spi_nor_chip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chip_bus.hpp"

namespace dualbank::sim {
namespace {

using tests::send;
using Kind = SpiViolation::Kind;
using Raw = std::vector<std::uint8_t>;

class SpiNorChipTest : public testing::Test {
 protected:
  /// One command, and all the time that it may take.
  std::vector<std::byte> run(const Raw& out, std::size_t in = 0) {
    auto answer = send(chip_, out, in);
    chip_.pass_us(10'000'000);
    return answer;
  }
  std::uint8_t status() { return std::to_integer<std::uint8_t>(send(chip_, {0x05}, 1)[0]); }
  Raw read(std::uint32_t address, std::size_t count) {
    Raw bytes;
    const Raw head{0x03, static_cast<std::uint8_t>(address >> 16), static_cast<std::uint8_t>(address >> 8),
                   static_cast<std::uint8_t>(address)};
    for (const std::byte b : send(chip_, head, count)) bytes.push_back(std::to_integer<std::uint8_t>(b));
    return bytes;
  }
  void expect_only(Kind kind, std::uint8_t opcode, std::uint32_t address = 0) {
    EXPECT_THAT(chip_.violations(), testing::ElementsAre(SpiViolation{kind, opcode, address}));
    chip_.forget_violations();
  }

  SpiNorChip chip_{w25q32().with_size(0x4'0000)};
};

TEST_F(SpiNorChipTest, SaysWhoItIs) {
  EXPECT_EQ(send(chip_, {0x9F}, 4), (std::vector<std::byte>{std::byte{0xEF}, std::byte{0x40}, std::byte{0x12}, {}}));
  const auto sfdp = send(chip_, {0x5A, 0, 0, 0, 0}, 4);
  EXPECT_EQ(load_u32(sfdp, 0), 0x5044'4653u);
  SpiNorChip without{is25wp256().with_size(0x4'0000)};
  EXPECT_EQ(send(without, {0x5A, 0, 0, 0, 0}, 1)[0], std::byte{0xFF});
  EXPECT_TRUE(without.violations().empty());
}

TEST_F(SpiNorChipTest, ProgramsErasesAndReads) {
  run({0x06});
  run({0x02, 0, 0x10, 0x05, 0x12, 0x34});
  EXPECT_EQ(read(0x1004, 4), (Raw{0xFF, 0x12, 0x34, 0xFF}));
  run({0x06});
  run({0x20, 0, 0x10, 0});
  EXPECT_EQ(read(0x1005, 2), (Raw{0xFF, 0xFF}));
  EXPECT_TRUE(chip_.violations().empty());
  EXPECT_EQ(chip_.array().counts().operations(), 2u);
}

TEST_F(SpiNorChipTest, TheLatchFallsAfterEachOperationAndWithoutItNothingHappens) {
  EXPECT_EQ(status(), 0);
  run({0x02, 0, 0, 0, 0x12});
  expect_only(Kind::not_write_enabled, 0x02);
  run({0x06});
  EXPECT_EQ(status(), 0x02);
  run({0x02, 0, 0, 0, 0x12});
  EXPECT_EQ(status(), 0);
  run({0x02, 0, 0, 1, 0x34});
  expect_only(Kind::not_write_enabled, 0x02, 1);
  EXPECT_EQ(read(0, 2), (Raw{0x12, 0xFF}));
  run({0x06});
  run({0x04});
  run({0xD8, 0, 0, 0});
  expect_only(Kind::not_write_enabled, 0xD8);
}

TEST_F(SpiNorChipTest, IsBusyForItsTimeAndTakesNothingMeanwhile) {
  run({0x06});
  const std::uint64_t begun = chip_.now_us();
  send(chip_, {0x20, 0, 0, 0});
  EXPECT_EQ(status(), 0x03);
  EXPECT_EQ(send(chip_, {0x03, 0, 0, 0}, 1)[0], std::byte{0xFF});
  expect_only(Kind::while_busy, 0x03);
  send(chip_, {0x06});
  expect_only(Kind::while_busy, 0x06);
  while ((status() & 1) != 0) {
  }
  const Duration time = w25q32().times.of_erase(0x1000);
  EXPECT_GE(chip_.now_us() - begun, time.typical_us);
  EXPECT_LT(chip_.now_us() - begun, time.typical_us + 100);
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(chip_.array().counts().erases, 1u);
  EXPECT_EQ(chip_.array().elapsed(), std::nullopt) << "time is the chip's own";
}

TEST_F(SpiNorChipTest, TakesItsLongestTimeOrNeverEnds) {
  chip_.pace(SpiNorChip::Pace::longest);
  run({0x06});
  send(chip_, {0x20, 0, 0, 0});
  chip_.pass_us(399'000);
  EXPECT_TRUE(chip_.busy());
  chip_.pass_us(2'000);
  EXPECT_FALSE(chip_.busy());
  chip_.pace(SpiNorChip::Pace::never);
  run({0x06});
  run({0x20, 0, 0, 0});
  EXPECT_TRUE(chip_.busy());
}

TEST_F(SpiNorChipTest, AProgramOverThePagesEndGoesOnAtItsStart) {
  run({0x06});
  run({0x02, 0, 0x01, 0xFE, 1, 2, 3});
  expect_only(Kind::wraps_page, 0x02, 0x1FE);
  EXPECT_EQ(read(0x1FE, 3), (Raw{1, 2, 0xFF}));
  EXPECT_EQ(read(0x100, 2), (Raw{3, 0xFF}));
}

TEST_F(SpiNorChipTest, BitsStayThatOnlyAnEraseBringsBack) {
  run({0x06});
  run({0x02, 0, 0, 0, 0x0F});
  run({0x06});
  run({0x02, 0, 0, 0, 0x03});
  EXPECT_TRUE(chip_.violations().empty());
  run({0x06});
  run({0x02, 0, 0, 0, 0xF3});
  expect_only(Kind::sets_bits, 0x02);
  EXPECT_EQ(read(0, 1), Raw{0x03});
}

TEST_F(SpiNorChipTest, LowAddressBitsOfAnEraseAndHighOnesAreIgnored) {
  chip_.array().put(0x1000, std::vector<std::byte>(0x2000));
  run({0x06});
  run({0x20, 0, 0x18, 0x04});
  expect_only(Kind::misaligned_erase, 0x20, 0x1804);
  EXPECT_EQ(read(0x1000, 1), Raw{0xFF});
  EXPECT_EQ(read(0x2000, 1), Raw{0});
  run({0x06});
  run({0x20, 0x04, 0x20, 0});
  expect_only(Kind::beyond_chip, 0x20, 0x4'2000);
  EXPECT_EQ(read(0x2000, 1), Raw{0xFF});
  EXPECT_EQ(read(0x4'1000, 1), Raw{0xFF});
  expect_only(Kind::beyond_chip, 0x03, 0x4'1000);
}

TEST_F(SpiNorChipTest, CommandsOfTheWrongLengthAreIgnored) {
  run({0x06, 0});
  expect_only(Kind::wrong_length, 0x06);
  EXPECT_EQ(status(), 0);
  run({0x06});
  run({0x20, 0, 0, 0, 0});
  EXPECT_EQ(chip_.violations().at(0).kind, Kind::wrong_length);
  run({0x20, 0, 0});
  run({0x02, 0, 0, 0});
  EXPECT_EQ(chip_.violations().size(), 3u);
  EXPECT_EQ(chip_.array().counts().operations(), 0u);
}

TEST_F(SpiNorChipTest, ProtectionBitsKeepTheArrayAndAreCleared) {
  chip_.protect(0x04 | 0x40);
  EXPECT_EQ(status(), 0x44);
  run({0x06});
  run({0x02, 0, 0, 0, 0});
  expect_only(Kind::write_protected, 0x02);
  EXPECT_EQ(status(), 0x44) << "the latch fell";
  run({0x01, 0x40});
  expect_only(Kind::not_write_enabled, 0x01);
  run({0x06});
  send(chip_, {0x01, 0x40});
  EXPECT_TRUE(chip_.busy());
  chip_.pass_us(40'000);
  EXPECT_EQ(status(), 0x40);
  run({0x06});
  run({0x02, 0, 0, 0, 0});
  EXPECT_EQ(read(0, 1), Raw{0});
  chip_.protect(0x1C, true);
  run({0x06});
  run({0x01, 0});
  expect_only(Kind::write_protected, 0x01);
  chip_.cut_power({});
  chip_.power_on();
  EXPECT_EQ(status(), 0x1C);
}

TEST_F(SpiNorChipTest, AsleepItKnowsOneCommandAndTakesItsTimeToWake) {
  run({0xB9});
  EXPECT_TRUE(chip_.asleep());
  EXPECT_EQ(status(), 0xFF);
  expect_only(Kind::while_asleep, 0x05);
  send(chip_, {0xAB});
  EXPECT_EQ(status(), 0xFF) << "too early";
  expect_only(Kind::while_asleep, 0x05);
  chip_.pass_us(30);
  EXPECT_EQ(status(), 0);
  EXPECT_TRUE(chip_.violations().empty());
}

TEST_F(SpiNorChipTest, IsResetByTwoCommandsInARow) {
  run({0x06});
  run({0x99});
  expect_only(Kind::reset_not_enabled, 0x99);
  run({0x66});
  EXPECT_EQ(status(), 0x02);
  run({0x99});
  expect_only(Kind::reset_not_enabled, 0x99);
  EXPECT_EQ(status(), 0x02);
  send(chip_, {0x66});
  send(chip_, {0x99});
  EXPECT_EQ(status(), 0xFF) << "too early";
  expect_only(Kind::while_asleep, 0x05);
  chip_.pass_us(30);
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(chip_.resets(), 1u);
}

TEST_F(SpiNorChipTest, AResetTearsWhatIsUnderWay) {
  chip_.array().put(0x1000, std::vector<std::byte>(0x1000));
  run({0x06});
  send(chip_, {0x20, 0, 0x10, 0});
  send(chip_, {0x66});
  send(chip_, {0x99});
  expect_only(Kind::while_busy, 0x99);
  EXPECT_FALSE(chip_.busy());
  const auto now = chip_.array().contents().subspan(0x1000, 0x1000);
  EXPECT_FALSE(all_equal(now, std::byte{0xFF}));
  EXPECT_FALSE(all_equal(now, std::byte{0}));
}

TEST_F(SpiNorChipTest, PowerGoesInsideAnOperation) {
  run({0x06});
  send(chip_, {0x02, 0, 0, 0, 1, 2, 3, 4});
  chip_.cut_power({.kind = Tear::Kind::prefix, .units = 2});
  EXPECT_EQ(status(), 0xFF);
  chip_.power_on();
  EXPECT_EQ(status(), 0) << "neither busy nor enabled";
  EXPECT_EQ(read(0, 4), (Raw{1, 2, 0xFF, 0xFF}));
  chip_.array().cut_at(0, {.kind = Tear::Kind::prefix, .units = 1});
  run({0x06});
  run({0x02, 0, 0x10, 0, 1, 2, 3, 4});
  EXPECT_FALSE(chip_.array().power_on());
  EXPECT_EQ(status(), 0xFF);
  chip_.power_on();
  EXPECT_EQ(read(0x1000, 2), (Raw{1, 0xFF}));
  EXPECT_TRUE(chip_.violations().empty());
}

TEST_F(SpiNorChipTest, PowerThatGoesInBetweenChangesNothing) {
  run({0x06});
  chip_.select(true);
  const std::byte half[]{std::byte{0x02}, {}, {}, {}, {}};
  chip_.transfer(half, {});
  chip_.cut_power({.kind = Tear::Kind::after});
  chip_.power_on();
  chip_.select(false);
  chip_.pass_us(10'000);
  EXPECT_EQ(read(0, 1), Raw{0xFF});
  EXPECT_EQ(chip_.array().counts().operations(), 0u);
}

TEST(SpiNorChip4Bytes, ModeAndCommandsReachAllOfTheChip) {
  SpiNorChip chip{is25wp256()};
  const auto change = [&](const Raw& command) {
    send(chip, {0x06});
    send(chip, command);
    chip.pass_us(10'000'000);
  };
  change({0x12, 1, 0, 0, 0, 0x42});
  EXPECT_EQ(send(chip, {0x13, 1, 0, 0, 0}, 1)[0], std::byte{0x42});
  EXPECT_EQ(send(chip, {0x03, 0, 0, 0}, 1)[0], std::byte{0xFF}) << "three bytes reach the first 16 MiB";
  send(chip, {0xB7});
  EXPECT_TRUE(chip.in_4_byte_mode());
  EXPECT_EQ(send(chip, {0x03, 1, 0, 0, 0}, 1)[0], std::byte{0x42});
  change({0x02, 0, 0, 0, 0x55});
  EXPECT_EQ(chip.violations().at(0).kind, Kind::wrong_length) << "a byte of data taken for one of address";
  chip.forget_violations();
  change({0xDC, 1, 0, 0, 0});
  EXPECT_EQ(chip.array().contents()[0x100'0000], std::byte{0xFF});
  send(chip, {0xE9});
  EXPECT_TRUE(chip.in_4_byte_mode()) << "not this maker's command";
  send(chip, {0x29});
  EXPECT_FALSE(chip.in_4_byte_mode());
  send(chip, {0xB7});
  chip.cut_power({});
  chip.power_on();
  EXPECT_FALSE(chip.in_4_byte_mode());
  EXPECT_TRUE(chip.violations().empty());
}

TEST(SpiNorChip4Bytes, OnlyWhereTheModelHasThem) {
  SpiNorChip chip{w25q256().with_size(0x4'0000)};
  send(chip, {0x06});
  send(chip, {0x12, 0, 0, 0, 0, 0});
  send(chip, {0x21, 0, 0, 0, 0});
  EXPECT_FALSE(chip.busy());
  SpiNorChip micron{n25q256a().with_size(0x4'0000)};
  send(micron, {0xB7});
  EXPECT_FALSE(micron.in_4_byte_mode());
  EXPECT_EQ(micron.violations().at(0).kind, Kind::not_write_enabled);
  send(micron, {0x06});
  send(micron, {0xB7});
  EXPECT_TRUE(micron.in_4_byte_mode());
  EXPECT_FALSE(micron.write_enabled());
}

}  // namespace
}  // namespace dualbank::sim
