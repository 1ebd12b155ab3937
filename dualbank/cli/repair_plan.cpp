#include "dualbank/cli/repair_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/refused.hpp"
#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/md5.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kCrcBytes = 4;

using Steps = std::vector<RepairStep>;

class Planner {
 public:
  Planner(const Dump& dump, Policy policy, SlotIndex wanted) : dump_(dump), policy_(policy), wanted_(wanted) {
    const auto flash = dump.flash();
    FlashView view(*flash, dump.table_offset(), policy, flash->known());
    otadata_ = view.layout().otadata;
    if (!view.knows(otadata_)) {
      throw Refused("not_in_dump", fmt::format("the boot records ({:#x}) are not in the dump", otadata_.offset),
                    "read the whole flash: esptool read-flash 0 ALL dump.bin", {{"address", otadata_.offset}});
    }
    slot_count_ = view.layout().slot_count;
    records_ = view.records();
    for (std::uint32_t i = 0; i < 2; ++i) {
      const auto place = view.read(otadata_.offset + i * kOtadataSectorBytes, kOtadataSectorBytes);
      blank_[i] = all_equal(place, std::byte{0xFF});
    }
    plan_.before = view.predict();
  }

  std::optional<RepairPlan> plan() {
    if (plan_.before.slot == wanted_ && stays(*dump_.flash())) {
      plan_.after = plan_.before;
      return plan_;
    }
    for (Steps& steps : is_ota_slot(wanted_) ? by_records() : by_erasing()) {
      plan_.steps = std::move(steps);
      if (works()) return plan_;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] const BootRecord& record(int i) const { return records_[static_cast<std::size_t>(i)]; }

  /// The sector whose loss costs least: never the active record's, the blank one first.
  [[nodiscard]] int spare_sector() const {
    const int active = active_record(records_);
    if (active >= 0) return 1 - active;
    return blank_[1] && !blank_[0] ? 1 : 0;
  }

  [[nodiscard]] RepairStep erased(int sector) const {
    return {.address = otadata_.offset + static_cast<std::uint32_t>(sector) * kOtadataSectorBytes};
  }

  [[nodiscard]] RepairStep written(int sector, std::uint32_t seq) const {
    RepairStep step = erased(sector);
    const auto bytes = BootRecord::make(seq, RecordState::valid).bytes();
    step.erases = !blank_[static_cast<std::size_t>(sector)];
    step.bytes.assign(bytes.begin(), bytes.end());
    step.commit_bytes = kCrcBytes;
    return step;
  }

  /// Past every seq that a tool could take for the newest, where there is room; else past those that a bootloader
  /// reads.
  [[nodiscard]] std::uint32_t seq_after(bool all) const {
    std::uint32_t above = kBlankSeq;
    for (const BootRecord& r : records_) {
      const bool counts = all ? r.seq != kBlankSeq && r.crc_good() : r.usable();
      if (counts && (above == kBlankSeq || r.seq > above)) above = r.seq;
    }
    return next_seq(above, wanted_, slot_count_);
  }

  [[nodiscard]] std::vector<Steps> by_records() const {
    std::vector<Steps> candidates;
    const int spare = spare_sector();
    for (const bool all : {true, false}) {
      if (const std::uint32_t seq = seq_after(all); seq != kBlankSeq) candidates.push_back({written(spare, seq)});
    }
    // At the top of the numbers, and where the other sector holds what dualbank would act on: its record goes too.
    const std::uint32_t smallest = next_seq(kBlankSeq, wanted_, slot_count_);
    for (const std::uint32_t seq : {seq_after(false), smallest}) {
      if (seq != kBlankSeq) candidates.push_back({written(spare, seq), erased(1 - spare)});
    }
    return candidates;
  }

  /// For the factory app: no record may choose. The lower record goes first, so that the choice stays until it is made.
  [[nodiscard]] std::vector<Steps> by_erasing() const {
    const int spare = spare_sector();
    return {{erased(spare)}, {erased(1 - spare)}, {erased(spare), erased(1 - spare)}};
  }

  [[nodiscard]] SlotIndex boots(DumpFlash& flash, BootDecision* decision = nullptr) const {
    FlashView view(flash, dump_.table_offset(), policy_, flash.known());
    const auto next = view.prediction(policy_);
    if (!next) return kNoSlot;
    if (decision != nullptr) *decision = *next;
    return next->slot;
  }

  [[nodiscard]] bool works() {
    const auto flash = dump_.flash();
    for (const RepairStep& step : plan_.steps) {
      for (const RepairStep& part : {RepairStep{.address = step.address, .erases = step.erases}, step}) {
        if (perform_repair(*flash, {.steps = {part}}).failed()) return false;
        if (const SlotIndex now = boots(*flash); now != wanted_ && now != plan_.before.slot) return false;
      }
    }
    return boots(*flash, &plan_.after) == wanted_ && stays(*flash);
  }

  /// An intent or a mark in the other sector's journal must not undo it on the first call of dualbank.
  [[nodiscard]] bool stays(DumpFlash& flash) const {
    Updater updater(flash, {.running_slot = wanted_, .policy = policy_, .table_offset = dump_.table_offset()});
    static_cast<void>(updater.open());
    return boots(flash) == wanted_;
  }

  const Dump& dump_;
  Policy policy_;
  SlotIndex wanted_;
  Extent otadata_{};
  std::uint32_t slot_count_ = 0;
  BootRecords records_{};
  std::array<bool, 2> blank_{};
  RepairPlan plan_{};
};

}  // namespace

