#include "dualbank/formats/otadata.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace dualbank {
namespace {

struct CrcVector {
  std::uint32_t seq;
  std::uint32_t crc;
  std::array<std::uint8_t, 4> in_flash;
};

// As computed by a program of its own, not by the code here.
constexpr CrcVector kCrcs[] = {
    {0, 0xFFFFFFFF, {0xFF, 0xFF, 0xFF, 0xFF}},          {1, 0x4743989A, {0x9A, 0x98, 0x43, 0x47}},
    {2, 0x55F63774, {0x74, 0x37, 0xF6, 0x55}},          {3, 0xED4A5011, {0x11, 0x50, 0x4A, 0xED}},
    {4, 0x709D68A8, {0xA8, 0x68, 0x9D, 0x70}},          {5, 0xC8210FCD, {0xCD, 0x0F, 0x21, 0xC8}},
    {6, 0xDA94A023, {0x23, 0xA0, 0x94, 0xDA}},          {7, 0x6228C746, {0x46, 0xC7, 0x28, 0x62}},
    {8, 0x3A4BD710, {0x10, 0xD7, 0x4B, 0x3A}},          {9, 0x82F7B075, {0x75, 0xB0, 0xF7, 0x82}},
    {10, 0x90421F9B, {0x9B, 0x1F, 0x42, 0x90}},         {255, 0x21FAF90E, {0x0E, 0xF9, 0xFA, 0x21}},
    {256, 0xFE3D95C8, {0xC8, 0x95, 0x3D, 0xFE}},        {0x7FFFFFFF, 0xCCFC5C3C, {0x3C, 0x5C, 0xFC, 0xCC}},
    {0xFFFFFFFE, 0x99F8B879, {0x79, 0xB8, 0xF8, 0x99}}, {0xFFFFFFFF, 0x2144DF1C, {0x1C, 0xDF, 0x44, 0x21}},
};

using Raw = std::array<std::uint8_t, kBootRecordBytes>;

Raw raw_record(std::array<std::uint8_t, 4> seq, std::array<std::uint8_t, 4> state, std::array<std::uint8_t, 4> crc) {
  Raw raw;
  raw.fill(0xFF);
  std::memcpy(raw.data(), seq.data(), 4);
  std::memcpy(raw.data() + 24, state.data(), 4);
  std::memcpy(raw.data() + 28, crc.data(), 4);
  return raw;
}

Raw bytes_of(const BootRecord& record) {
  const auto bytes = record.bytes();
  Raw raw;
  std::memcpy(raw.data(), bytes.data(), raw.size());
  return raw;
}

BootRecord parse(const Raw& raw) { return BootRecord::parse(std::as_bytes(std::span{raw})); }

const BootRecord kBlank{};

TEST(BootRecord, CrcHasTheKnownValues) {
  for (const CrcVector& v : kCrcs) EXPECT_EQ(boot_record_crc(v.seq), v.crc) << v.seq;
}

TEST(BootRecord, CrcStandsInFlashWithItsLowByteFirst) {
  for (const CrcVector& v : kCrcs) {
    const Raw raw = bytes_of(BootRecord::make(v.seq, RecordState::valid));
    EXPECT_EQ(0, std::memcmp(raw.data() + 28, v.in_flash.data(), 4)) << v.seq;
  }
}

TEST(BootRecord, IsWrittenAsTheVendorsSamples) {
  EXPECT_EQ(bytes_of(BootRecord::make(1, RecordState::valid)),
            raw_record({1, 0, 0, 0}, {2, 0, 0, 0}, {0x9A, 0x98, 0x43, 0x47}));
  EXPECT_EQ(bytes_of(BootRecord::make(2, RecordState::undefined)),
            raw_record({2, 0, 0, 0}, {0xFF, 0xFF, 0xFF, 0xFF}, {0x74, 0x37, 0xF6, 0x55}));
  EXPECT_EQ(bytes_of(BootRecord::make(3, RecordState::fresh)),
            raw_record({3, 0, 0, 0}, {0, 0, 0, 0}, {0x11, 0x50, 0x4A, 0xED}));
}

TEST(BootRecord, ReadsEachFieldFromItsPlace) {
  Raw raw;
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::uint8_t>(0x10 + i);
  const BootRecord record = parse(raw);
  EXPECT_EQ(record.seq, 0x13121110U);
  EXPECT_EQ(static_cast<std::uint32_t>(record.state), 0x2B2A2928U);
  EXPECT_EQ(record.crc, 0x2F2E2D2CU);
}

TEST(BootRecord, DoesNotLookAtTheLabel) {
  Raw raw = raw_record({2, 0, 0, 0}, {2, 0, 0, 0}, {0x74, 0x37, 0xF6, 0x55});
  for (std::size_t i = 4; i < 24; ++i) raw[i] = 'x';
  EXPECT_EQ(parse(raw), BootRecord::make(2, RecordState::valid));
}

TEST(BootRecord, KeepsAnUnknownStateThroughReadingAndWriting) {
  const Raw raw = raw_record({2, 0, 0, 0}, {0x2A, 1, 2, 3}, {0x74, 0x37, 0xF6, 0x55});
  EXPECT_EQ(bytes_of(parse(raw)), raw);
}

TEST(BootRecord, ErasedFlashIsTheBlankRecord) {
  Raw raw;
  raw.fill(0xFF);
  EXPECT_EQ(parse(raw), kBlank);
  EXPECT_EQ(bytes_of(kBlank), raw);
}

struct Judged {
  const char* what;
  BootRecord record;
  bool crc_good, rejected, usable, initial;
};

TEST(BootRecord, IsJudgedAsBootloaderAndAppDo) {
  const auto good = [](std::uint32_t seq, RecordState state) { return BootRecord::make(seq, state); };
  const auto bad_crc = [](std::uint32_t seq, RecordState state) {
    return BootRecord{seq, state, boot_record_crc(seq) ^ 1U};
  };
  const Judged rows[] = {
      {"blank", kBlank, false, true, false, true},
      {"new", good(7, RecordState::fresh), true, false, true, false},
      {"pending", good(7, RecordState::pending_verify), true, false, true, false},
      {"valid", good(7, RecordState::valid), true, false, true, false},
      {"undefined", good(7, RecordState::undefined), true, false, true, false},
      {"a state of no name", good(7, static_cast<RecordState>(5)), true, false, true, false},
      {"invalid", good(7, RecordState::invalid), true, true, false, false},
      {"aborted", good(7, RecordState::aborted), true, true, false, false},
      {"bad crc is not rejected", bad_crc(7, RecordState::undefined), false, false, false, true},
      {"bad crc, invalid", bad_crc(7, RecordState::invalid), false, true, false, true},
      {"erased seq with the crc of it", good(kBlankSeq, RecordState::valid), true, true, false, true},
      {"seq 0 in an erased record", {0, RecordState::undefined, 0xFFFFFFFF}, true, false, true, false},
      {"seq 0 with another crc", {0, RecordState::undefined, 0}, false, false, false, true},
      {"highest seq", good(kHighestSeq, RecordState::valid), true, false, true, false},
  };
  for (const Judged& row : rows) {
    EXPECT_EQ(row.record.crc_good(), row.crc_good) << row.what;
    EXPECT_EQ(row.record.rejected(), row.rejected) << row.what;
    EXPECT_EQ(row.record.usable(), row.usable) << row.what;
    EXPECT_EQ(row.record.initial(), row.initial) << row.what;
  }
}

TEST(BootRecord, AnyFlippedBitOfSeqOrCrcMakesItUnusable) {
  const Raw sound = bytes_of(BootRecord::make(5, RecordState::valid));
  for (std::size_t bit = 0; bit < 64; ++bit) {
    Raw raw = sound;
    const std::size_t at = bit < 32 ? bit / 8 : 28 + (bit - 32) / 8;
    raw[at] = static_cast<std::uint8_t>(raw[at] ^ 1U << (bit % 8));
    EXPECT_FALSE(parse(raw).usable()) << bit;
  }
}

TEST(ActiveRecord, IsTheUsableOneWithTheLargerSeqAndTheFirstOnATie) {
  const auto valid = [](std::uint32_t seq) { return BootRecord::make(seq, RecordState::valid); };
  const auto rejected = [](std::uint32_t seq) { return BootRecord::make(seq, RecordState::invalid); };
  const BootRecord broken{9, RecordState::valid, 0};
  EXPECT_EQ(active_record({kBlank, kBlank}), -1);
  EXPECT_EQ(active_record({valid(1), kBlank}), 0);
  EXPECT_EQ(active_record({kBlank, valid(1)}), 1);
  EXPECT_EQ(active_record({valid(2), valid(3)}), 1);
  EXPECT_EQ(active_record({valid(4), valid(3)}), 0);
  EXPECT_EQ(active_record({valid(4), valid(4)}), 0);
  EXPECT_EQ(active_record({valid(1), broken}), 0);
  EXPECT_EQ(active_record({broken, valid(1)}), 1);
  EXPECT_EQ(active_record({broken, kBlank}), -1);
  EXPECT_EQ(active_record({valid(1), rejected(2)}), 0);
  EXPECT_EQ(active_record({rejected(2), valid(1)}), 1);
  EXPECT_EQ(active_record({rejected(1), rejected(2)}), -1);
}

TEST(ActiveRecord, ComparesWithoutSignAndWithoutWrap) {
  const auto valid = [](std::uint32_t seq) { return BootRecord::make(seq, RecordState::valid); };
  EXPECT_EQ(active_record({valid(0x7FFFFFFF), valid(0x80000000)}), 1);
  EXPECT_EQ(active_record({valid(kHighestSeq), valid(1)}), 0);
  EXPECT_EQ(active_record({BootRecord{0, RecordState::undefined, 0xFFFFFFFF}, kBlank}), 0);
}

TEST(SlotOfSeq, CountsRoundFromOne) {
  for (std::uint32_t count = 1; count <= 16; ++count) {
    for (std::uint32_t seq = 1; seq < 200; ++seq) {
      ASSERT_EQ(static_cast<std::uint32_t>(slot_of_seq(seq, count)), (seq - 1) % count) << seq << " of " << count;
    }
    for (const std::uint32_t seq : {0x7FFFFFFFU, 0x80000000U, 0xDEADBEEFU, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
      ASSERT_EQ(static_cast<std::uint32_t>(slot_of_seq(seq, count)), (seq - 1) % count) << seq << " of " << count;
    }
  }
}

TEST(SlotOfSeq, OfZeroWrapsAround) {
  EXPECT_EQ(slot_of_seq(0, 1), 0);
  EXPECT_EQ(slot_of_seq(0, 2), 1);
  EXPECT_EQ(slot_of_seq(0, 3), 0);
  EXPECT_EQ(slot_of_seq(0, 4), 3);
  EXPECT_EQ(slot_of_seq(0, 5), 0);
  EXPECT_EQ(slot_of_seq(0, 16), 15);
}

// What a device's app writes, choice after choice: the record that is not active gets the next number.
std::vector<std::array<std::uint32_t, 2>> choices(std::uint32_t slot_count, const std::vector<SlotIndex>& slots) {
  BootRecords records{};
  std::vector<std::array<std::uint32_t, 2>> seen;
  for (const SlotIndex slot : slots) {
    const int active = active_record(records);
    const std::uint32_t above = active < 0 ? kBlankSeq : records[static_cast<std::size_t>(active)].seq;
    records[active == 0 ? 1 : 0] = BootRecord::make(next_seq(above, slot, slot_count), RecordState::undefined);
    seen.push_back({records[0].seq, records[1].seq});
  }
  return seen;
}

TEST(NextSeq, GivesTheSequencesOfTheVendorsApp) {
  using Pairs = std::vector<std::array<std::uint32_t, 2>>;
  constexpr std::uint32_t kNone = kBlankSeq;
  EXPECT_EQ(choices(2, {1, 0, 1, 0}), (Pairs{{2, kNone}, {2, 3}, {4, 3}, {4, 5}}));
  EXPECT_EQ(choices(3, {1, 2, 0, 2, 0}), (Pairs{{2, kNone}, {2, 3}, {4, 3}, {4, 6}, {7, 6}}));
  EXPECT_EQ(choices(4, {3, 1, 0, 2}), (Pairs{{4, kNone}, {4, 6}, {9, 6}, {9, 11}}));
}

TEST(NextSeq, WithoutARecordIsTheSmallestOfTheSlot) {
  for (SlotIndex slot = 0; slot < kMaxSlots; ++slot) {
    EXPECT_EQ(next_seq(kBlankSeq, slot, 16), static_cast<std::uint32_t>(slot) + 1);
  }
}

TEST(NextSeq, IsTheSmallestOneAboveThatNamesTheSlot) {
  const auto by_search = [](std::uint32_t above, SlotIndex slot, std::uint32_t count) {
    std::uint32_t seq = above + 1;
    while (slot_of_seq(seq, count) != slot) ++seq;
    return seq;
  };
  for (std::uint32_t count = 1; count <= 16; ++count) {
    for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(count); ++slot) {
      for (std::uint32_t above = 0; above < 70; ++above) {
        ASSERT_EQ(next_seq(above, slot, count), by_search(above, slot, count)) << above << " " << int{slot};
      }
      for (const std::uint32_t above : {0x7FFFFFFEU, 0x7FFFFFFFU, 0x80000001U, 0xFFFFFF00U}) {
        ASSERT_EQ(next_seq(above, slot, count), by_search(above, slot, count)) << above << " " << int{slot};
      }
    }
  }
}

TEST(NextSeq, SaysSoAtTheTopInsteadOfWrapping) {
  // Two slots: FFFFFFFE names slot 1, and the next number of slot 0 would be FFFFFFFF, which is blank.
  EXPECT_EQ(next_seq(kHighestSeq, 0, 2), kBlankSeq);
  EXPECT_EQ(next_seq(kHighestSeq, 1, 2), kBlankSeq);
  EXPECT_EQ(next_seq(0xFFFFFFFD, 1, 2), kHighestSeq);
  EXPECT_EQ(next_seq(0xFFFFFFFC, 0, 2), 0xFFFFFFFDU);
  EXPECT_EQ(next_seq(kHighestSeq, 5, 16), kBlankSeq);
  EXPECT_EQ(next_seq(0xFFFFFFF1, 15, 16), kBlankSeq);  // would be 2^32, which is 0
  EXPECT_EQ(next_seq(kHighestSeq, 0, 1), kBlankSeq);
  EXPECT_EQ(next_seq(0xFFFFFFFD, 0, 1), kHighestSeq);
}

TEST(StateName, IsTheVendorsWordInLowerCase) {
  EXPECT_STREQ(state_name(RecordState::fresh), "new");
  EXPECT_STREQ(state_name(RecordState::pending_verify), "pending_verify");
  EXPECT_STREQ(state_name(RecordState::valid), "valid");
  EXPECT_STREQ(state_name(RecordState::invalid), "invalid");
  EXPECT_STREQ(state_name(RecordState::aborted), "aborted");
  EXPECT_STREQ(state_name(RecordState::undefined), "undefined");
  EXPECT_STREQ(state_name(static_cast<RecordState>(5)), "unknown");
}

}  // namespace
}  // namespace dualbank
