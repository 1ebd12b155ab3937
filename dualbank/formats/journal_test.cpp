// Golden bytes of the journal, put together by hand as docs/FORMAT.md says.
#include "dualbank/formats/journal.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

TEST(JournalCell, StandsInFlashAsTheFormatSays) {
  const Cell cell{.kind = CellKind::intent, .a = 1, .b = 1, .c = 2, .d = 0xFFFFFFFF};
  const auto raw = cell.bytes();  // the last four: zlib's CRC-32 of the first twelve
  EXPECT_EQ(std::vector(raw.begin(), raw.end()),
            bytes({0x17, 1, 1, 0, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7C, 0x51, 0x87, 0xB1}));
}

TEST(JournalCell, GoldenErasedCell) {
  const auto raw = Cell{.kind = CellKind::erased}.bytes();
  EXPECT_EQ(std::vector(raw.begin(), raw.end()),
            bytes({0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0x67, 0x68, 0xEC}));
}

TEST(JournalCell, EveryKindComesBack) {
  for (int kind = 1; kind <= 11; ++kind) {
    const Cell cell{static_cast<CellKind>(kind), 3, 0x1234, 0x89ABCDEF, 0x01234567};
    const auto raw = cell.bytes();
    Cell back;
    ASSERT_EQ(Cell::parse(raw, back), CellForm::cell);
    EXPECT_EQ(back, cell);
  }
}

TEST(JournalCell, ErasedIsFreeAndAnythingTornIsBurnt) {
  Cell cell;
  const std::vector<std::byte> erased(16, std::byte{0xFF});
  EXPECT_EQ(Cell::parse(erased, cell), CellForm::free);
  const std::vector<std::byte> zeros(16, std::byte{0});
  EXPECT_EQ(Cell::parse(zeros, cell), CellForm::burnt);
  const auto whole = Cell{.kind = CellKind::firm, .c = 7}.bytes();
  for (std::size_t prefix = 1; prefix < 16; ++prefix) {
    std::vector<std::byte> torn(16, std::byte{0xFF});
    std::copy_n(whole.begin(), prefix, torn.begin());
    if (std::equal(torn.begin(), torn.end(), whole.begin())) continue;
    EXPECT_EQ(Cell::parse(torn, cell), CellForm::burnt) << prefix;
  }
  for (std::size_t bit = 0; bit < 128; ++bit) {
    std::vector<std::byte> flipped(whole.begin(), whole.end());
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_EQ(Cell::parse(flipped, cell), CellForm::burnt) << bit;
  }
}