Event perform_repair(Flash& flash, const RepairPlan& plan) {
  for (const RepairStep& step : plan.steps) {
    if (step.erases) {
      if (const Event e = erase_sector(flash, step.address); e.failed()) return e;
    }
    const std::uint32_t address = step.address + step.offset;
    const std::size_t body = step.bytes.size() - step.commit_bytes;
    const Bytes bytes(step.bytes);
    if (const Event e = program_flash(flash, address, bytes.first(body)); e.failed()) return e;
    const Event e = program_flash(flash, address + static_cast<std::uint32_t>(body), bytes.subspan(body));
    if (e.failed()) return e;
    if (const Status status = flash.sync(); status != Status::ok) return {status, {}};
  }
  return {};
}

std::optional<RepairPlan> plan_repair(const Dump& dump, Policy policy, SlotIndex wanted) {
  return Planner(dump, policy, wanted).plan();
}

void add_md5_row(FlashView& view, RepairPlan& plan) {
  if (view.layout().has_md5) {
    throw Refused("table_md5_there", "the partition table has its MD5 row, and it is right", "leave out --md5",
                  {{"table", view.table_offset()}});
  }
  const auto rows = static_cast<std::uint32_t>(view.partitions().size());
  const std::uint32_t end = rows * kPartitionRowBytes;
  const auto table = view.read(view.table_offset(), kPartitionTableSectorBytes);
  // The bootloader looks at the first four bytes of an end row only; the row must be free to take the digest.
  if (rows + 1 >= kPartitionTableRows ||
      !all_equal(Bytes(table).subspan(end, 2 * kPartitionRowBytes), std::byte{0xFF})) {
    throw Refused("table_full", fmt::format("behind the {} partitions of the table is no room for an MD5 row", rows),
                  "write the board's own table again", {{"partitions", rows}});
  }
  RepairStep step{.address = view.table_offset(), .erases = false, .offset = end};
  step.bytes.assign(kPartitionRowBytes, std::byte{0xFF});
  store_u16(step.bytes, 0, kMd5RowMagic);
  const Md5Digest digest = md5(Bytes(table).first(end));
  std::copy(digest.begin(), digest.end(), step.bytes.begin() + kMd5DigestOffset);
  plan.steps.push_back(std::move(step));
}

}  // namespace dualbank::cli
