// What every flash must do, whatever is behind it. A port passes when this suite does:
//
//   struct MyProvider {
//     dualbank::Flash& flash();  // an erased chip of at least two of its largest erase units
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(My, FlashConformance, MyProvider);
//
// A provider is default-constructible and made anew for each test. Its chip should be small: some tests write all of
// it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dualbank/engine/flash.hpp"

namespace dualbank::tests {

template <class Provider>
class FlashConformance : public testing::Test {
 protected:
  using ByteVector = std::vector<std::byte>;

  [[nodiscard]] Flash& flash() { return provider_.flash(); }
  [[nodiscard]] const Geometry& geometry() { return flash().geometry(); }
  [[nodiscard]] std::uint32_t size() { return geometry().size_bytes; }
  [[nodiscard]] std::uint32_t sector() { return geometry().sector_bytes(); }
  [[nodiscard]] std::uint32_t page() { return geometry().page_bytes; }
  [[nodiscard]] std::uint32_t unit() { return geometry().write_unit_bytes; }
  [[nodiscard]] bool erases_to_ones() { return geometry().erased == std::byte{0xFF}; }

  [[nodiscard]] std::vector<std::uint32_t> erase_units() {
    std::vector<std::uint32_t> units;
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
      if ((geometry().erase_units & bit) != 0) units.push_back(bit);
    }
    return units;
  }

  /// Bytes that no shift and no page makes alike.
  [[nodiscard]] static ByteVector pattern(std::size_t count, std::uint32_t seed) {
    ByteVector bytes;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t mixed = (static_cast<std::uint32_t>(i) + seed * 0x1'0001U) * 2654435761U;
      bytes.push_back(static_cast<std::byte>(mixed >> 24));
    }
    return bytes;
  }
  [[nodiscard]] ByteVector blank(std::size_t count) { return ByteVector(count, geometry().erased); }
  /// What programs to all bits changed.
  [[nodiscard]] ByteVector full(std::size_t count) { return ByteVector(count, ~geometry().erased); }

  [[nodiscard]] ByteVector read(std::uint32_t address, std::size_t count) {
    ByteVector bytes(count, std::byte{0xA5});
    EXPECT_EQ(flash().read(address, bytes), Status::ok) << address << " " << count;
    return bytes;
  }
  void program(std::uint32_t address, const ByteVector& bytes) {
    ASSERT_EQ(flash().program(address, bytes), Status::ok) << address << " " << bytes.size();
  }
  void fill_all() {
    for (std::uint32_t at = 0; at < size(); at += page()) program(at, full(page()));
  }

  Provider provider_;
};

TYPED_TEST_SUITE_P(FlashConformance);

TYPED_TEST_P(FlashConformance, HasASoundGeometryThatStaysAndRoomForThisSuite) {
  const Geometry before = this->geometry();
  EXPECT_TRUE(before.is_sound());
  EXPECT_TRUE(before.erased == std::byte{0xFF} || before.erased == std::byte{0});
  EXPECT_GE(this->size(), 2 * this->erase_units().back());
  this->program(0, this->full(this->unit()));
  EXPECT_EQ(this->flash().erase(0, this->sector()), Status::ok);
  EXPECT_EQ(this->geometry().size_bytes, before.size_bytes);
  EXPECT_EQ(this->geometry().erase_units, before.erase_units);
}

TYPED_TEST_P(FlashConformance, StartsErased) { EXPECT_EQ(this->read(0, this->size()), this->blank(this->size())); }

TYPED_TEST_P(FlashConformance, KeepsADifferentPatternInEveryPageOfTheChip) {
  for (std::uint32_t at = 0; at < this->size(); at += this->page()) this->program(at, this->pattern(this->page(), at));
  for (std::uint32_t at = 0; at < this->size(); at += this->page()) {
    ASSERT_EQ(this->read(at, this->page()), this->pattern(this->page(), at)) << "page at " << at;
  }
}

TYPED_TEST_P(FlashConformance, ReadsAnyLengthFromAnyAddress) {
  const auto expected = this->pattern(2 * this->page(), 7);
  const std::uint32_t base = this->sector() - this->page();
  this->program(base, {expected.begin(), expected.begin() + this->page()});
  this->program(base + this->page(), {expected.begin() + this->page(), expected.end()});
  for (const std::uint32_t from : {0U, 1U, 3U, this->page() - 1}) {
    for (const std::uint32_t count : {1U, 2U, 5U, this->page() + 1}) {
      const auto begin = expected.begin() + from;
      ASSERT_EQ(this->read(base + from, count), std::vector<std::byte>(begin, begin + count)) << from << " " << count;
    }
  }
  EXPECT_EQ(this->read(base, expected.size()), expected);
}

