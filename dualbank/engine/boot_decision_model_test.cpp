// The boot decision against a second one, written from the format's description alone, over every state of a class.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <ostream>
#include <vector>

#include "dualbank/engine/boot_decision.hpp"

namespace dualbank {
namespace model {

constexpr std::uint32_t kErased = 0xFFFF'FFFF;
enum State : std::uint32_t { kNew, kPending, kValid, kInvalid, kAborted };

struct Trial {
  bool running = false, given_up = false;
  unsigned booted = 0;
  friend bool operator==(const Trial&, const Trial&) = default;
};

struct Entry {
  std::uint32_t seq = kErased;
  std::uint32_t state = kErased;
  bool crc_right = false;
  Trial trial{};

  bool select_invalid() const { return seq == kErased || state == kInvalid || state == kAborted; }
  bool select_valid() const { return !select_invalid() && crc_right; }
  bool no_contents() const { return seq == kErased || !crc_right; }
  friend bool operator==(const Entry&, const Entry&) = default;
};

template <class T>
struct Two {
  T zero{};
  T one{};

  T& operator[](int i) { return i == 0 ? zero : one; }
  const T& operator[](int i) const { return i == 0 ? zero : one; }
};

struct App {
  bool there = false;
  bool good = false;
  bool described = true;
  std::uint32_t version = 0;
};

struct Device {
  Two<Entry> otadata{};
  int ota_count = 0;
  std::map<int, App> apps{};  ///< by index: 0.., factory -1, test -2
  bool rollback = false;
  bool ours = false;
  unsigned tries = 3;
  bool anti_rollback = false;
  std::uint32_t efuse = 0;
};

struct Outcome {
  int slot = -99;
  Two<Entry> otadata{};
  std::vector<int> written{};  ///< sectors, in order
  int followed = -1;
  bool doubted = false;  ///< the trial of the image that was chosen is over
  unsigned counted = 0;  ///< the boot on trial that this is
  std::uint32_t efuse = 0;
};

struct Bootloader {
  Device device;
  Outcome out{};

  App& app(int index) { return device.apps[index]; }

  bool version_passes(int index) { return app(index).described && app(index).version >= device.efuse; }

  void burn(int index) {
    if (device.anti_rollback && version_passes(index)) device.efuse = app(index).version;
  }

  int ota_index(const Entry& e) const {
    return static_cast<int>((e.seq - 1u) % static_cast<std::uint32_t>(device.ota_count));
  }

  int newer(bool zero, bool one) const {
    if (zero && one) return device.otadata[1].seq > device.otadata[0].seq ? 1 : 0;
    return zero ? 0 : one ? 1 : -1;
  }

  bool try_load(int index) {
    if (!app(index).there || !app(index).good) return false;
    if (device.anti_rollback && !version_passes(index)) return false;
    out.slot = index;
    return true;
  }

  Outcome boot() {
    if (device.rollback) {
      for (int i = 0; i < 2; ++i) {
        if (device.otadata[i].state == kPending) {
          device.otadata[i].state = kAborted;
          out.written.push_back(i);
        }
      }
    }
    const auto& [e0, e1] = device.otadata;
    const bool initial = e0.no_contents() && e1.no_contents();
    bool repair = false;
    int start = -1;
    int active = -1;
    if (device.anti_rollback && initial) {
      repair = true;
    } else if (!device.anti_rollback && ((e0.select_invalid() && e1.select_invalid()) || device.ota_count == 0)) {
      if (!app(-1).there) {
        start = 0;
        repair = initial;
      }
    } else {
      Two<bool> candidate;
      for (int i = 0; i < 2; ++i) {
        candidate[i] =
            device.otadata[i].select_valid() && (!device.anti_rollback || version_passes(ota_index(device.otadata[i])));
      }
      active = newer(candidate[0], candidate[1]);
      if (active >= 0) {
        start = ota_index(device.otadata[active]);
        if (device.rollback && device.otadata[active].state == kNew) {
          device.otadata[active].state = kPending;
          out.written.push_back(active);
        }
        if (device.otadata[active].state == kValid) burn(start);
      }
    }
    if (device.ours) repair = false;
    out.followed = active;
    const Trial trial = device.ours && active >= 0 ? device.otadata[active].trial : Trial{};
    const unsigned limit = device.tries > 0 ? device.tries : 1;
    out.doubted = trial.running && (trial.given_up || trial.booted >= limit);
    search(start, active);
    if (trial.running && !out.doubted && out.slot == start) out.counted = trial.booted + 1;
    if (out.slot >= 0 && repair) {
      device.otadata[0] = {static_cast<std::uint32_t>(out.slot) + 1, kValid, true};
      out.written.push_back(0);
      burn(out.slot);
    }
    out.otadata = device.otadata;
    out.efuse = device.efuse;
    return out;
  }

