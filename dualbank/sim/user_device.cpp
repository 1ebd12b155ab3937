#include "dualbank/sim/user_device.hpp"

#include <array>
#include <exception>
#include <stdexcept>

#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/explain.hpp"
#include "dualbank/formats/app_descriptor.hpp"
#include "dualbank/sim/board.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kMostCallsWithoutPower = 10'000;
constexpr std::size_t kMostVerified = 200'000;

/// Ends a function that goes on asking a flash without power.
struct NoPower {};

/// What the user's function is given.
class Supply final : public Flash {
 public:
  explicit Supply(NorFlash& chip) : Flash(chip.geometry()), chip_(chip) {}
  ~Supply() = default;

  Status read(std::uint32_t address, MutableBytes out) override { return answer(chip_.read(address, out)); }
  Status program(std::uint32_t address, Bytes bytes) override { return answer(chip_.program(address, bytes)); }
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    return answer(chip_.erase(address, size_bytes));
  }
  Status sync() override { return answer(chip_.sync()); }

 private:
  Status answer(Status status) {
    if (status == Status::power_lost && ++without_power_ > kMostCallsWithoutPower) throw NoPower{};
    return status;
  }

  NorFlash& chip_;
  std::uint32_t without_power_ = 0;
};

MarginalBits bits_of(Reads reads, std::uint32_t boot) {
  if (reads == Reads::drawn) return MarginalBits::drawn;
  const bool programmed = reads == Reads::programmed_first || reads == Reads::programmed_twice;
  return programmed == (boot % 2 == 0) ? MarginalBits::programmed : MarginalBits::erased;
}

bool twice(Reads reads) { return reads == Reads::erased_twice || reads == Reads::programmed_twice; }

std::string violation_text(const Violation& violation) {
  constexpr std::array<std::string_view, 6> kKinds{
      "goes beyond the chip", "is not made of whole write units",      "crosses a page",
      "is no erase unit",     "needs a bit that only an erase brings", "programs a unit twice"};
  return "update() does what the flash forbids: " + std::to_string(violation.size_bytes) + " bytes at " +
         std::to_string(violation.address) + ", which " + std::string{kKinds[static_cast<std::size_t>(violation.kind)]};
}

}  // namespace

std::string Boot::to_text() const {
  std::string text = place_name(slot) + " boots";
  if (!project.empty() || !version.empty()) text += ":";
  if (!project.empty()) text += " " + project;
  if (!version.empty()) text += " " + version;
  return text + " (" + boot_reason_name(reason) + ")";
}

UserDevice::UserDevice(const Sweep& sweep, const Sweep::Update& update, const Sweep::Invariant& invariant)
    : sweep_(sweep), update_(update), invariant_(invariant), flash_(sweep.flash) {
  if (sweep.start.size() > sweep.flash.geometry.size_bytes) {
    throw std::invalid_argument("Sweep: start has " + std::to_string(sweep.start.size()) + " bytes, the flash has " +
                                std::to_string(sweep.flash.geometry.size_bytes));
  }
  flash_.put(0, sweep.start);
  start_ = flash_.snapshot();
  if (sweep.boot) return;
  const Result<Layout> layout = read_layout(flash_, sweep.table_offset);
  if (!layout) {
    std::array<char, 200> text{};
    throw std::invalid_argument(std::string{"Sweep: start: "} + explain(layout.error(), text));
  }
  layout_ = *layout;
  settings_ = {.policy = sweep.policy, .chip_id = infer_chip(flash_, layout_)};
}

void UserDevice::start() {
  flash_.restore(start_);
  flash_.forget();
}

bool UserDevice::is_metadata(std::uint32_t address) const {
  if (sweep_.records) return address - sweep_.records->offset < sweep_.records->size_bytes;
  if (sweep_.boot) return true;
  return address - layout_.otadata.offset < layout_.otadata.size_bytes ||
         address - sweep_.table_offset < kPartitionTableSectorBytes;
}

// ---- what boots

bool UserDevice::verifies(SlotIndex slot) {
  const Extent extent = layout_.extent_of(slot);
  const bool drifting = flash_.has_marginal_bits(extent.offset, extent.size_bytes);
  const std::uint64_t digest = flash_.digest(extent.offset, extent.size_bytes);
  if (!drifting) {
    if (const auto known = verified_.find(digest); known != verified_.end()) return known->second;
  }
  const ImageRules rules = ImageRules::vendor(settings_.chip_id, extent.size_bytes, extent.offset);
  const bool good = verify_slot(flash_, extent, rules, buffer_).has_value();
  if (verified_.size() > kMostVerified) verified_.clear();
  if (!drifting) verified_[digest] = good;
  return good;
}

