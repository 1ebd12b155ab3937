#include "dualbank/sim/random_sessions.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/board.hpp"
#include "dualbank/sim/draw.hpp"
#include "dualbank/sim/firmware_image.hpp"
#include "dualbank/sim/tears.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kMostDisturbedSessions = 8;
constexpr std::uint32_t kMostCalmSessions = 6;
constexpr std::size_t kImages = 24;

/// What threads share: images are made once.
const std::vector<std::vector<std::byte>>& images() {
  static const std::vector<std::vector<std::byte>> made = [] {
    std::vector<std::vector<std::byte>> all;
    Random random{42};
    for (std::size_t i = 0; i < kImages; ++i) {
      all.push_back(firmware_image("2." + std::to_string(i), 512 + 16 * random.below(480)));
    }
    return all;
  }();
  return made;
}

class Session {
 public:
  Session(const BoardKind& kind, Policy policy) : policy_(policy), board_(kind, policy) {
    board_.install(0, firmware_image("1.0", 1024));
    board_.put_record(0, 1, RecordState::valid);
    board_.keep_as_start();
  }

  std::string run(std::uint64_t seed) {
    random_ = Random{seed};
    board_.start();
    board_.flash.reboot();
    wanted_ = random_.below(kImages);
    running_ = 0;
    switching_ = settled_ = false;
    allow();
    const std::uint32_t disturbed = random_.below(kMostDisturbedSessions);
    for (std::uint32_t i = 0; i < disturbed + kMostCalmSessions; ++i) {
      calm_ = i >= disturbed;
      std::string problem = power_session();
      if (problem.empty()) problem = board_.problem;
      if (!problem.empty()) return problem;
      if (settled_ && calm_) return {};
      power_cuts += board_.flash.power_on() ? 0 : 1;
      resets += board_.flash.power_on() ? 1 : 0;
      board_.flash.reboot();
    }
    return "the wanted image does not run in the end";
  }

  std::uint64_t power_cuts = 0;
  std::uint64_t resets = 0;
  std::uint64_t pieces = 0;

 private:
  void allow() {
    Places places{};
    places.add(running_);
    if (switching_) places.add(static_cast<SlotIndex>(1 - running_));
    board_.may_boot(places);
  }

  void arm() {
    if (calm_ || random_.one_in(4)) return;
    const Op op{random_.one_in(5) ? OpKind::erase : OpKind::program, 0, random_.one_in(2) ? 256U : 16U};
    const auto tears = tears_of(op, board_.flash.geometry(), Thoroughness::every);
    Tear tear = tears[random_.below(tears.size())];
    tear.seed = random_.below(1000);
    board_.flash.cut_at(random_.below(random_.one_in(2) ? 12 : 90), tear);
  }

  std::string said(std::string_view what, const Updater& updater) const {
    std::array<char, 200> text{};
    return std::string{what} + " answers: " + explain(updater.last_event(), text);
  }

  std::string power_session() {
    arm();
    const SlotIndex slot = board_.boot();
    if (!board_.flash.power_on() || !board_.problem.empty()) return board_.problem;
    allow();
    const bool landed = switching_ && slot != running_;
    std::array<std::byte, 4096> workspace;
    const bool roomy = random_.one_in(2);
    std::array<Range, 32> gaps{};
    Updater updater{board_.flash,
                    {.workspace = roomy ? MutableBytes{workspace} : MutableBytes{},
                     .gaps = random_.one_in(2) ? std::span<Range>{gaps} : std::span<Range>{},
                     .running_slot = slot,
                     .policy = policy_,
                     .table_offset = 0}};
    if (const Status s = updater.open(); s != Status::ok) {
      return s == Status::power_lost ? std::string{} : said("open()", updater);
    }
    if (landed || (settled_ && slot == running_)) return confirm(updater, slot);
    if (slot != running_) return place_name(slot) + " runs";
    return update(updater);
  }

  std::string confirm(Updater& updater, SlotIndex slot) {
    if (const Status s = updater.confirm(); s != Status::ok) {
      return s == Status::power_lost ? std::string{} : said("confirm()", updater);
    }
    const std::vector<std::byte>& image = images()[wanted_];
    const Bytes held = board_.contents_of(slot).first(image.size());
    if (!std::equal(held.begin(), held.end(), image.begin())) return "another image than the wanted one runs";
    running_ = slot;
    switching_ = false;
    settled_ = true;
    allow();
    return {};
  }

