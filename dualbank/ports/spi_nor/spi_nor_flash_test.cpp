#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/wired_chip.hpp"

namespace dualbank::ports {
namespace {

using sim::SpiNorChip;
using sim::SpiNorModel;
using tests::ByteVector;
using tests::kClockHz;
using tests::send;
using tests::Wired;
using Kind = sim::SpiViolation::Kind;

constexpr std::uint32_t kSmall = 0x4'0000;

struct Expected {
  SpiNorModel model;
  std::uint32_t erase_units;
  bool in_mode;

  friend void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.model.name; }
};

class SpiNorModels : public testing::TestWithParam<Expected> {};
INSTANTIATE_TEST_SUITE_P(
    All, SpiNorModels,
    testing::Values(Expected{sim::is25wp256(), 0x1'1000, false}, Expected{sim::w25q32(), 0x1'9000, false},
                    Expected{sim::w25q256(), 0x1'9000, true}, Expected{sim::mx25l25635f(), 0x1'9000, true},
                    Expected{sim::n25q256a(), 0x1'9000, true}, Expected{sim::w25q256jv(), 0x1'1000, false}),
    [](const auto& tested) { return tested.param.model.name; });

TEST_P(SpiNorModels, IsIdentified) {
  Wired w{GetParam().model};
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.flash.jedec_id(), GetParam().model.jedec_id);
  EXPECT_EQ(w.flash.has_sfdp(), !GetParam().model.sfdp.empty());
  EXPECT_EQ(w.flash.geometry().size_bytes, GetParam().model.geometry.size_bytes);
  EXPECT_EQ(w.flash.geometry().erase_units, GetParam().erase_units);
  EXPECT_EQ(w.flash.geometry().page_bytes, 256);
  EXPECT_TRUE(w.flash.geometry().is_sound());
  EXPECT_EQ(w.chip.in_4_byte_mode(), GetParam().in_mode);
  EXPECT_FALSE(w.chip.write_enabled());
}