// As predict_boot, with images that were verified before known again.
BootDecision UserDevice::decide() {
  BootSectors sectors;
  BootInputs in;
  if (look_before_boot(flash_, layout_, settings_, sectors, in).failed()) return {};
  for (;;) {
    const BootDecision decision = decide_boot(in, sweep_.policy);
    if (decision.slot == kNoSlot || verifies(decision.slot)) return decision;
    if (decision.slot == kFactorySlot) {
      in.good_factory = false;
    } else if (decision.slot == kTestSlot) {
      in.good_test = false;
    } else {
      in.good_slots = static_cast<std::uint16_t>(in.good_slots & ~(1U << decision.slot));
    }
  }
}

Boot UserDevice::describe(const BootDecision& decision) {
  Boot boot{.valid_image = decision.slot != kNoSlot, .slot = decision.slot, .reason = decision.reason};
  if (layout_.otadata.size_bytes >= kOtadataBytes) {
    if (const Result<BootRecords> records = read_boot_records(flash_, layout_); records) boot.records = *records;
  }
  if (!boot.valid_image) return boot;
  const Extent extent = layout_.extent_of(decision.slot);
  if (extent.size_bytes < kAppDescriptorOffset + kAppDescriptorBytes) return boot;
  const Bytes bytes = flash_.contents().subspan(extent.offset + kAppDescriptorOffset, kAppDescriptorBytes);
  if (!AppDescriptor::present(bytes)) return boot;
  const AppDescriptor descriptor = AppDescriptor::parse(bytes);
  boot.version = descriptor.version.data();
  boot.project = descriptor.project_name.data();
  return boot;
}

std::string UserDevice::judge(const Sweep::Invariant& invariant, const Boot& boot, std::string_view moment) const {
  if (!invariant) return {};
  try {
    if (invariant(boot)) return {};
  } catch (const std::exception& error) {
    return "the invariant throws, " + std::string{moment} + ": " + error.what();
  }
  return std::string{moment} + ": " + boot.to_text();
}

// ---- what happens

// A reset: says what is wrong with what boots; the power may have gone while the bootloader wrote.
std::string UserDevice::power_up(Reads reads, Boot& boot) {
  flash_.reset(bits_of(reads, boots_++));
  if (sweep_.boot) {
    boot = sweep_.boot(flash_);
    if (!flash_.power_on()) return {};
    return judge(invariant_, boot, "what must not boot does");
  }
  const BootDecision decision = decide();
  boot = describe(decision);
  if (std::string problem = judge(invariant_, boot, "what must not boot does"); !problem.empty()) return problem;
  Status wrote = Status::ok;
  if (sweep_.policy == Policy::dualbank) {
    const Result<BootOutcome> outcome = run_bootloader(flash_, layout_, settings_, buffer_);
    if (!flash_.power_on()) return {};
    if (outcome && outcome->decision.slot != decision.slot) return "the bootloader does not start what it was to";
    if (!outcome) wrote = outcome.error().code;
  } else if (decision.write_count != 0) {
    wrote = perform_boot_writes(flash_, layout_, decision);
  }
  return wrote == Status::ok || !flash_.power_on() ? "" : "the bootloader cannot write its records";
}

std::string UserDevice::run_update() {
  Supply supply{flash_};
  std::string problem;
  try {
    update_(supply);
  } catch (const NoPower&) {
  } catch (const std::exception& error) {
    problem = std::string{"update() throws: "} + error.what();
  } catch (...) {
    problem = "update() throws";
  }
  if (!flash_.power_on()) return {};
  if (problem.empty() && !flash_.violations().empty()) problem = violation_text(flash_.violations().front());
  return problem;
}

std::string UserDevice::run(Reads reads) {
  boots_ = 0;
  std::string problem;
  Boot boot;
  if (flash_.has_marginal_bits() && !sweep_.boot) {  // whatever they read as
    for (const MarginalBits bits : {MarginalBits::programmed, MarginalBits::erased}) {
      flash_.reset(bits);
      problem = judge(invariant_, describe(decide()), "what must not boot does");
      if (!problem.empty()) return problem;
    }
  }
  const unsigned resets = sweep_.boots + (twice(reads) ? 1 : 0);
  for (unsigned i = 0; i < resets; ++i) {
    problem = power_up(reads, boot);
    if (!problem.empty() || !flash_.power_on()) return problem;
    const bool resets_again = twice(reads) && i == 0;
    if (resets_again || !boot.valid_image) continue;
    problem = run_update();
    if (!problem.empty() || !flash_.power_on()) return problem;
  }
  problem = power_up(reads, boot);
  if (!problem.empty() || !flash_.power_on()) return problem;
  return judge(sweep_.finally, boot, "what must boot in the end does not");
}

}  // namespace dualbank::sim
