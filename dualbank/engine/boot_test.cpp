#include "dualbank/engine/boot.hpp"

#include <gtest/gtest.h>

#include "tests/support/boot_board.hpp"

namespace dualbank::tests {
namespace {

// ---- records and inputs

TEST_F(BootTest, ReadsBothRecordsFromTheirSectors) {
  put_record(0, record_bytes(1, 2, kCrc1));
  put_record(1, record_bytes(2, 0, 0x1234'5678));
  const auto records = read_boot_records(flash_, layout_);
  ASSERT_TRUE(records.has_value());
  EXPECT_EQ((*records)[0], (BootRecord{1, RecordState::valid, kCrc1}));
  EXPECT_EQ((*records)[1], (BootRecord{2, RecordState::fresh, 0x1234'5678}));
  flash_.fail_read_at(1, Status::flash_timeout);
  EXPECT_EQ(read_boot_records(flash_, layout_).error().code, Status::flash_timeout);
}

TEST_F(BootTest, GathersWhichSlotsAreGood) {
  add_factory();
  add_test();
  install(0, ImageBuilder().chip(kS3).build());
  install(1, ImageBuilder().chip(kS3).wrong_checksum().no_hash().build());
  install(kTestSlot, ImageBuilder().chip(kS3).build());
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  auto in = gather_boot_inputs(flash_, layout_, settings_, buffer_);
  ASSERT_TRUE(in.has_value());
  EXPECT_TRUE(in->has_otadata);
  EXPECT_TRUE(in->otadata_readable);
  EXPECT_EQ(in->slot_count, 2);
  EXPECT_EQ(in->good_slots, 0b01);
  EXPECT_TRUE(in->has_factory);
  EXPECT_FALSE(in->good_factory);
  EXPECT_TRUE(in->good_test);
  EXPECT_EQ(in->records[1].seq, 2u);
  install(kFactorySlot, ImageBuilder().chip(kS3).build());
  layout_.test = {};
  in = gather_boot_inputs(flash_, layout_, settings_, buffer_);
  EXPECT_TRUE(in->good_factory);
  EXPECT_FALSE(in->good_test);
}

TEST_F(BootTest, AnImageTheVendorBootsIsGoodThoughASwitchOfOursRefusesIt) {
  install(0, ImageBuilder().chip(kS3).no_hash().no_descriptor().build());
  EXPECT_EQ(gather_boot_inputs(flash_, layout_, settings_, buffer_)->good_slots, 0b01);
}

TEST_F(BootTest, WithoutOtadataOrWithOneTooSmallItIsNotRead) {
  layout_.otadata = {0xE000, 0x1000};
  auto in = gather_boot_inputs(flash_, layout_, settings_, buffer_);
  ASSERT_TRUE(in.has_value());
  EXPECT_TRUE(in->has_otadata);
  EXPECT_FALSE(in->otadata_readable);
  layout_.otadata = {};
  in = gather_boot_inputs(flash_, layout_, settings_, buffer_);
  EXPECT_FALSE(in->has_otadata);
}

TEST_F(BootTest, UnderAntiRollbackTheVersionsAreRead) {
  add_factory();
  settings_ = {.policy = Policy::stock_rollback, .chip_id = kS3, .anti_rollback = true, .lowest_secure_version = 3};
  install(0, ImageBuilder().chip(kS3).secure_version(3).build());
  install(1, ImageBuilder().chip(kS3).secure_version(7).wrong_hash().build());
  install(kFactorySlot, ImageBuilder().chip(kS3).no_descriptor().build());
  const auto in = gather_boot_inputs(flash_, layout_, settings_, buffer_);
  ASSERT_TRUE(in.has_value());
  EXPECT_TRUE(in->anti_rollback);
  EXPECT_EQ(in->lowest_secure_version, 3u);
  EXPECT_EQ(in->described_slots, 0b11);
  EXPECT_EQ(in->secure_versions[0], 3u);
  EXPECT_EQ(in->secure_versions[1], 7u);
  EXPECT_EQ(in->good_slots, 0b01);
  EXPECT_FALSE(in->good_factory);
}

TEST_F(BootTest, UnderAntiRollbackSlotsTooSmallForADescriptorHaveNone) {
  settings_.anti_rollback = true;
  layout_.slots[1].size_bytes = 0x100;
  install(0, ImageBuilder().chip(kS3).build());
  EXPECT_EQ(gather_boot_inputs(flash_, layout_, settings_, buffer_)->described_slots, 0b01);
}

TEST_F(BootTest, AFlashThatFailsAnywhereIsTheErrorOfGatheringAndPredicting) {
  add_factory();
  add_test();
  settings_.anti_rollback = true;
  install(1, ImageBuilder().chip(kS3).build());
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  flash_.forget();
  ASSERT_TRUE(gather_boot_inputs(flash_, layout_, settings_, buffer_).has_value());
  const auto gather_reads = static_cast<std::uint32_t>(flash_.counts().reads);
  for (std::uint32_t i = 0; i < gather_reads; ++i) {
    flash_.fail_read_at(i, Status::flash_timeout);
    ASSERT_EQ(gather_boot_inputs(flash_, layout_, settings_, buffer_).error().code, Status::flash_timeout) << i;
  }
  flash_.forget();
  (void)predict();
  const auto predict_reads = static_cast<std::uint32_t>(flash_.counts().reads);
  for (std::uint32_t i = 0; i < predict_reads; ++i) {
    flash_.fail_read_at(i, Status::flash_timeout);
    ASSERT_EQ(predict_boot(flash_, layout_, settings_, buffer_).error().code, Status::flash_timeout) << i;
  }
}

// ---- predicting and booting

TEST_F(BootTest, PredictsWhatGatheredInputsDecideInEveryMixOfGoodAndBadImages) {
  add_factory();
  add_test();
  layout_.slot_count = 3;
  layout_.slots[2] = {0x5'0000, kSlotBytes};
  const auto good = ImageBuilder().chip(kS3).build();
  auto damaged = good;
  flip_bit(damaged, 8 * 400);
  constexpr std::array<SlotIndex, 5> kPlaces{0, 1, 2, kFactorySlot, kTestSlot};
  for (unsigned mix = 0; mix < 32; ++mix) {
    for (std::size_t i = 0; i < kPlaces.size(); ++i) install(kPlaces[i], (mix >> i & 1) != 0 ? good : damaged);
    for (const auto& bytes : {record_bytes(2, 0, kCrc2), record_bytes(2, 0, 0), ByteVector(32, std::byte{0xFF})}) {
      put_record(1, bytes);
      for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
        settings_.policy = policy;
        const auto gathered = gather_boot_inputs(flash_, layout_, settings_, buffer_);
        ASSERT_TRUE(gathered.has_value());
        const BootDecision expected = decide_boot(*gathered, policy);
        const BootDecision found = predict();
        ASSERT_EQ(found.slot, expected.slot) << mix;
        ASSERT_EQ(found.chosen, expected.chosen) << mix;
        ASSERT_EQ(found.reason, expected.reason) << mix;
        ASSERT_EQ(found.records_after(gathered->records), expected.records_after(gathered->records)) << mix;
      }
    }
  }
}

TEST_F(BootTest, PredictingVerifiesNoMoreSlotsThanABootWould) {
  const auto image = ImageBuilder().chip(kS3).length(0x2000).build();
  install(0, image);
  install(1, image);
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  flash_.forget();
  EXPECT_EQ(predict().slot, 1);
  EXPECT_EQ(flash_.counts().bytes_read, image.size() + 64);
  EXPECT_EQ(flash_.counts().operations(), 0u);
}

TEST_F(BootTest, FirstBootOfAFreshBoardWritesTheVendorsRecord) {
  install(0, ImageBuilder().chip(kS3).build());
  boot();
  EXPECT_EQ(record(0), record_bytes(1, 2, kCrc1));
  EXPECT_EQ(record(1), ByteVector(32, std::byte{0xFF}));
  EXPECT_EQ(predict().reason, BootReason::active_record);
}

TEST_F(BootTest, ATrialRunsThroughItsStatesInFlash) {
  settings_.policy = Policy::stock_rollback;
  const auto image = ImageBuilder().chip(kS3).build();
  install(0, image);
  install(1, image);
  put_record(0, record_bytes(1, 2, kCrc1));
  put_record(1, record_bytes(2, 0, kCrc2));
  boot();
  EXPECT_EQ(record(1), record_bytes(2, 1, kCrc2));
  boot();
  EXPECT_EQ(record(1), record_bytes(2, 4, kCrc2));
  EXPECT_EQ(record(0), record_bytes(1, 2, kCrc1));
  EXPECT_EQ(predict().slot, 0);
}

TEST_F(BootTest, AChangedStateKeepsTheLabelAndARepairWritesAFreshOne) {
  settings_.policy = Policy::stock_rollback;
  auto labelled = record_bytes(2, 0, kCrc2);
  for (std::size_t i = 4; i < 24; ++i) labelled[i] = static_cast<std::byte>(i);
  install(1, ImageBuilder().chip(kS3).build());
  put_record(1, labelled);
  boot();
  store_u32(labelled, 24, 1);
  EXPECT_EQ(record(1), labelled);

  store_u32(labelled, 28, 0);
  store_u32(labelled, 24, kUndefined);
  put_record(0, labelled);
  put_record(1, ByteVector(32, std::byte{0xFF}));
  settings_.anti_rollback = true;  // repairs damaged records too
  boot();
  EXPECT_EQ(record(0), record_bytes(2, 2, kCrc2));
}

TEST_F(BootTest, AWriteTakesItsWholeSectorAndNoOther) {
  flash_.put(0xE020, ByteVector(0xFE0, std::byte{0}));
  flash_.put(0xD000, ByteVector(0x1000, std::byte{0}));
  flash_.put(0xF020, ByteVector(0xFE0, std::byte{0}));
  install(0, ImageBuilder().chip(kS3).build());
  boot();
  EXPECT_TRUE(all_equal(flash_.contents().subspan(0xE020, 0xFE0), std::byte{0xFF}));
  EXPECT_TRUE(all_equal(flash_.contents().subspan(0xD000, 0x1000), std::byte{0}));
  EXPECT_TRUE(all_equal(flash_.contents().subspan(0xF020, 0xFE0), std::byte{0}));
  EXPECT_EQ(flash_.counts().erases, 1u);
  EXPECT_EQ(flash_.counts().programs, 1u);
  EXPECT_EQ(flash_.counts().syncs, 1u);
}

TEST_F(BootTest, ADecisionWithoutWritesTouchesNothing) {
  install(0, ImageBuilder().chip(kS3).build());
  put_record(0, record_bytes(1, 2, kCrc1));
  const auto decision = predict();
  flash_.forget();
  EXPECT_EQ(perform_boot_writes(flash_, layout_, decision), Status::ok);
  EXPECT_EQ(flash_.counts().operations() + flash_.counts().reads + flash_.counts().syncs, 0u);
}

TEST_F(BootTest, AFailingWriteIsReported) {
  install(0, ImageBuilder().chip(kS3).build());
  const auto decision = predict();
  flash_.fail_at(0, Status::flash_erase_failed);
  EXPECT_EQ(perform_boot_writes(flash_, layout_, decision), Status::flash_erase_failed);
  flash_.fail_at(1, Status::flash_program_failed);
  EXPECT_EQ(perform_boot_writes(flash_, layout_, decision), Status::flash_program_failed);
  flash_.fail_read_at(0, Status::flash_timeout);
  EXPECT_EQ(perform_boot_writes(flash_, layout_, decision), Status::flash_timeout);
}

class SmallUnits : public BootTest {
 protected:
  SmallUnits() : BootTest({.size_bytes = 0x6'0000, .erase_units = 0x400, .page_bytes = 16, .write_unit_bytes = 4}) {}
};

TEST_F(SmallUnits, SectorsBelow4KiBAreErasedOneByOneAndPagesKept) {
  flash_.put(0xE000, ByteVector(0x1000, std::byte{0}));
  install(0, ImageBuilder().chip(kS3).build());
  settings_.anti_rollback = true;
  put_record(0, record_bytes(9, 2, 0));
  boot();
  EXPECT_EQ(record(0), record_bytes(1, 2, kCrc1));
  EXPECT_TRUE(all_equal(flash_.contents().subspan(0xE020, 0xFE0), std::byte{0xFF}));
  EXPECT_EQ(flash_.counts().erases, 4u);
  EXPECT_TRUE(flash_.violations().empty());
}

class LargeUnits : public BootTest {
 protected:
  LargeUnits() : BootTest({.size_bytes = 0x6'0000, .erase_units = 0x2000}) {}
};

TEST_F(LargeUnits, UnitsAbove4KiBCannotHoldTheRecords) {
  install(0, ImageBuilder().chip(kS3).build());
  EXPECT_EQ(perform_boot_writes(flash_, layout_, predict()), Status::flash_geometry);
  EXPECT_EQ(flash_.counts().operations(), 0u);
}

}  // namespace
}  // namespace dualbank::tests
