// Two boot records of any bytes: what boots is a slot that is good, and what would be written is a record.
#include <algorithm>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/formats/otadata.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

BootRecord record_of(Draw& draw, bool sealed) {
  std::array<std::byte, kBootRecordBytes> bytes{};
  const Bytes given = draw.bytes(bytes.size());
  std::ranges::copy(given, bytes.begin());
  BootRecord record = BootRecord::parse(bytes);
  if (sealed) record = BootRecord::make(record.seq, record.state);
  require(BootRecord::parse(record.bytes()).bytes() == record.bytes(), "a record is read as it was written");
  require(!sealed || record.crc_good(), "a record that is made has its CRC");
  require(!record.usable() || (record.crc_good() && !record.rejected()),
          "a usable record has a CRC and is not rejected");
  return record;
}

}  // namespace

void boot_records(Bytes input) {
  Draw draw{input};
  const std::uint8_t how = draw.byte();
  const std::uint8_t more = draw.byte();
  BootInputs in{.slot_count = static_cast<std::uint8_t>(how & 15),
                .has_factory = (how & 16) != 0,
                .good_factory = (how & 32) != 0,
                .good_test = (how & 64) != 0,
                .most_tries = static_cast<std::uint8_t>(more & 7),
                .anti_rollback = (more & 8) != 0};
  in.has_otadata = (more & 16) == 0;
  in.otadata_readable = in.has_otadata && (more & 32) == 0;
  in.good_slots = static_cast<std::uint16_t>(draw.word() & ((1U << in.slot_count) - 1));
  in.good_factory = in.good_factory && in.has_factory;
  in.records = {record_of(draw, (how & 128) != 0), record_of(draw, (more & 64) != 0)};
  for (RecordTrial& trial : in.trials) {
    const std::uint8_t bits = draw.byte();
    trial.on_trial = (bits & 1) != 0;
    trial.gave_up = (bits & 2) != 0;
    trial.tries = static_cast<std::uint8_t>(bits >> 2);
  }
  in.lowest_secure_version = draw.byte();
  for (std::uint32_t& version : in.secure_versions) version = draw.byte();

  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    const BootDecision decision = decide_boot(in, policy);
    const SlotIndex slot = decision.slot;
    if (slot >= 0) require(slot < in.slot_count && (in.good_slots >> slot & 1) != 0, "a slot that boots is good");
    if (slot == kFactorySlot) require(in.good_factory, "a factory app that boots is good");
    if (slot == kTestSlot) require(in.good_test, "a test app that boots is good");
    require(decision.write_count <= decision.writes.size(), "no more writes than there is room for");
    for (std::uint8_t i = 0; i < decision.write_count; ++i) {
      require(decision.writes[i].sector < 2, "a write goes to one of the two sectors");
    }
    const bool any = in.good_slots != 0 || in.good_factory || in.good_test;
    if (!in.anti_rollback && any && in.has_otadata && in.otadata_readable && in.slot_count != 0 &&
        policy == Policy::dualbank && in.good_slots != 0) {
      require(slot != kNoSlot, "where a slot is good something boots");
    }
  }
}

}  // namespace dualbank::fuzz