TYPED_TEST_P(FlashConformance, ProgramsEachLengthUpToAPageAndLeavesTheNeighbours) {
  for (std::uint32_t count = this->unit(); count <= this->page(); count += this->unit()) {
    ASSERT_EQ(this->flash().erase(0, this->sector()), Status::ok);
    const std::uint32_t from = this->page() - count;  // up to the page's end
    this->program(from, this->full(count));
    ASSERT_EQ(this->read(0, from), this->blank(from)) << count;
    ASSERT_EQ(this->read(from, count), this->full(count)) << count;
    ASSERT_EQ(this->read(this->page(), this->page()), this->blank(this->page())) << count;
  }
}

TYPED_TEST_P(FlashConformance, ProgramsTheFirstAndLastUnitOfTheChip) {
  const std::uint32_t last = this->size() - this->unit();
  this->program(0, this->full(this->unit()));
  this->program(last, this->full(this->unit()));
  EXPECT_EQ(this->read(0, this->unit()), this->full(this->unit()));
  EXPECT_EQ(this->read(last, this->unit()), this->full(this->unit()));
  const std::size_t between = this->size() - 2 * std::size_t{this->unit()};
  EXPECT_EQ(this->read(this->unit(), between), this->blank(between));
}

TYPED_TEST_P(FlashConformance, ProgrammedAgainEveryBitStaysThatWasProgrammedOnce) {
  if (!this->geometry().can_reprogram) GTEST_SKIP() << "this flash's units are programmed once";
  const auto a = this->pattern(this->page(), 1);
  const auto b = this->pattern(this->page(), 2);
  std::vector<std::byte> both;
  for (std::size_t i = 0; i < a.size(); ++i) both.push_back(this->erases_to_ones() ? a[i] & b[i] : a[i] | b[i]);
  this->program(0, a);
  this->program(0, a);
  EXPECT_EQ(this->read(0, a.size()), a);
  this->program(0, both);
  EXPECT_EQ(this->read(0, a.size()), both);
}

TYPED_TEST_P(FlashConformance, ABitThatOnlyAnEraseBringsBackStaysOrIsRefused) {
  if (!this->geometry().can_reprogram) GTEST_SKIP() << "this flash's units are programmed once";
  this->program(0, this->full(this->unit()));
  const Status answer = this->flash().program(0, this->blank(this->unit()));
  EXPECT_TRUE(answer == Status::ok || answer == Status::flash_not_erased);
  EXPECT_EQ(this->read(0, this->unit()), this->full(this->unit()));
}

TYPED_TEST_P(FlashConformance, ErasesExactlyOneUnitOfEachSize) {
  this->fill_all();
  for (const std::uint32_t bytes : this->erase_units()) {
    const std::uint32_t address = this->size() / bytes * bytes - bytes;
    ASSERT_EQ(this->flash().erase(address, bytes), Status::ok) << bytes;
    EXPECT_EQ(this->read(address, bytes), this->blank(bytes)) << bytes;
    EXPECT_EQ(this->read(0, address), this->full(address)) << bytes;
    for (std::uint32_t at = address; at < address + bytes; at += this->page())
      this->program(at, this->full(this->page()));
  }
  EXPECT_EQ(this->read(0, this->size()), this->full(this->size()));
}

TYPED_TEST_P(FlashConformance, AnErasedUnitTakesNewBytes) {
  const auto first = this->pattern(this->page(), 3);
  const auto second = this->pattern(this->page(), 4);
  this->program(this->sector(), first);
  ASSERT_EQ(this->flash().erase(this->sector(), this->sector()), Status::ok);
  this->program(this->sector(), second);
  EXPECT_EQ(this->read(this->sector(), this->page()), second);
}

TYPED_TEST_P(FlashConformance, RefusesWhatIsNoEraseUnitAndChangesNothing) {
  this->fill_all();
  const std::uint32_t sector = this->sector();
  struct Call {
    std::uint32_t address;
    std::uint32_t size_bytes;
  };
  for (const auto& [address, bytes] :
       {Call{0, 0}, Call{0, sector - 1}, Call{0, sector / 2}, Call{0, sector + sector / 2}, Call{sector / 2, sector},
        Call{1, sector}, Call{0, this->geometry().erase_units | sector | sector << 1}}) {
    EXPECT_EQ(this->flash().erase(address, bytes), Status::flash_misaligned) << address << " " << bytes;
  }
  for (const std::uint32_t bytes : this->erase_units()) {
    if (bytes == sector) continue;
    EXPECT_EQ(this->flash().erase(sector, bytes), Status::flash_misaligned) << bytes;
  }
  EXPECT_EQ(this->read(0, this->size()), this->full(this->size()));
}