  void search(int start, int active) {
    if (device.ours && active >= 0) {
      std::deque<int> places{start};
      if (device.otadata[1 - active].select_valid()) places.push_back(ota_index(device.otadata[1 - active]));
      for (int i = 0; i < device.ota_count; ++i) places.push_back(i);
      places.push_back(-1);
      if (out.doubted) {
        std::erase(places, start);
        places.push_back(start);
      }
      for (const int index : places) {
        if (try_load(index)) return;
      }
    } else {
      for (int index = start; index >= -1; --index) {
        if (try_load(index)) return;
      }
      for (int index = start + 1; index < device.ota_count; ++index) {
        if (try_load(index)) return;
      }
    }
    (void)try_load(-2);
  }
};

BootRecord as_record(const Entry& e) {
  BootRecord record = BootRecord::make(e.seq, static_cast<RecordState>(e.state));
  if (!e.crc_right) record.crc ^= 0x80;
  return record;
}

BootInputs as_inputs(const Device& device) {
  BootInputs in;
  in.records = {as_record(device.otadata[0]), as_record(device.otadata[1])};
  in.slot_count = static_cast<std::uint8_t>(device.ota_count);
  const auto known = [](const Trial& t) {
    return RecordTrial{t.running, t.given_up, static_cast<std::uint8_t>(t.booted)};
  };
  in.trials = {known(device.otadata[0].trial), known(device.otadata[1].trial)};
  in.most_tries = static_cast<std::uint8_t>(device.tries);
  in.anti_rollback = device.anti_rollback;
  in.lowest_secure_version = device.efuse;
  in.described_slots = 0;
  for (const auto& [index, app] : device.apps) {
    if (index == -1) {
      in.has_factory = app.there;
      in.good_factory = app.good && (app.described || !device.anti_rollback);
      in.factory_secure_version = app.version;
    } else if (index == -2) {
      in.good_test = app.good && (app.described || !device.anti_rollback);
      in.test_secure_version = app.version;
    } else {
      if (app.good) in.good_slots = static_cast<std::uint16_t>(in.good_slots | 1 << index);
      if (app.described) in.described_slots = static_cast<std::uint16_t>(in.described_slots | 1 << index);
      in.secure_versions[static_cast<std::size_t>(index)] = app.version;
    }
  }
  return in;
}

std::ostream& operator<<(std::ostream& to, const Device& d) {
  for (const Entry& e : {d.otadata.zero, d.otadata.one}) {
    to << "{seq " << e.seq << " state " << e.state << (e.crc_right ? "" : " bad");
    if (e.trial.running) to << " tried " << e.trial.booted << (e.trial.given_up ? " given up" : "");
    to << "} ";
  }
  for (const auto& [index, app] : d.apps) {
    if (app.there) to << index << (app.good ? "+" : "-") << "v" << app.version << (app.described ? " " : "? ");
  }
  return to << (d.rollback ? "rollback" : d.ours ? "dualbank" : "stock") << " efuse " << d.efuse;
}

/// Empty when both decide alike.
const char* difference(const Device& device) {
  const Outcome expected = Bootloader{device}.boot();
  const BootInputs inputs = as_inputs(device);
  const Policy policy = device.ours ? Policy::dualbank : device.rollback ? Policy::stock_rollback : Policy::stock;
  const BootDecision found = decide_boot(inputs, policy);
  if (found.slot != expected.slot) return "slot";
  if (found.write_count != expected.written.size()) return "number of writes";
  for (std::size_t i = 0; i < expected.written.size(); ++i) {
    if (found.writes[i].sector != expected.written[i]) return "sectors written";
  }
  const BootRecords records = found.records_after(inputs.records);
  const BootRecords wanted{as_record(expected.otadata.zero), as_record(expected.otadata.one)};
  if (records != wanted) return "records afterwards";
  if (found.raised_secure_version != expected.efuse) return "eFuse counter";
  if ((found.slot == kNoSlot) != (found.reason == BootReason::nothing_boots)) return "reason: nothing boots";
  if ((found.slot == kTestSlot) != (found.reason == BootReason::test_app)) return "reason: test app";
  if (found.followed != expected.followed) return "record followed";
  if (found.trial_over != expected.doubted) return "trial over";
  if (found.trial_boot != expected.counted) return "boot on trial";
  const bool runs = found.slot >= kFactorySlot;
  if ((runs && expected.doubted) != (found.reason == BootReason::trial_failed)) return "reason: trial failed";
  const bool tried = expected.counted > 0 && found.slot == found.chosen;
  if (tried != (found.reason == BootReason::trial_boot)) return "reason: trial";
  const bool fell = runs && found.slot != found.chosen && !expected.doubted;
  if (fell != (found.reason == BootReason::fallback)) return "reason: fallback";
  return "";
}

std::vector<Entry> entries(const std::vector<std::uint32_t>& seqs, const std::vector<std::uint32_t>& states) {
  std::vector<Entry> all;
  for (const std::uint32_t state : states) {
    all.push_back({kErased, state, false});
    all.push_back({kErased, state, true});
    for (const std::uint32_t seq : seqs) {
      all.push_back({seq, state, true});
      all.push_back({seq, state, false});
    }
  }
  return all;
}

class BootModel : public testing::Test {
 protected:
  void check(const Device& device) {
    ++states_;
    const std::string what = difference(device);
    if (!what.empty() && ++failures_ <= 5) ADD_FAILURE() << what << ": " << device;
  }
  void TearDown() override {
    EXPECT_EQ(failures_, 0u) << "of " << states_ << " states";
    RecordProperty("states", std::to_string(states_));
  }

