// One flash, two apps: one with dualbank, one with the vendor's calls. All that they can do in turns, in the middle of
// an update too, up to a depth, and from each flash that comes of it both start an update that goes through.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <unordered_set>

#include "dualbank/sim/models/vendor_ota.hpp"
#include "tests/support/board.hpp"
#include "tests/support/sanitized.hpp"

namespace dualbank::tests {
namespace {

using sim::VendorGeneration;

constexpr std::size_t kPartBytes = 4608;  // a granule, and some of the next

struct Sdk {
  Policy policy;
  VendorGeneration generation;
  [[nodiscard]] RecordState chosen() const {
    return policy == Policy::stock_rollback ? RecordState::fresh : RecordState::undefined;
  }
};

/// A board, and the app that runs on it, which is of both kinds at once.
struct Life {
  Board& board;
  Sdk sdk;
  SlotIndex running;

  [[nodiscard]] SlotIndex next() const { return board.layout().next_update_slot(running); }
  [[nodiscard]] Updater opened() {
    Updater updater{board.flash, {.running_slot = running, .policy = sdk.policy}};
    const Status status = updater.open();
    EXPECT_TRUE(status == Status::ok || !board.flash.power_on()) << static_cast<int>(status);
    return updater;
  }
  void reset() { running = board.reset(sdk.policy); }
  /// The power goes in the program or erase that comes after `operations` others.
  void cut(std::uint32_t operations, std::uint32_t units, const std::function<void()>& act) {
    board.flash.cut_at(operations, {.kind = sim::Tear::Kind::prefix, .units = units});
    act();
    board.flash.disarm();
    if (board.flash.power_on()) return;
    board.power_on();
    reset();
  }