std::vector<std::byte> sealed(int head) {
  std::vector<std::byte> raw = bytes({head, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  store_u32(raw, 12, crc32(Bytes{raw}.first(12)));
  return raw;
}

TEST(JournalCell, ANewerVersionIsToldApartFromDamage) {
  Cell cell;
  EXPECT_EQ(Cell::parse(sealed(0x21), cell), CellForm::newer);
  EXPECT_EQ(Cell::parse(sealed(0x1F), cell), CellForm::newer) << "a kind that this version does not know";
  EXPECT_EQ(Cell::parse(sealed(0x10), cell), CellForm::newer);
  EXPECT_EQ(Cell::parse(sealed(0x29), cell), CellForm::cell) << "doomed means the same in every version";
  EXPECT_EQ(cell.kind, CellKind::doomed);
}

TEST(JournalMap, ASlotOfTwoMiBIsFollowedSectorBySector) {
  const JournalMap map = JournalMap::for_slot(0x200000);
  EXPECT_EQ(map.granule_log2, 12U);
  EXPECT_EQ(map.granules, 512U);
  EXPECT_EQ(map.marks_offset, 0x800U);
  EXPECT_EQ(map.opened_offset, 0x7C0U);
  EXPECT_EQ(map.log_end, 0x7C0U);
}

TEST(JournalMap, LargerSlotsGetLargerGranules) {
  EXPECT_EQ(JournalMap::for_slot(768 * 0x1000).granule_log2, 12U);
  EXPECT_EQ(JournalMap::for_slot(769 * 0x1000).granule_log2, 13U);
  EXPECT_EQ(JournalMap::for_slot(769 * 0x1000).granules, 385U);
  EXPECT_EQ(JournalMap::for_slot(0x1000000).granule_log2, 15U);
}

TEST(JournalMap, ThePartsNeverOverlapAndLeaveRoomForTheLog) {
  for (std::uint32_t sectors = 1; sectors <= 0x10000; sectors = sectors < 2000 ? sectors + 1 : sectors * 2) {
    const JournalMap map = JournalMap::for_slot(sectors * 0x1000);
    EXPECT_LE(map.granules, kMostGranules);
    EXPECT_GE(map.granules << map.granule_log2, sectors * 0x1000);
    EXPECT_EQ(map.marks_offset + 4 * map.granules, kOtadataSectorBytes);
    EXPECT_GE((map.marks_offset - map.opened_offset) * 8, map.granules);
    EXPECT_LE(map.log_end, map.opened_offset);
    EXPECT_EQ((map.log_end - kLogOffset) % kCellBytes, 0U);
    EXPECT_GE((map.log_end - kLogOffset) / kCellBytes, 48U);
  }
}

TEST(JournalMark, NeverLooksErasedOrBurnt) {
  EXPECT_EQ(mark_of(0x12345678), 0x12345678U);
  EXPECT_NE(mark_of(kNoMark), kNoMark);
  EXPECT_NE(mark_of(kBurntMark), kBurntMark);
  EXPECT_NE(mark_of(kNoMark), kBurntMark);
  EXPECT_NE(mark_of(kBurntMark), kNoMark);
}

TEST(NativeCell, KindFifteenIsKnownInNativeRecordsOnly) {
  Cell cell;
  const auto raw = Cell{CellKind::native, static_cast<std::uint8_t>(NativeCell::opened), 7, 0, 0}.bytes();
  EXPECT_EQ(Cell::parse(raw, cell), CellForm::newer);
  ASSERT_EQ(Cell::parse_native(raw, std::byte{0xFF}, cell), CellForm::cell);
  EXPECT_EQ(cell, (Cell{CellKind::native, 3, 7, 0, 0}));
  EXPECT_EQ(std::to_integer<int>(raw[0]), 0x1F);
}

TEST(NativeCell, FreeIsAllErasedPaddingToo) {
  Cell cell;
  for (const std::byte erased : {std::byte{0xFF}, std::byte{0}}) {
    std::vector<std::byte> raw(32, erased);
    EXPECT_EQ(Cell::parse_native(raw, erased, cell), CellForm::free);
    EXPECT_EQ(Cell::parse_native(raw, ~erased, cell), CellForm::burnt);
    raw[31] = std::byte{0x55};
    EXPECT_EQ(Cell::parse_native(raw, erased, cell), CellForm::burnt);
  }
}

TEST(NativeLog, IsCutUpByUnitAndSector) {
  const NativeLog plain = NativeLog::of(0x1000, 8);
  EXPECT_EQ(plain.cell_bytes, 16U);
  EXPECT_EQ(plain.frames(), 63U);
  EXPECT_EQ(plain.last_cell, 0xFF0U);
  const NativeLog wide = NativeLog::of(0x1000, 32);
  EXPECT_EQ(wide.cell_bytes, 32U);
  EXPECT_EQ(wide.frames(), 31U);
  EXPECT_EQ(wide.last_cell, 0xFE0U);
  const NativeLog large = NativeLog::of(0x40000, 4);
  EXPECT_EQ(large.log_bytes, kMostNativeLogBytes);
  EXPECT_EQ(large.last_cell, 0x3FFF0U);
}

TEST(NativeLog, TwoCellsForEachGranuleTakeAtMostHalfOfTheLog) {
  for (const std::uint32_t unit : {1U, 16U, 32U}) {
    for (const std::uint32_t sector : {0x80U, 0x800U, 0x1000U, 0x2000U, 0x20000U, 0x40000U}) {
      const NativeLog log = NativeLog::of(sector > 0x1000 ? sector : 0x1000, unit);
      for (const std::uint32_t slot : {0x40000U, 0x180000U, 0x1000000U}) {
        const JournalMap map = log.map_of(sector, slot);
        EXPECT_GE(1U << map.granule_log2, sector);
        EXPECT_GE(map.granules << map.granule_log2, slot);
        EXPECT_LE(map.granules * 4, log.frames() * 3);
        EXPECT_LE(map.granules, kMostGranules);
        const bool smallest = 1U << map.granule_log2 == sector || map.granules * 8 > log.frames() * 3;
        EXPECT_TRUE(smallest) << sector << " " << slot;
      }
    }
  }
}

}  // namespace
}  // namespace dualbank
