#include "dualbank/sim/models/vendor_ota.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dualbank/sim/firmware_image.hpp"
#include "tests/support/model_losses.hpp"

namespace dualbank::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kUndefined = RecordState::undefined;

/// N slots of a page each with an image in it; no factory app.
class Records {
 public:
  explicit Records(std::uint8_t slots) : flash({.size_bytes = 0x2000 + slots * 0x1000U}) {
    layout.otadata = {0, 0x2000};
    layout.slot_count = slots;
    for (std::uint8_t i = 0; i < slots; ++i) {
      layout.slots[i] = {0x2000 + i * 0x1000U, 0x1000};
      flash.put(layout.slots[i].offset, firmware_image("1", 512));
    }
  }
  Records& put(int record, std::uint32_t seq, RecordState state) {
    flash.put(static_cast<std::uint32_t>(record) * 0x1000, BootRecord::make(seq, state).bytes());
    return *this;
  }
  Status set(SlotIndex slot, VendorGeneration generation, RecordState state = kUndefined) {
    return vendor_set_boot(flash, layout, slot, state, generation);
  }
  [[nodiscard]] BootRecord at(std::uint32_t record) const {
    return BootRecord::parse(flash.contents().subspan(record * 0x1000, 32));
  }
  /// kBlankSeq where nothing usable stands.
  [[nodiscard]] std::array<std::uint32_t, 2> seqs() const {
    return {at(0).usable() ? at(0).seq : kBlankSeq, at(1).usable() ? at(1).seq : kBlankSeq};
  }

  NorFlash flash;
  Layout layout;
};

constexpr std::uint32_t kNone = kBlankSeq;
constexpr auto kOld = VendorGeneration::up_to_5_5;
constexpr auto kNew = VendorGeneration::from_6_0;

std::vector<std::array<std::uint32_t, 2>> seqs_after(std::uint8_t slots, std::initializer_list<int> chosen,
                                                     VendorGeneration generation) {
  Records records(slots);
  std::vector<std::array<std::uint32_t, 2>> found;
  for (const int slot : chosen) {
    EXPECT_EQ(records.set(static_cast<SlotIndex>(slot), generation), Status::ok);
    found.push_back(records.seqs());
  }
  EXPECT_THAT(records.flash.violations(), IsEmpty());
  return found;
}

using Seqs = std::array<std::uint32_t, 2>;

TEST(VendorSetBoot, TwoSlotsFromBlank) {
  EXPECT_THAT(seqs_after(2, {1, 0, 1, 1, 0}, kNew),
              ElementsAre(Seqs{2, kNone}, Seqs{2, 3}, Seqs{4, 3}, Seqs{4, 3}, Seqs{4, 5}));
  EXPECT_THAT(seqs_after(2, {1, 0, 1, 1, 0}, kOld),
              ElementsAre(Seqs{2, kNone}, Seqs{2, 3}, Seqs{4, 3}, Seqs{4, 4}, Seqs{4, 5}));
}

TEST(VendorSetBoot, MoreSlotsFromBlank) {
  EXPECT_THAT(seqs_after(3, {1, 2, 0, 2, 0}, kNew),
              ElementsAre(Seqs{2, kNone}, Seqs{2, 3}, Seqs{4, 3}, Seqs{4, 6}, Seqs{7, 6}));
  EXPECT_THAT(seqs_after(4, {3, 1, 0, 2}, kNew), ElementsAre(Seqs{4, kNone}, Seqs{4, 6}, Seqs{9, 6}, Seqs{9, 11}));
}

TEST(VendorSetBoot, TheSameSlotAgainIsInPlaceOrATie) {
  for (const auto generation : {kOld, kNew}) {
    Records records(2);
    records.put(0, 3, RecordState::valid).put(1, 2, RecordState::valid);
    ASSERT_EQ(records.set(0, generation), Status::ok);
    const std::uint32_t address = generation == kNew ? 0 : 0x1000;
    EXPECT_THAT(records.flash.log(), ElementsAre(Op{OpKind::erase, address, 0x1000}, Op{OpKind::program, address, 32}));
    EXPECT_EQ(records.seqs(), generation == kNew ? (Seqs{3, 2}) : (Seqs{3, 3}));
  }
}

TEST(VendorSetBoot, InPlaceTheNumberStaysWhateverItIs) {
  Records records(3);
  records.put(0, 0, RecordState::valid).put(1, kBlankSeq, RecordState::undefined);
  ASSERT_EQ(records.set(0, kNew), Status::ok);
  EXPECT_EQ(records.seqs(), (Seqs{0, kBlankSeq}));
}

TEST(VendorSetBoot, KeepsTheLabelAndWritesTheState) {
  Records records(2);
  records.put(0, 1, RecordState::valid);
  const std::vector<std::byte> label(20, std::byte{0x42});
  records.flash.put(0x1004, label);
  ASSERT_EQ(records.set(1, kNew, RecordState::fresh), Status::ok);
  EXPECT_EQ(records.at(1), BootRecord::make(2, RecordState::fresh));
  EXPECT_TRUE(all_equal(records.flash.contents().subspan(0x1004, 20), std::byte{0x42}));
}

