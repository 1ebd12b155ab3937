// The second opinion by itself: the vectors and scenarios of the format's description.
#include <gtest/gtest.h>

#include <string>

#include "tests/second_opinion/flashes.hpp"

namespace second_opinion {
namespace {

Memory memory(const std::string& text) { return {text.begin(), text.end()}; }

std::string hex(const Memory& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char b : bytes) text += {kDigits[b >> 4], kDigits[b & 15]};
  return text;
}

TEST(SecondOpinionDigests, HaveTheirCheckValues) {
  EXPECT_EQ(record_crc(memory("123456789")), 0xD202D277u);
  EXPECT_EQ(record_crc({0, 0, 0, 0}), 0xFFFFFFFFu);
  EXPECT_EQ(record_crc({1, 0, 0, 0}), 0x4743989Au);
  EXPECT_EQ(record_crc({0xFE, 0xFF, 0xFF, 0xFF}), 0x99F8B879u);
  EXPECT_EQ(hex(md5(memory(""))), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(md5(memory("The quick brown fox jumps over the lazy dog"))), "9e107d9d372bb6826bd81d3542a419d6");
  EXPECT_EQ(hex(sha256(memory("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(Memory(1000000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(SecondOpinionTable, HasTheDigestOfTheDescription) {
  Memory row(32, 0);
  put_number(row, 0, 0x50AA | 0x30 << 16 | 0xEEu << 24);
  put_number(row, 4, 0x100400);
  put_number(row, 8, 0x300000);
  const Memory label = memory("first");
  std::copy(label.begin(), label.end(), row.begin() + 12);
  EXPECT_EQ(hex(md5(row)), "43033f334087575169839b4061b12726");
}

TEST(SecondOpinionImage, VerifiesWhatTheDescriptionTakesAndNothingElse) {
  const Place place{0x10000, 0x10000};
  const auto good = [&](ImageKind kind, bool c6) {
    Memory flash(0x40000, 0xFF);
    put_image(flash, place, kind, c6);
    return image_verifies(flash, place, c6 ? esp32c6() : esp32s3());
  };
  for (const bool c6 : {false, true}) {
    for (const ImageKind kind : {ImageKind::good, ImageKind::no_hash, ImageKind::two_segments})
      EXPECT_TRUE(good(kind, c6));
    for (const ImageKind kind : {ImageKind::no_descriptor, ImageKind::no_segment, ImageKind::bootloaders})
      EXPECT_EQ(good(kind, c6), !c6) << name_of(kind);
    for (const ImageKind kind : {ImageKind::empty, ImageKind::checksum, ImageKind::hash, ImageKind::other_chip,
                                 ImageKind::too_long, ImageKind::beyond_slot, ImageKind::many_segments,
                                 ImageKind::odd_length, ImageKind::mapping, ImageKind::torn, ImageKind::garbage})
      EXPECT_FALSE(good(kind, c6)) << name_of(kind);
  }
}

struct Scenario {
  const char* name;
  bool factory;
  bool rollback;
  RecordClass first;
  RecordClass second;
  int good;  ///< bit 0 ota_0, bit 1 ota_1, bit 2 factory
  int runs;
  int writes;
};

constexpr auto kBad = RecordClass::Crc::bad;
const RecordClass kBlank{};
RecordClass rec(std::uint32_t seq, std::uint32_t state = 0xFFFFFFFF, RecordClass::Crc crc = RecordClass::Crc::good) {
  return {seq, state, crc, false};
}

TEST(SecondOpinionBoot, GoesAsTheScenariosSay) {
  const std::vector<Scenario> scenarios{
      {"1", false, false, kBlank, kBlank, 1, 0, 1},
      {"2", false, false, kBlank, kBlank, 2, 1, 1},
      {"3", true, false, kBlank, kBlank, 5, kFactory, 0},
      {"4", true, false, kBlank, kBlank, 1, 0, 0},
      {"7", false, false, rec(2), rec(3), 2, 1, 0},
      {"8", true, false, rec(2), rec(3), 6, kFactory, 0},
      {"9", false, false, rec(1, 0xFFFFFFFF, kBad), kBlank, 3, 0, 0},
      {"10", false, false, rec(0), kBlank, 3, 1, 0},
      {"11", false, false, rec(2, 3), rec(1, 2), 3, 0, 0},
      {"12", false, false, rec(2, 4), rec(1, 4), 3, 0, 0},
      {"13", false, true, rec(1, 2), rec(2, 0), 3, 1, 1},
      {"13, second", false, true, rec(1, 2), rec(2, 1), 3, 0, 1},
      {"14", false, true, rec(1, 2), rec(2, 2), 3, 1, 0},
      {"15", false, true, rec(1, 2), rec(2, 0), 1, 0, 1},
      {"16", false, true, rec(1, 2), kBlank, 3, 0, 0},
      {"17", false, true, rec(4, 0), rec(4, 0), 3, 1, 1},
      {"17, second", false, true, rec(4, 1), rec(4, 0), 3, 1, 2},
  };
  for (const Scenario& s : scenarios) {
    SCOPED_TRACE(s.name);
    const Shape shape{.slots = 2, .factory = s.factory};
    Memory flash(shape.flash_size(), 0xFF);
    shape.put_table(flash);
    const Memory first = s.first.bytes();
    const Memory second = s.second.bytes();
    std::copy(first.begin(), first.end(), flash.begin() + shape.otadata_at());
    std::copy(second.begin(), second.end(), flash.begin() + shape.otadata_at() + 0x1000);
    const Table table = read_table(flash, shape.table_at, shape.flash_size());
    ASSERT_TRUE(table.ok);
    const Boot result =
        boot(flash, table, s.rollback, [&](const Place& p) { return (s.good >> (p.offset / 0x10000 - 1) & 1) != 0; });
    EXPECT_EQ(result.runs, s.runs);
    EXPECT_EQ(result.writes.size(), static_cast<std::size_t>(s.writes));
  }
}

}  // namespace
}  // namespace second_opinion
