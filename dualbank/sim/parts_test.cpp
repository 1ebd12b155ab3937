#include "dualbank/sim/parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

#include "dualbank/sim/nor_flash.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kKib = 1024;

template <class T, class Of>
std::set<T> values_of(Of of) {
  std::set<T> found;
  for (const Part& part : all_parts()) found.insert(of(part.geometry));
  return found;
}

TEST(Parts, AllAreSoundAndNamedOnce) {
  std::set<std::string_view> names;
  for (const Part& part : all_parts()) {
    EXPECT_TRUE(part.geometry.is_sound()) << part.name;
    EXPECT_TRUE(names.insert(part.name).second) << part.name;
  }
}

TEST(Parts, CoverEveryKindOfFlash) {
  using ::testing::IsSupersetOf;
  EXPECT_GE(all_parts().size(), 14u);
  EXPECT_THAT(values_of<std::uint32_t>([](const Geometry& g) { return g.sector_bytes() / kKib; }),
              IsSupersetOf({4u, 8u, 16u, 32u, 64u, 128u, 256u}));
  EXPECT_THAT(values_of<int>([](const Geometry& g) { return g.write_unit_bytes; }), IsSupersetOf({1, 2, 4, 8, 16, 32}));
  EXPECT_THAT(values_of<std::byte>([](const Geometry& g) { return g.erased; }),
              IsSupersetOf({std::byte{0}, std::byte{0xFF}}));
  std::set<int> written_once;
  for (const Part& part : all_parts()) {
    if (!part.geometry.can_reprogram) written_once.insert(part.geometry.write_unit_bytes);
  }
  EXPECT_THAT(written_once, IsSupersetOf({8, 16, 32}));
}

TEST(Parts, NamesWithoutFiguresSayWhatTheyAre) {
  for (const Part& part : all_parts()) {
    if (part.times.known()) continue;
    const Geometry& g = part.geometry;
    EXPECT_TRUE(part.name.starts_with("sector-" + std::to_string(g.sector_bytes() / kKib) + "k-")) << part.name;
    EXPECT_EQ(part.name.ends_with("-erased-00"), g.erased == std::byte{0}) << part.name;
    EXPECT_EQ(part.name.find("-ecc-") != part.name.npos || part.name.find("-encrypted-") != part.name.npos,
              !g.can_reprogram)
        << part.name;
    const std::string unit = "-" + std::to_string(g.write_unit_bytes);
    EXPECT_TRUE(g.write_unit_bytes == 1 || part.name.find(unit) != part.name.npos) << part.name;
  }
}

TEST(Parts, RealOnesHaveFiguresForEachEraseUnit) {
  int real = 0;
  for (const Part& part : all_parts()) {
    if (!part.times.known()) continue;
    ++real;
    for (std::uint32_t unit = 1; unit != 0; unit <<= 1) {
      if ((part.geometry.erase_units & unit) == 0) continue;
      const Duration time = part.times.of_erase(unit);
      EXPECT_GT(time.typical_us, 0u) << part.name << " " << unit;
      EXPECT_GT(time.maximum_us, time.typical_us) << part.name << " " << unit;
    }
    EXPECT_GE(part.times.page.maximum_us, part.times.page.typical_us) << part.name;
    EXPECT_LT(part.times.first_byte.typical_us, part.times.page.typical_us) << part.name;
    EXPECT_LT(part.times.first_byte.maximum_us, part.times.page.maximum_us) << part.name;
  }
  EXPECT_EQ(real, 5);
}

TEST(Parts, AreFoundByName) {
  for (const Part& part : all_parts()) EXPECT_EQ(find_part(part.name), &part);
  EXPECT_EQ(find_part("w25q128jv"), &w25q128jv());
  EXPECT_EQ(w25q128jv().geometry.size_bytes, 16u << 20);
  EXPECT_EQ(find_part("W25Q32JV"), &w25q32jv());
  EXPECT_EQ(w25q32jv().geometry.size_bytes, 4u << 20);
  EXPECT_EQ(find_part("W25Q32"), nullptr);
  EXPECT_EQ(find_part("W25Q32JVX"), nullptr);
  EXPECT_EQ(find_part(""), nullptr);
}

TEST(Parts, CanBeMadeSmaller) {
  const Part small = w25q32jv().with_size(0x8000);
  EXPECT_EQ(small.geometry.size_bytes, 0x8000u);
  EXPECT_EQ(small.geometry.erase_units, w25q32jv().geometry.erase_units);
  EXPECT_TRUE(small.times.known());
  EXPECT_EQ(sized(w25q32jv(), 0x8000).size_bytes, 0x8000u);
  EXPECT_THROW(static_cast<void>(w25q32jv().with_size(0x8100)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(w25q32jv().with_size(0)), std::invalid_argument);
}

TEST(Parts, EachWorksAsAFlash) {
  for (const Part& part : all_parts()) {
    const std::uint32_t sector = part.geometry.sector_bytes();
    NorFlash flash(part.with_size(2 * sector));
    const std::vector<std::byte> unit(part.geometry.write_unit_bytes, ~part.geometry.erased);
    EXPECT_EQ(flash.program(sector, unit), Status::ok) << part.name;
    EXPECT_EQ(flash.contents()[sector], ~part.geometry.erased) << part.name;
    EXPECT_EQ(flash.erase(sector, sector), Status::ok) << part.name;
    EXPECT_TRUE(all_equal(flash.contents(), part.geometry.erased)) << part.name;
    EXPECT_EQ(flash.elapsed().has_value(), part.times.known()) << part.name;
  }
}

}  // namespace
}  // namespace dualbank::sim