TYPED_TEST_P(FlashConformance, RefusesProgramsAcrossAPageOrOfPartsOfUnits) {
  const std::uint32_t unit = this->unit();
  EXPECT_EQ(this->flash().program(this->page() - unit, this->full(2 * unit)), Status::flash_misaligned);
  EXPECT_EQ(this->flash().program(0, this->full(this->page() + unit)), Status::flash_misaligned);
  if (unit > 1) {
    EXPECT_EQ(this->flash().program(1, this->full(unit)), Status::flash_misaligned);
    EXPECT_EQ(this->flash().program(0, this->full(unit - 1)), Status::flash_misaligned);
  }
  EXPECT_EQ(this->read(0, 2 * std::size_t{this->page()}), this->blank(2 * std::size_t{this->page()}));
}

TYPED_TEST_P(FlashConformance, RefusesWhatIsOutsideTheChipAndChangesNothing) {
  const std::uint32_t unit = this->unit();
  const std::uint32_t top = 0U - this->sector();
  std::vector<std::byte> two(2 * std::size_t{unit}, std::byte{0x5A});
  const auto untouched = two;
  for (const std::uint32_t address : {this->size() - unit, this->size(), top, 0U - unit}) {
    EXPECT_EQ(this->flash().read(address, two), Status::flash_out_of_range) << address;
    EXPECT_EQ(two, untouched) << address;
    EXPECT_EQ(this->flash().program(address, this->full(two.size())), Status::flash_out_of_range) << address;
  }
  EXPECT_EQ(this->flash().erase(this->size(), this->sector()), Status::flash_out_of_range);
  EXPECT_EQ(this->flash().erase(top, this->sector()), Status::flash_out_of_range);
  EXPECT_EQ(this->read(0, this->size()), this->blank(this->size()));
}

TYPED_TEST_P(FlashConformance, NoBytesAreFine) {
  this->program(0, this->full(this->unit()));
  EXPECT_EQ(this->flash().read(0, {}), Status::ok);
  EXPECT_EQ(this->flash().read(this->size(), {}), Status::ok);
  EXPECT_EQ(this->flash().program(0, {}), Status::ok);
  EXPECT_EQ(this->flash().program(this->size(), {}), Status::ok);
  EXPECT_EQ(this->read(0, this->unit()), this->full(this->unit()));
}

TYPED_TEST_P(FlashConformance, SyncsAtAnyTimeAndLosesNothing) {
  EXPECT_EQ(this->flash().sync(), Status::ok);
  this->program(this->page(), this->full(this->unit()));
  EXPECT_EQ(this->flash().sync(), Status::ok);
  EXPECT_EQ(this->read(this->page(), this->unit()), this->full(this->unit()));
  ASSERT_EQ(this->flash().erase(0, this->sector()), Status::ok);
  EXPECT_EQ(this->flash().sync(), Status::ok);
  EXPECT_EQ(this->read(this->page(), this->unit()), this->blank(this->unit()));
}

REGISTER_TYPED_TEST_SUITE_P(FlashConformance, HasASoundGeometryThatStaysAndRoomForThisSuite, StartsErased,
                            KeepsADifferentPatternInEveryPageOfTheChip, ReadsAnyLengthFromAnyAddress,
                            ProgramsEachLengthUpToAPageAndLeavesTheNeighbours, ProgramsTheFirstAndLastUnitOfTheChip,
                            ProgrammedAgainEveryBitStaysThatWasProgrammedOnce,
                            ABitThatOnlyAnEraseBringsBackStaysOrIsRefused, ErasesExactlyOneUnitOfEachSize,
                            AnErasedUnitTakesNewBytes, RefusesWhatIsNoEraseUnitAndChangesNothing,
                            RefusesProgramsAcrossAPageOrOfPartsOfUnits, RefusesWhatIsOutsideTheChipAndChangesNothing,
                            NoBytesAreFine, SyncsAtAnyTimeAndLosesNothing);

}  // namespace dualbank::tests