TEST_P(SpiNorModels, IsReadProgrammedAndErasedFromItsFirstByteToItsLast) {
  Wired w{GetParam().model};
  ASSERT_EQ(w.flash.open(), Status::ok);
  const std::uint32_t size = w.flash.geometry().size_bytes;
  for (const std::uint32_t address : {0U, size / 2, size - 0x1'0000}) {
    ASSERT_EQ(w.program(address + 0xFF, 0x42), Status::ok);
    ASSERT_EQ(w.program(address + 0xFF00, 0x24, 256), Status::ok);
    EXPECT_EQ(w.chip.array().contents()[address + 0xFF], std::byte{0x42}) << address;
    EXPECT_EQ(w.read(address + 0xFF00, 256), ByteVector(256, std::byte{0x24}));
  }
  EXPECT_EQ(w.chip.array().counts().bytes_programmed, 3 * 257u);
  for (const std::uint32_t address : {0U, size / 2, size - 0x1'0000}) {
    for (std::uint32_t unit = 0x1'0000; unit >= 0x1000; unit >>= 1) {
      if ((w.flash.geometry().erase_units & unit) == 0) continue;
      w.put_zeros(address, 0x1'0000);
      ASSERT_EQ(w.flash.erase(address, unit), Status::ok) << unit;
      EXPECT_EQ(w.read(address + unit - 1, 1)[0], std::byte{0xFF});
      if (unit == 0x1'0000) continue;
      EXPECT_EQ(w.read(address + unit, 1)[0], std::byte{0});
    }
  }
}

TEST_P(SpiNorModels, MayTakeItsLongestTimes) {
  Wired w{GetParam().model};
  w.chip.pace(SpiNorChip::Pace::longest);
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.program(0, 0, 256), Status::ok);
  EXPECT_EQ(w.flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(w.flash.erase(0, 0x1'0000), Status::ok);
}

TEST_P(SpiNorModels, IsOnlyReadByCommandsWithoutDummyBytes) {
  Wired w{GetParam().model};
  ASSERT_EQ(w.flash.open(), Status::ok);
  static_cast<void>(w.read(0x1234, 3));
  ASSERT_EQ(w.program(0, 0), Status::ok);
  ASSERT_EQ(w.flash.erase(0, 0x1000), Status::ok);
  for (const std::uint8_t opcode : w.bus.opcodes) {
    EXPECT_THAT((std::vector<std::uint8_t>{0x02, 0x03, 0x04, 0x05, 0x06, 0x12, 0x13, 0x20, 0x21, 0x5A, 0x66, 0x99, 0x9F,
                                           0xAB, 0xB7, 0xE9}),
                testing::Contains(opcode));
  }
}

// ---- what a reset of the processor leaves behind

TEST_P(SpiNorModels, InThe4ByteModeIsBroughtBack) {
  Wired w{GetParam().model};
  send(w.chip, {0x06});
  send(w.chip, {0xB7});
  ASSERT_EQ(w.chip.in_4_byte_mode(), GetParam().model.has_4_byte_mode);
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.chip.in_4_byte_mode(), GetParam().in_mode);
  w.put_zeros(0x1'0000, 1);
  EXPECT_EQ(w.read(0xFFFF, 3), (ByteVector{std::byte{0xFF}, std::byte{0}, std::byte{0xFF}}));
}

TEST(SpiNorFlash, WithoutAResetCommandAChipLeavesThe4ByteModeByAnother) {
  SpiNorModel model = sim::w25q256jv();
  model.has_reset = false;
  Wired w{model};
  send(w.chip, {0xB7});
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_FALSE(w.chip.in_4_byte_mode()) << "what else reads the chip would trip over it";
}

TEST_P(SpiNorModels, InsideAnOperationItIsWaitedForAndNotTorn) {
  Wired w{GetParam().model};
  w.chip.pace(SpiNorChip::Pace::longest);
  w.put_zeros(0x1000, 0x1000);
  send(w.chip, {0x06});
  send(w.chip, {0x20, 0, 0x10, 0});
  ASSERT_TRUE(w.chip.busy());
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.read(0x1000, 0x1000), ByteVector(0x1000, std::byte{0xFF}));
  EXPECT_EQ(w.chip.resets(), GetParam().model.has_reset ? 1u : 0u);
}

TEST_P(SpiNorModels, InDeepPowerDownItIsWoken) {
  Wired w{GetParam().model};
  send(w.chip, {0xB9});
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.program(0, 0x42), Status::ok);
}

TEST_P(SpiNorModels, WithAHalfSentCommandItIsBroughtBackAndTheCommandGetsNoByteMore) {
  Wired w{GetParam().model};
  send(w.chip, {0x06});
  w.chip.select(true);
  const std::byte half[]{std::byte{0x02}, {}, {}, {}, std::byte{0x55}};
  w.chip.transfer(half, {});
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.flash.jedec_id(), GetParam().model.jedec_id);
  EXPECT_EQ(w.read(0, 2), (ByteVector{std::byte{0x55}, std::byte{0xFF}}));
}

TEST_P(SpiNorModels, MayBeOpenedAgainAtAnyTime) {
  Wired w{GetParam().model};
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(w.flash.open(), Status::ok);
    EXPECT_EQ(w.flash.geometry().erase_units, GetParam().erase_units);
    ASSERT_EQ(w.program(static_cast<std::uint32_t>(i), 0x42), Status::ok);
  }
}

// ---- no chip, and one that does not do what it should

class OpenLine final : public SpiBus {
 public:
  explicit OpenLine(std::uint8_t reads_as) : reads_as_(reads_as) {}
  void select(bool) override {}
  void transfer(Bytes, MutableBytes in) override { std::fill(in.begin(), in.end(), std::byte{reads_as_}); }

 private:
  std::uint8_t reads_as_;
};

TEST(SpiNorFlash, SaysThatNoChipAnswers) {
  for (const std::uint8_t level : std::initializer_list<std::uint8_t>{0x00, 0xFF}) {
    OpenLine bus{level};
    SpiNorFlash flash{bus, {.clock_hz = kClockHz}};
    EXPECT_EQ(flash.open(), Status::flash_no_chip) << int{level};
    std::byte b{};
    EXPECT_EQ(flash.read(0, {&b, 1}), Status::flash_out_of_range);
  }
}

TEST(SpiNorFlash, SaysThatAChipTellsNoSize) {
  SpiNorModel model = sim::is25wp256().with_size(kSmall);
  for (const std::uint32_t id : {0xBF'254AU, 0x9D'700FU, 0x9D'7020U}) {
    model.jedec_id = id;
    Wired w{model};
    EXPECT_EQ(w.flash.open(), Status::flash_no_chip);
    EXPECT_EQ(w.flash.jedec_id(), id);
    EXPECT_EQ(w.flash.geometry().size_bytes, 0u);
  }
}

TEST(SpiNorFlash, IsOutOfRangeBeforeItIsOpen) {
  Wired w{sim::w25q32().with_size(kSmall)};
  std::byte b{};
  EXPECT_EQ(w.flash.read(0, {&b, 1}), Status::flash_out_of_range);
  EXPECT_EQ(w.program(0, 0), Status::flash_out_of_range);
  EXPECT_EQ(w.flash.erase(0, 0x1000), Status::flash_out_of_range);
  EXPECT_TRUE(w.bus.opcodes.empty());
}

TEST(SpiNorFlash, AChipThatNeverEndsIsLeftAfterTheLimit) {
  Wired w{sim::is25wp256().with_size(kSmall), {.program_limit_ms = 7, .erase_limit_ms = 40}};
  ASSERT_EQ(w.flash.open(), Status::ok);
  w.chip.pace(SpiNorChip::Pace::never);
  std::uint64_t begun = w.chip.now_us();
  EXPECT_EQ(w.program(0, 0), Status::flash_timeout);
  EXPECT_GE(w.chip.now_us() - begun, 7'000u);
  EXPECT_LT(w.chip.now_us() - begun, 9'000u);
  std::byte b{};
  EXPECT_EQ(w.flash.read(0, {&b, 1}), Status::flash_timeout) << "what is read meanwhile is nothing";
  EXPECT_EQ(w.program(0, 0), Status::flash_timeout);
  begun = w.chip.now_us();
  EXPECT_EQ(w.flash.open(), Status::flash_timeout);
  EXPECT_GE(w.chip.now_us() - begun, 40'000u);
  EXPECT_LT(w.chip.now_us() - begun, 50'000u);
}

TEST(SpiNorFlash, TheChipsOwnLongestTimesAreItsLimits) {
  Wired w{sim::w25q32().with_size(kSmall), {.program_limit_ms = 1, .erase_limit_ms = 1}};
  w.chip.pace(SpiNorChip::Pace::longest);
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.program(0, 0, 256), Status::ok);
  EXPECT_EQ(w.flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(w.flash.erase(0, 0x1'0000), Status::ok);
  w.chip.pace(SpiNorChip::Pace::never);
  const std::uint64_t begun = w.chip.now_us();
  EXPECT_EQ(w.flash.erase(0, 0x1000), Status::flash_timeout);
  EXPECT_GE(w.chip.now_us() - begun, 400'000u);
  EXPECT_LT(w.chip.now_us() - begun, 800'000u);
}

TEST(SpiNorFlash, AnOperationThatEndsAfterItsLimitIsWaitedForByTheNextCall) {
  Wired w{sim::is25wp256().with_size(kSmall), {.erase_limit_ms = 20}};
  ASSERT_EQ(w.flash.open(), Status::ok);
  w.put_zeros(0, 0x1000);
  EXPECT_EQ(w.flash.erase(0, 0x1000), Status::flash_timeout);
  w.chip.pass_us(40'000);
  EXPECT_EQ(w.read(0, 1)[0], std::byte{0xFF});
  EXPECT_EQ(w.flash.erase(0x1000, 0x1000), Status::flash_timeout);
  w.chip.pass_us(40'000);
  EXPECT_EQ(w.program(0, 0), Status::ok);
}

// ---- write protection

TEST(SpiNorFlash, SaysWhatTheChipIgnoresBecauseItIsProtected) {
  for (const SpiNorModel& model : {sim::w25q32(), sim::is25wp256()}) {
    for (const std::uint8_t bit : std::initializer_list<std::uint8_t>{0x04, 0x08, 0x10, 0x20}) {
      if ((model.protection_bits & bit) == 0) continue;
      Wired w{model.with_size(kSmall)};
      w.chip.protect(bit);
      ASSERT_EQ(w.flash.open(), Status::ok);
      w.put_zeros(0x1FFF, 1);
      EXPECT_EQ(w.program(0, 0x42, 100), Status::flash_write_protected) << int{bit};
      EXPECT_EQ(w.flash.erase(0x1000, 0x1000), Status::flash_write_protected) << int{bit};
      EXPECT_EQ(w.program(0x1FFF, 0), Status::ok) << "nothing was to be changed";
      EXPECT_EQ(w.flash.erase(0x2000, 0x1000), Status::ok);
      for (const sim::SpiViolation& v : w.chip.violations()) EXPECT_EQ(v.kind, Kind::write_protected);
      w.chip.forget_violations();
    }
  }
}

TEST(SpiNorFlash, ABitThatNamesAnEndProtectsNothing) {
  Wired w{sim::w25q32().with_size(kSmall), {.clear_protection = true}};
  w.chip.protect(0x60);
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.chip.protection(), 0x60);
  EXPECT_EQ(w.program(0, 0), Status::ok);
}

TEST(SpiNorFlash, ClearsTheProtectionWhenAskedToAndNoOtherBit) {
  Wired w{sim::is25wp256().with_size(kSmall), {.clear_protection = true}};
  w.chip.protect(0x7C);
  w.chip.pace(SpiNorChip::Pace::longest);
  ASSERT_EQ(w.flash.open(), Status::ok);
  EXPECT_EQ(w.chip.protection(), 0x40);
  EXPECT_EQ(w.program(0, 0), Status::ok);
}

TEST(SpiNorFlash, SaysThatTheProtectionStays) {
  Wired w{sim::w25q32().with_size(kSmall), {.clear_protection = true}};
  w.chip.protect(0x9C, true);
  EXPECT_EQ(w.flash.open(), Status::flash_write_protected);
  EXPECT_EQ(w.flash.geometry().size_bytes, 0u);
  w.chip.forget_violations();
}

TEST(SpiNorFlash, SaysThatTheLatchDoesNotSet) {
  class NoLatch final : public SpiBus {
   public:
    explicit NoLatch(SpiNorChip& chip) : chip_(chip) {}
    void select(bool active) override { chip_.select(active); }
    void transfer(Bytes out, MutableBytes in) override {
      const std::byte nothing{};
      chip_.transfer(broken && out.size() == 1 && out[0] == std::byte{0x06} ? Bytes{&nothing, 1} : out, in);
    }
    bool broken = false;

   private:
    SpiNorChip& chip_;
  };
  SpiNorChip chip{sim::w25q32().with_size(kSmall), kClockHz};
  NoLatch bus{chip};
  SpiNorFlash flash{bus, {.clock_hz = kClockHz}};
  ASSERT_EQ(flash.open(), Status::ok);
  bus.broken = true;
  const std::byte b{};
  EXPECT_EQ(flash.program(0, {&b, 1}), Status::flash_write_protected);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::flash_write_protected);
  EXPECT_TRUE(chip.violations().empty()) << "nothing was tried";
}

TEST(SpiNorFlash, StandsInStaticMemoryWithoutStartUpCode) {
  static OpenLine bus{0};
  static constinit SpiNorFlash flash{bus};
  EXPECT_EQ(flash.geometry().size_bytes, 0u);
}

// ---- a chip that is known

constexpr SpiNorPart kKnown{
    .size_bytes = 0x200'0000, .address_bytes = 4, .read_opcode = 0x13, .program_opcode = 0x12, .erase_opcode = 0x21};

struct KnownChip {
  explicit KnownChip(const SpiNorModel& model, const SpiNorPart& part = kKnown)
      : chip(model, kClockHz), bus(chip), flash(bus, part, {.clock_hz = kClockHz}) {}

  SpiNorChip chip;
  tests::ChipBus bus;
  SpiNorFlash flash;
};

TEST(SpiNorKnown, IsUsedAsItsPartSays) {
  KnownChip known{sim::is25wp256()};
  ASSERT_EQ(known.flash.open_known(), Status::ok);
  EXPECT_EQ(known.flash.geometry().size_bytes, 0x200'0000u);
  EXPECT_EQ(known.flash.geometry().erase_units, 0x1000u);
  EXPECT_FALSE(known.flash.has_sfdp());
  const std::uint32_t last = 0x200'0000 - 0x1000;
  known.chip.array().put(last, ByteVector(0x1000));
  ASSERT_EQ(known.flash.erase(last, 0x1000), Status::ok);
  ASSERT_EQ(known.flash.program(last + 0xFF0, ByteVector(16, std::byte{0x5A})), Status::ok);
  ByteVector back(17);
  ASSERT_EQ(known.flash.read(last + 0xFEF, back), Status::ok);
  EXPECT_EQ(back[0], std::byte{0xFF});
  EXPECT_EQ(back[16], std::byte{0x5A});
  EXPECT_EQ(known.flash.erase(0, 0x8000), Status::flash_misaligned) << "a unit that its part does not name";
  EXPECT_TRUE(known.chip.violations().empty());
}

TEST(SpiNorKnown, WithThreeAddressBytesToo) {
  KnownChip known{sim::w25q32(), {.size_bytes = 0x40'0000}};
  ASSERT_EQ(known.flash.open_known(), Status::ok);
  ASSERT_EQ(known.flash.program(0x12'3456, ByteVector(1, std::byte{0x42})), Status::ok);
  EXPECT_EQ(known.chip.array().contents()[0x12'3456], std::byte{0x42});
}

TEST(SpiNorKnown, IsBroughtBackFromWhatAResetLeftItIn) {
  KnownChip known{sim::w25q256jv()};
  send(known.chip, {0x06});
  send(known.chip, {0xB7});
  send(known.chip, {0xB9});  // deep power-down
  ASSERT_EQ(known.flash.open_known(), Status::ok);
  EXPECT_FALSE(known.chip.in_4_byte_mode());
  ByteVector byte(1);
  EXPECT_EQ(known.flash.read(0x100'0000, byte), Status::ok);
}

TEST(SpiNorKnown, AnswersNobodyItIsNoChip) {
  for (const std::uint8_t level : std::initializer_list<std::uint8_t>{0x00, 0xFF}) {
    OpenLine line{level};
    SpiNorFlash flash{line, kKnown, {.clock_hz = kClockHz, .erase_limit_ms = 1}};
    EXPECT_EQ(flash.open_known(), Status::flash_no_chip) << int{level};
  }
}

}  // namespace
}  // namespace dualbank::ports