TEST(VendorSetBoot, RefusesAnImageThatDoesNotVerify) {
  Records records(2);
  records.flash.put(0x3180, std::vector<std::byte>(1, ~records.flash.contents()[0x3180]));
  EXPECT_NE(records.set(1, kNew), Status::ok);
  EXPECT_THAT(records.flash.log(), IsEmpty());
}

TEST(VendorConfirm, RewritesTheActiveRecordInPlaceWhateverItsState) {
  for (const auto state : {kUndefined, RecordState::fresh, RecordState::pending_verify}) {
    Records records(2);
    records.put(0, 1, RecordState::valid).put(1, 2, state);
    ASSERT_EQ(vendor_confirm(records.flash, records.layout), Status::ok);
    EXPECT_EQ(records.at(1), BootRecord::make(2, RecordState::valid));
    EXPECT_THAT(records.flash.log(), ElementsAre(Op{OpKind::erase, 0x1000, 0x1000}, Op{OpKind::program, 0x1000, 32}));
    records.flash.forget();
    ASSERT_EQ(vendor_confirm(records.flash, records.layout), Status::ok);
    EXPECT_THAT(records.flash.log(), IsEmpty()) << "VALID already";
  }
  Records blank(2);
  ASSERT_EQ(vendor_confirm(blank.flash, blank.layout), Status::ok);
  EXPECT_THAT(blank.flash.log(), IsEmpty());
}

TEST(VendorReject, MarksTheActiveRecordWhereThereIsSomethingToGoBackTo) {
  Records records(2);
  records.put(0, 1, RecordState::valid).put(1, 2, RecordState::pending_verify);
  ASSERT_EQ(vendor_reject(records.flash, records.layout), Status::ok);
  EXPECT_EQ(records.at(1), BootRecord::make(2, RecordState::invalid));
  EXPECT_THAT(records.flash.log(), ElementsAre(Op{OpKind::erase, 0x1000, 0x1000}, Op{OpKind::program, 0x1000, 32}));

  EXPECT_EQ(vendor_reject(records.flash, records.layout), Status::no_rollback_target) << "only record 0 is left";
  Records blank(2);
  EXPECT_EQ(vendor_reject(blank.flash, blank.layout), Status::no_rollback_target);
  Records broken(2);
  broken.put(0, 1, RecordState::valid).put(1, 2, RecordState::pending_verify);
  broken.flash.put(broken.layout.slots[0].offset, std::vector<std::byte>(64));
  EXPECT_EQ(vendor_reject(broken.flash, broken.layout), Status::no_rollback_target);
  EXPECT_THAT(broken.flash.log(), IsEmpty());
}

TEST(VendorReject, GoesBackToTheFactoryAppFromTheOnlyRecord) {
  Records records(2);
  records.layout.factory = records.layout.slots[1];
  records.put(0, 1, RecordState::pending_verify);
  ASSERT_EQ(vendor_reject(records.flash, records.layout), Status::ok);
  EXPECT_EQ(records.at(0).state, RecordState::invalid);
}

TEST(VendorSetBootFactory, ErasesBothRecords) {
  Records records(2);
  records.put(0, 1, RecordState::valid).put(1, 2, RecordState::valid);
  EXPECT_NE(vendor_set_boot_factory(records.flash, records.layout), Status::ok) << "there is no factory app";
  records.layout.factory = records.layout.slots[1];
  ASSERT_EQ(vendor_set_boot_factory(records.flash, records.layout), Status::ok);
  EXPECT_EQ(records.seqs(), (Seqs{kNone, kNone}));
}

TEST(VendorBegin, ErasesTheSlotAndWithRollbackTheInactiveRecordOfAnotherSlot) {
  const auto erased = [](bool rollback, SlotIndex inactive_names) {
    Records records(3);
    records.put(0, 4, RecordState::valid).put(1, inactive_names == 0 ? 1U : 3U, RecordState::valid);
    EXPECT_EQ(vendor_begin(records.flash, records.layout, 1, 0, rollback), Status::ok);
    std::vector<std::uint32_t> addresses;
    for (const Op& op : records.flash.log()) addresses.push_back(op.address);
    return addresses;
  };
  EXPECT_THAT(erased(false, 2), ElementsAre(0x3000u));
  EXPECT_THAT(erased(true, 2), ElementsAre(0x3000u, 0x1000u));
  EXPECT_THAT(erased(true, 0), ElementsAre(0x3000u)) << "it names the running slot";
}

TEST(VendorBoot, GivesATieUnderRollbackASecondTry) {
  Records records(2);
  records.put(0, 4, RecordState::fresh).put(1, 4, RecordState::fresh);
  ASSERT_TRUE(vendor_boot(records.flash, records.layout, Policy::stock_rollback));
  EXPECT_EQ(records.at(0).state, RecordState::pending_verify);
  EXPECT_EQ(records.at(1).state, RecordState::fresh);
  const auto again = vendor_boot(records.flash, records.layout, Policy::stock_rollback);
  ASSERT_TRUE(again);
  EXPECT_EQ(int{again->slot}, 1);
  EXPECT_EQ(records.at(0).state, RecordState::aborted);
  EXPECT_EQ(records.at(1).state, RecordState::pending_verify);
}

