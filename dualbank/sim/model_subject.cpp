#include "dualbank/sim/model_subject.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <thread>

#include "dualbank/engine/explain.hpp"
#include "dualbank/sim/models/scratch_swap.hpp"
#include "dualbank/sim/models/vendor_ota.hpp"

namespace dualbank::sim {
namespace {

template <VendorOtaSettings Settings>
std::unique_ptr<Model> vendor() {
  return std::make_unique<VendorOta>(Settings);
}

template <std::uint8_t WriteUnitBytes>
std::unique_ptr<Model> scratch() {
  return std::make_unique<ScratchSwap>(WriteUnitBytes);
}

constexpr VendorOtaSettings kConfirm{.confirms = true, .recovery_app = true};
constexpr VendorOtaSettings kFirstTrial{.rollback = true, .recovery_app = true};
constexpr VendorOtaSettings kOwnSlot{.recovery_app = true, .selects_itself = true};
constexpr VendorOtaSettings kPlain{};
constexpr VendorOtaSettings kRollback{.rollback = true};
constexpr VendorOtaSettings kOwnSlotBefore6{
    .generation = VendorGeneration::up_to_5_5, .recovery_app = true, .selects_itself = true};

constexpr auto kModels = std::to_array<ModelKind>({
    {"vendor-confirm", "the app confirms itself by rewriting its only boot record in place", false, vendor<kConfirm>},
    {"vendor-own-slot", "the app sets the slot to boot that boots already: rewritten in place", false,
     vendor<kOwnSlot>},
    {"vendor-first-trial", "a first image on trial: bootloader and app rewrite the only record", false,
     vendor<kFirstTrial>},
    {"scratch-swap", "slots are swapped through a scratch area, where a torn erase leaves its magic", false,
     scratch<1>},
    {"scratch-swap-8", "the same on a flash that programs 8 bytes at once", false, scratch<8>},
    {"vendor-plain", "erase, write, set to boot: the old record rules until the new one is whole", true,
     vendor<kPlain>},
    {"vendor-rollback", "the same with rollback, without a recovery app to be stuck in", true, vendor<kRollback>},
    {"vendor-own-slot-5.5", "as vendor-own-slot, but the other record gets the same seq", true,
     vendor<kOwnSlotBefore6>},
});

constexpr int kPowerUps = 4;
constexpr int kLast = 2;

MarginalBits bits_of(Reads reads, int boot) {
  if (reads == Reads::drawn) return MarginalBits::drawn;
  const bool programmed = reads == Reads::programmed_first || reads == Reads::programmed_twice;
  return programmed == (boot % 2 == 0) ? MarginalBits::programmed : MarginalBits::erased;
}

std::string name_of(std::optional<int> version) {
  if (!version) return "nothing";
  return *version == kRecoveryVersion ? "only the recovery app" : "version " + std::to_string(*version);
}

}  // namespace

std::span<const ModelKind> models() { return kModels; }

const ModelKind* find_model(std::string_view name) {
  const auto found = std::find_if(kModels.begin(), kModels.end(), [&](const ModelKind& k) { return k.name == name; });
  return found == kModels.end() ? nullptr : &*found;
}

void ModelSubject::start() {
  model_.start(flash_);
  flash_.forget();
}

std::string ModelSubject::what_boots() const { return name_of(model_.boots(flash_)) + " boots"; }

std::string ModelSubject::run(Reads reads) {
  std::optional<int> boots;
  // Bits that read differently at each boot get some boots to do harm.
  for (int boot = 0; boot < kPowerUps; ++boot) {
    flash_.reset(bits_of(reads, boot));
    const Status status = model_.power_session(flash_);
    if (status == Status::power_lost) return {};
    if (status != Status::ok) return std::string{"the flash answers "} + status_name(status);
    if (!flash_.violations().empty()) return "it does what the flash forbids";
    boots = model_.boots(flash_);
    const bool last_ones = boot >= kPowerUps - kLast || !flash_.has_marginal_bits();
    if (last_ones && boots == kWantedVersion) return {};
  }
  return name_of(boots) + " boots, now and for ever: version " + std::to_string(kWantedVersion) + " never will";
}

SweepReport sweep_model(const ModelKind& kind, const SweepPlan& plan, const SweepProgress& progress) {
  constexpr std::uint32_t kShares = 24;
  constexpr Level kSome{Thoroughness::some, Thoroughness::some};
  constexpr Level kEvery{Thoroughness::every, Thoroughness::every};
  constexpr Level kFew{Thoroughness::few, Thoroughness::few};
  std::vector<Level> levels{plan.size == SweepSize::quick ? kSome : kEvery};
  if (plan.size == SweepSize::full) levels = {kFew, kFew};

  const auto begin = std::chrono::steady_clock::now();
  SweepReport report;
  report.scenarios = 1;
  Seen seen;
  std::mutex mutex;
  std::atomic<bool> stop = false;
  std::atomic<std::uint32_t> next = 0;
  std::atomic<std::uint32_t> done = 0;
  std::atomic<unsigned> running = std::max(1U, plan.jobs);
  const auto labour = [&] {
    const std::unique_ptr<Model> model = kind.make();
    for (std::uint32_t share = next++; share < kShares && !stop; share = next++, ++done) {
      ModelSubject subject{*model};
      CutTree tree{subject, seen};
      tree.stop_when(&stop);
      if (plan.size == SweepSize::again) {
        tree.again(kAgain, share, kShares);
      } else {
        tree.sweep(levels, share, kShares);
      }
      const std::lock_guard lock{mutex};
      report.counts.add(tree.counts());
      for (const Failure& failure : tree.failures()) {
        const CutPath shortest = tree.shrink(failure.path);
        SweepFailure told{std::string{kind.name}, path_code(shortest), tree.replay(shortest), path_code(failure.path)};
        if (std::none_of(report.failures.begin(), report.failures.end(),
                         [&](const SweepFailure& other) { return other.path == told.path; })) {
          report.failures.push_back(std::move(told));
        }
      }
      if (report.failures.size() >= plan.most_failures) stop = true;
    }
    --running;
  };
  std::vector<std::thread> threads;
  for (unsigned i = running; i > 0; --i) threads.emplace_back(labour);
  while (running > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (!progress || progress(done, kShares, seen.contents.size())) continue;
    report.interrupted = true;
    stop = true;
  }
  for (std::thread& thread : threads) thread.join();
  report.counts.distinct = seen.contents.size();
  std::sort(report.failures.begin(), report.failures.end(),
            [](const SweepFailure& a, const SweepFailure& b) { return a.path < b.path; });
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

}  // namespace dualbank::sim