  Status vendor_part(const ByteVector& image, std::size_t size_bytes) {
    const Layout layout = board.layout();
    const bool rollback = sdk.policy == Policy::stock_rollback;
    // The vendor's begin refuses while the image that runs is on trial.
    for (int i : {0, 1}) {
      const BootRecord r = board.record_at(i);
      if (rollback && r.state == RecordState::pending_verify && slot_of_seq(r.seq, layout.slot_count) == running) {
        return Status::on_trial;
      }
    }
    if (const Status s = sim::vendor_begin(board.flash, layout, next(), running, rollback); s != Status::ok) return s;
    for (std::size_t at = 0; at < size_bytes; at += 256) {
      const Bytes page = Bytes{image}.subspan(at, std::min<std::size_t>(256, size_bytes - at));
      const auto address = static_cast<std::uint32_t>(board.extent(next()).offset + at);
      if (const Status s = board.flash.program(address, page); s != Status::ok) return s;
    }
    return Status::ok;
  }
  Status vendor_choose(SlotIndex slot) {
    return sim::vendor_set_boot(board.flash, board.layout(), slot, sdk.chosen(), sdk.generation);
  }
};

struct Step {
  const char* name;
  std::function<void(Life&)> take;
};

const std::vector<Step>& steps() {
  static const ByteVector& a = firmware("a", 8);
  static const ByteVector& b = firmware("b", 9);
  static const std::vector<Step> kSteps{
      {"reset", [](Life& l) { l.reset(); }},
      {"part", [](Life& l) { (void)l.opened().flash(Bytes{a}.first(kPartBytes), 0); }},
      {"flash", [](Life& l) { (void)l.opened().flash(a, 0); }},
      {"switch", [](Life& l) { (void)l.opened().switch_slot(); }},
      {"confirm", [](Life& l) { (void)l.opened().confirm(); }},
      {"rollback", [](Life& l) { (void)l.opened().rollback(); }},
      {"abandon", [](Life& l) { (void)l.opened().abandon(); }},
      {"switch, its record cut", [](Life& l) { l.cut(2, 16, [&] { (void)l.opened().switch_slot(); }); }},
      {"vendor switch, its record cut", [](Life& l) { l.cut(1, 16, [&] { (void)l.vendor_choose(l.next()); }); }},
      {"vendor part", [](Life& l) { (void)l.vendor_part(b, kPartBytes); }},
      {"vendor flash", [](Life& l) { (void)l.vendor_part(b, b.size()); }},
      {"vendor switch", [](Life& l) { (void)l.vendor_choose(l.next()); }},
      {"vendor own slot", [](Life& l) { (void)l.vendor_choose(l.running); }},
      {"vendor confirm", [](Life& l) { (void)sim::vendor_confirm(l.board.flash, l.board.layout()); }},
      {"vendor reject",
       [](Life& l) {
         if (sim::vendor_reject(l.board.flash, l.board.layout()) == Status::ok) l.reset();
       }},
  };
  return kSteps;
}

/// The app with dualbank, as docs/ESP-IDF.md has it.
void update_by_dualbank(Life life) {
  const ByteVector& image = firmware("by dualbank", 10);
  Updater updater = life.opened();
  if (updater.status().on_trial) {
    ASSERT_EQ(updater.confirm(), Status::ok);
  }
  const SlotIndex target = life.next();
  Status begun = updater.begin({.header = Bytes{image}.first(512)});
  if (begun == Status::running_factory) {  // the way out of its sentence: no record
    ASSERT_EQ(sim::vendor_set_boot_factory(life.board.flash, life.board.layout()), Status::ok);
    ASSERT_EQ(updater.open(), Status::ok);
    begun = updater.begin({.header = Bytes{image}.first(512)});
  }
  ASSERT_EQ(begun, Status::ok);
  ASSERT_EQ(send_missing(updater, image, 4096), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  life.reset();
  ASSERT_EQ(life.running, target);
  ASSERT_TRUE(life.board.holds(target, image));
  Updater after = life.opened();
  ASSERT_TRUE(after.status().on_trial);
  ASSERT_EQ(after.confirm(), Status::ok);
  life.reset();
  ASSERT_EQ(life.running, target);
}

/// The app with the vendor's calls.
void update_by_vendor(Life life) {
  const ByteVector& image = firmware("by the vendor", 10);
  if (life.sdk.policy == Policy::stock_rollback) {
    ASSERT_EQ(sim::vendor_confirm(life.board.flash, life.board.layout()), Status::ok);
  }
  Status sent = life.vendor_part(image, image.size());
  if (sent == Status::on_trial) {  // its confirm marks whatever record is active, which may not be that of the image
    life.reset();
    ASSERT_EQ(sim::vendor_confirm(life.board.flash, life.board.layout()), Status::ok);
    sent = life.vendor_part(image, image.size());
  }
  ASSERT_EQ(sent, Status::ok);
  const SlotIndex target = life.next();
  ASSERT_EQ(life.vendor_choose(target), Status::ok);
  life.reset();
  ASSERT_EQ(life.running, target);
  ASSERT_TRUE(life.board.holds(target, image));
  ASSERT_EQ(sim::vendor_confirm(life.board.flash, life.board.layout()), Status::ok);
  life.reset();
  ASSERT_EQ(life.running, target);
}

struct Start {
  const char* name;
  BoardShape shape;
  std::array<std::array<std::uint32_t, 2>, 2> records;  ///< seq and state; FFFFFFFF: blank
};

constexpr std::uint32_t kBlankState = 0xFFFF'FFFF;
const std::vector<Start>& starts() {
  static const std::vector<Start> kStarts{
      {"as first booted", {}, {{{1, 2}, {kBlankSeq, kBlankState}}}},
      {"two updates on", {}, {{{3, 2}, {2, 2}}}},
      {"a tie, as SDKs up to 5.5 leave it", {}, {{{3, 2}, {3, 2}}}},
      {"one aborted", {}, {{{3, 2}, {4, 4}}}},
      {"blank, factory app", {.factory = true}, {{{kBlankSeq, kBlankState}, {kBlankSeq, kBlankState}}}},
      {"three slots", {.slots = 3}, {{{4, 2}, {5, 2}}}},
  };
  return kStarts;
}

void put(Board& board, const Start& start) {
  board.install(0, firmware("1.0", 8)).install(1, firmware("1.1", 8));
  if (start.shape.factory) board.install(kFactorySlot, firmware("rescue", 8));
  for (int i : {0, 1}) {
    const auto [seq, state] = start.records[static_cast<std::size_t>(i)];
    if (seq != kBlankSeq) board.record(i, seq, state);
  }
}

struct Seen {
  sim::NorFlash::Snapshot flash;
  SlotIndex running;
  int depth;
  std::string history;
};

/// Every flash that `depth` steps lead to. Returns how many there are.
std::size_t explore(const Start& start, const Sdk& sdk, int depth) {
  Board board{start.shape};
  put(board, start);
  std::unordered_set<std::uint64_t> known;
  std::deque<Seen> to_do{{board.flash.snapshot(), board.reset(sdk.policy), 0, start.name}};
  to_do.front().flash = board.flash.snapshot();
  for (; !to_do.empty() && !testing::Test::HasFailure(); to_do.pop_front()) {
    const Seen& seen = to_do.front();
    const auto at_seen = [&] {
      board.flash.restore(seen.flash);
      board.power_on();
      return Life{board, sdk, seen.running};
    };
    SCOPED_TRACE(seen.history);
    update_by_dualbank(at_seen());
    update_by_vendor(at_seen());
    if (seen.depth == depth) continue;
    for (const Step& step : steps()) {
      Life life = at_seen();
      step.take(life);
      EXPECT_TRUE(board.flash.violations().empty()) << step.name;
      if (!known.insert(board.flash.digest() * 16 + static_cast<std::uint64_t>(life.running + 2)).second) continue;
      to_do.push_back({board.flash.snapshot(), life.running, seen.depth + 1, seen.history + ", " + step.name});
    }
  }
  return known.size();
}

TEST(BesideTheVendor, EachStartsAnUpdateAfterTheOtherInAnyState) {
  std::size_t states = 0;
  for (const Start& start : starts()) {
    for (const Sdk& sdk :
         {Sdk{Policy::stock, VendorGeneration::up_to_5_5}, Sdk{Policy::stock, VendorGeneration::from_6_0},
          Sdk{Policy::stock_rollback, VendorGeneration::up_to_5_5},
          Sdk{Policy::stock_rollback, VendorGeneration::from_6_0}}) {
      states += explore(start, sdk, kSanitized ? 2 : 3);
      if (HasFailure()) return;
    }
  }
  RecordProperty("states", std::to_string(states));
  EXPECT_GT(states, kSanitized ? 1'000u : 5'000u);
}

}  // namespace
}  // namespace dualbank::tests