  std::string update(Updater& updater) {
    const bool detour = !calm_ && !switching_ && random_.one_in(6);  // another image first, never to its end
    const std::vector<std::byte>& image = images()[detour ? (wanted_ + 1) % kImages : wanted_];
    const auto length = static_cast<std::uint32_t>(image.size());
    const UpdateRequest request{.length_bytes = random_.one_in(2) ? length : kUnknownLength,
                                .header = Bytes{image}.first(kImageStartBytes)};
    if (const Status s = updater.begin(request); s != Status::ok) {
      return s == Status::power_lost ? std::string{} : said("begin()", updater);
    }
    const std::uint32_t chance = detour ? 12 : calm_ ? 1'000'000 : 60;  // to stop here
    while (!updater.next_missing().empty() && updater.next_missing().from < length) {
      if (random_.one_in(chance)) return leave(updater);
      const Range gap = updater.next_missing(random_.one_in(3) ? random_.below(length) : 0);
      std::uint32_t from = gap.empty() || gap.from >= length ? updater.next_missing().from : gap.from;
      if (random_.one_in(5)) from = random_.below(length);  // anywhere, and perhaps for the second time
      const std::uint32_t size = 1 + random_.below(random_.one_in(3) ? 2000 : 300);
      if (!calm_ && random_.one_in(8)) continue;  // lost on its way
      ++pieces;
      const Bytes piece = Bytes{image}.subspan(from, std::min(size, length - from));
      Status s = updater.flash(piece, from);
      if (s == Status::too_many_gaps) {
        const std::uint32_t first = updater.next_missing().from;
        s = updater.flash(Bytes{image}.subspan(first, std::min<std::uint32_t>(4096, length - first)), first);
        if (s == Status::too_many_gaps) continue;
      }
      if (s != Status::ok) return s == Status::power_lost ? std::string{} : said("flash()", updater);
    }
    if (detour) return leave(updater);
    switching_ = true;
    allow();
    if (const Status s = updater.switch_slot(); s != Status::ok) {
      return s == Status::power_lost ? std::string{} : said("switch_slot()", updater);
    }
    return {};
  }

  std::string leave(Updater& updater) {
    const std::uint32_t how = random_.below(3);
    if (how == 0) return {};
    const Status s = how == 1 ? updater.pause() : updater.abandon();
    const bool fine = s == Status::ok || s == Status::power_lost || s == Status::no_update || s == Status::journal_full;
    return fine ? std::string{} : said("pause() or abandon()", updater);
  }

  Policy policy_;
  Board board_;
  Random random_{0};
  std::size_t wanted_ = 0;
  SlotIndex running_ = 0;
  bool switching_ = false;
  bool settled_ = false;
  bool calm_ = false;
};

const BoardKind& board_named(std::string_view name) {
  return *std::find_if(boards().begin(), boards().end(), [&](const BoardKind& kind) { return kind.name == name; });
}

}  // namespace

RandomSessionsReport random_sessions(const RandomSessionsPlan& plan,
                                     const std::function<bool(std::uint64_t done)>& progress) {
  const auto begin = std::chrono::steady_clock::now();
  RandomSessionsReport report;
  std::mutex mutex;
  std::atomic<std::uint64_t> next = 0;
  std::atomic<bool> stop = false;
  static_cast<void>(images());
  const auto labour = [&] {
    constexpr std::array kPolicies{Policy::stock, Policy::stock_rollback, Policy::dualbank};
    std::vector<std::unique_ptr<Session>> sessions;
    for (const std::string_view name : {"two-slots", "words", "small-sectors", "blocks", "blank-trusted"}) {
      for (const Policy policy : kPolicies) sessions.push_back(std::make_unique<Session>(board_named(name), policy));
    }
    for (std::uint64_t i = next++; i < plan.sessions && !stop; i = next++) {
      const std::uint64_t seed = plan.first_seed + i;
      const std::string problem = sessions[seed % sessions.size()]->run(seed);
      const std::lock_guard lock{mutex};
      ++report.sessions;
      if (progress && report.sessions % 256 == 0 && !progress(report.sessions)) stop = true;
      if (problem.empty()) continue;
      if (report.failed++ == 0 || seed < report.first_failed_seed) {
        report.first_failed_seed = seed;
        report.first_problem = problem;
      }
    }
    const std::lock_guard lock{mutex};
    for (const auto& session : sessions) {
      report.power_cuts += session->power_cuts;
      report.resets += session->resets;
      report.pieces += session->pieces;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, plan.jobs); ++i) threads.emplace_back(labour);
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  report.seconds = took.count();
  return report;
}

}  // namespace dualbank::sim