// ---- the updater

constexpr VendorOtaSettings kPlain{};
constexpr VendorOtaSettings kRollback{.rollback = true};
constexpr VendorOtaSettings kConfirming{.confirms = true, .recovery_app = true};
constexpr VendorOtaSettings kFirstTrial{.rollback = true, .recovery_app = true};
constexpr VendorOtaSettings kSelecting{.recovery_app = true, .selects_itself = true};
constexpr VendorOtaSettings kSelectingOld{
    .generation = VendorGeneration::up_to_5_5, .recovery_app = true, .selects_itself = true};

TEST(VendorOta, UpdatesWhenThePowerStays) {
  for (const auto& settings : {kPlain, kRollback, kConfirming, kFirstTrial, kSelecting, kSelectingOld}) {
    const VendorOta model(settings);
    NorFlash flash(model.geometry());
    model.start(flash);
    EXPECT_EQ(model.boots(flash), kInstalledVersion);
    EXPECT_THAT(flash.log(), IsEmpty()) << "asking changes nothing";
    EXPECT_EQ(model.power_session(flash), Status::ok);
    EXPECT_EQ(model.boots(flash), kWantedVersion);
    EXPECT_THAT(flash.violations(), IsEmpty());
    flash.forget();
    flash.reboot();
    EXPECT_EQ(model.power_session(flash), Status::ok);
    EXPECT_THAT(flash.log(), IsEmpty()) << "nothing is left to do";
    EXPECT_EQ(model.boots(flash), kWantedVersion);
  }
}

TEST(VendorOta, SaysWhenNothingOrOnlyTheRecoveryAppBoots) {
  for (const bool recovery : {false, true}) {
    const VendorOta model({.recovery_app = recovery});
    NorFlash flash(model.geometry());
    model.start(flash);
    flash.put(model.layout().slots[0].offset, std::vector<std::byte>(64));
    EXPECT_EQ(model.boots(flash), recovery ? std::optional<int>(kRecoveryVersion) : std::nullopt);
    flash.forget();
    EXPECT_EQ(model.power_session(flash), Status::ok);
    EXPECT_THAT(flash.log(), IsEmpty());
  }
}

// ---- under the adversary

// A record for another slot goes into the other sector: the old one rules until the new one is whole.
TEST(VendorOtaCut, WithoutAnInPlaceWriteItSurvivesEveryCut) {
  for (const auto& settings : {kPlain, kRollback, kSelectingOld}) {
    EXPECT_THAT(tests::losses(VendorOta(settings), Thoroughness::some), IsEmpty());
  }
}

constexpr auto kStuck = "only the recovery app boots, now and for ever";

// The only record is erased and programmed again: after the erase and before the program there is none, and the
// recovery app runs for ever.
TEST(VendorOtaCut, TheConfirmInPlaceLosesTheOnlyRecord) {
  const VendorOta model(kConfirming);
  EXPECT_EQ(tests::after(model, "0b"), "");
  EXPECT_THAT(tests::after(model, "0a"), HasSubstr(kStuck));
  EXPECT_THAT(tests::after(model, "1b"), HasSubstr(kStuck));
  EXPECT_EQ(tests::after(model, "1a"), "");
  const auto found = tests::losses(model, Thoroughness::some);
  EXPECT_THAT(found, ::testing::SizeIs(2));
  EXPECT_GT(found.at(0), 30);
  EXPECT_GT(found.at(1), 5);
}

// The same with a rollback bootloader, twice: its own NEW to PENDING_VERIFY (operations 0 and 1), then the app's
// confirm (2 and 3). Between the two any loss of power ends the trial, as it is meant to.
TEST(VendorOtaCut, TheFirstTrialLosesTheOnlyRecordToTheBootloaderToo) {
  const VendorOta model(kFirstTrial);
  for (const char* cut : {"0b", "3a"}) EXPECT_EQ(tests::after(model, cut), "") << cut;
  for (const char* cut : {"0a", "1b", "1a", "2b", "2a", "3b"}) EXPECT_THAT(tests::after(model, cut), HasSubstr(kStuck));
  const auto found = tests::losses(model, Thoroughness::few);
  EXPECT_THAT(found, ::testing::SizeIs(4));
}

TEST(VendorOtaCut, SettingTheSlotThatBootsLosesTheOnlyRecordSince6_0) {
  const VendorOta model(kSelecting);
  for (const char* cut : {"0a", "1b"}) EXPECT_THAT(tests::after(model, cut), HasSubstr(kStuck));
  const auto found = tests::losses(model, Thoroughness::some);
  EXPECT_THAT(found, ::testing::SizeIs(2));
  EXPECT_GT(found.at(0), 30);
}

}  // namespace
}  // namespace dualbank::sim