  std::size_t states_ = 0;
  std::size_t failures_ = 0;
};

TEST_F(BootModel, AgreesInEveryStateOfRecordsSlotsAndPolicies) {
  const auto all = entries({0, 1, 2, 3}, {kNew, kPending, kValid, kInvalid, kAborted, 7, kErased});
  for (const Entry& e0 : all) {
    for (const Entry& e1 : all) {
      Device device{.otadata = {e0, e1}};
      for (int count = 0; count <= 2; ++count) {
        device.ota_count = count;
        for (unsigned bits = 0; bits < 4u << count; ++bits) {
          device.apps.clear();
          device.apps[-1] = {.there = (bits & 1) != 0, .good = (bits & 2) != 0};
          for (int i = 0; i < count; ++i) device.apps[i] = {.there = true, .good = (bits >> (2 + i) & 1) != 0};
          for (const int policy : {0, 1, 2}) {
            device.rollback = policy == 1;
            device.ours = policy == 2;
            check(device);
          }
        }
      }
    }
  }
  EXPECT_EQ(states_, 70u * 70u * (4 + 8 + 16) * 3);
}

TEST_F(BootModel, AgreesInEveryStateOfTrials) {
  const std::vector<Trial> trials{
      {}, {false, true, 3}, {true, false, 0}, {true, false, 2}, {true, false, 3}, {true, false, 255}, {true, true, 0}};
  std::vector<Entry> all;
  for (const Entry& e : entries({1, 2, 3}, {kNew, kValid, kInvalid, kErased})) {
    if (e.seq == kErased && e.state != kErased) continue;
    for (const Trial& trial : trials) {
      all.push_back(e);
      all.back().trial = trial;
    }
  }
  for (const Entry& e0 : all) {
    for (const Entry& e1 : all) {
      Device device{.otadata = {e0, e1}, .ours = true};
      for (unsigned bits = 0; bits < 32; ++bits) {
        device.ota_count = bits < 16 ? 2 : 3;
        device.apps.clear();
        for (int i = 0; i < device.ota_count; ++i) device.apps[i] = {.there = true, .good = (bits >> i & 1) != 0};
        if ((bits & 4) != 0) device.apps[-1] = {.there = true, .good = true};
        if ((bits & 8) != 0) device.apps[-2] = {.there = true, .good = true};
        device.tries = (e0.seq + e1.seq + bits) % 5 == 4 ? 255 : (e0.seq + e1.seq + bits) % 5;
        check(device);
      }
    }
  }
}

TEST_F(BootModel, AgreesForManySlotsWithATestApp) {
  const auto all = entries({0, 1, 4, 5, 6, 16, 0xFFFF'FFFE}, {kNew, kPending, kAborted, kErased});
  for (const Entry& e0 : all) {
    for (const Entry& e1 : all) {
      Device device{.otadata = {e0, e1}};
      for (const int count : {3, 5, 16}) {
        device.ota_count = count;
        for (const unsigned good : {0u, 1u, 2u, 5u, 0x10u, 0x8000u, 0xFFFEu}) {
          device.apps.clear();
          device.apps[-2] = {.there = true, .good = true};
          device.apps[-1] = {.there = good == 2, .good = true};
          for (int i = 0; i < count; ++i) device.apps[i] = {.there = true, .good = (good >> i & 1) != 0};
          device.rollback = good != 5;
          device.ours = !device.rollback;
          check(device);
        }
      }
    }
  }
}

TEST_F(BootModel, AgreesUnderAntiRollback) {
  const auto all = entries({1, 2, 4}, {kNew, kPending, kValid, kInvalid});
  constexpr std::array<App, 4> kApps{
      {{true, true, true, 0}, {true, true, true, 2}, {true, false, true, 3}, {true, true, false, 1}}};
  for (const Entry& e0 : all) {
    for (const Entry& e1 : all) {
      Device device{.otadata = {e0, e1}, .ota_count = 2, .anti_rollback = true};
      device.otadata.zero.trial = {true, false, 1};
      device.otadata.one.trial = {true, e0.seq == 1, e1.seq};
      for (const App& a0 : kApps) {
        for (const App& a1 : kApps) {
          for (const std::uint32_t efuse : {0u, 1u, 2u, 3u}) {
            for (const int policy : {0, 1, 2}) {
              device.apps = {{0, a0}, {1, a1}, {-1, {.there = efuse == 1, .good = true, .version = 2}}};
              device.efuse = efuse;
              device.rollback = policy == 1;
              device.ours = policy == 2;
              check(device);
            }
          }
        }
      }
    }
  }
}

TEST_F(BootModel, WhatBootsOnceWithRollbackOffBootsAgainWithoutFurtherWrites) {
  const auto all = entries({0, 1, 2, 3}, {kNew, kPending, kValid, kAborted, kErased});
  for (const Entry& e0 : all) {
    for (const Entry& e1 : all) {
      for (unsigned good = 1; good < 4; ++good) {
        BootInputs inputs{.records = {as_record(e0), as_record(e1)}, .slot_count = 2};
        inputs.good_slots = static_cast<std::uint16_t>(good);
        const BootDecision first = decide_boot(inputs, Policy::stock);
        inputs.records = first.records_after(inputs.records);
        const BootDecision second = decide_boot(inputs, Policy::stock);
        ASSERT_EQ(second.slot, first.slot);
        ASSERT_EQ(second.write_count, 0);
      }
    }
  }
}

}  // namespace model
}  // namespace dualbank
