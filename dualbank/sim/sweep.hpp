// Power cuts for your own update code: your function, your order of calls, your idea of what may boot.
//
//   TEST(Product, NoCutBricksIt) {
//     const dualbank::sim::Sweep sweep{.flash = dualbank::sim::w25q32jv(), .start = factory_flash_bytes(), .depth = 2};
//     const auto report = sweep.run([](dualbank::Flash& flash) { my_update(flash); },
//                                   [](const dualbank::sim::Boot& boot) { return boot.valid_image; });
//     EXPECT_TRUE(report) << report;
//   }
//
// Works in any test framework and in none. Every cut costs a run of your update: take a small image, on a chip and a
// layout like yours.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/slot_index.hpp"
#include "dualbank/sim/cut_tree.hpp"
#include "dualbank/sim/parts.hpp"

namespace dualbank::sim {

/// What a reset boots.
struct Boot {
  bool valid_image = false;  ///< something boots, and its image verifies
  SlotIndex slot = kNoSlot;
  std::string version{};  ///< of the app descriptor; empty without one
  std::string project{};
  BootReason reason = BootReason::nothing_boots;
  BootRecords records{};  ///< as the bootloader finds them

  [[nodiscard]] std::string to_text() const;  ///< "ota_1 boots: demo 2.0 (active_record)"
};

/// What a sweep did, and what it found.
struct CutReport {
  struct Unsafe {
    std::string replay_id;  ///< for Sweep::replay; empty: it goes wrong without any cut
    std::string problem;
    std::string found_as;  ///< the cuts before they were shrunk
  };
  CutCounts counts{};
  std::vector<Unsafe> failures{};
  double seconds = 0;

  [[nodiscard]] bool safe() const { return failures.empty(); }
  explicit operator bool() const { return safe(); }
  /// Lines: cuts by kind and depth, each failure with its replay id, and last "N distinct cuts, U unsafe, in S s".
  [[nodiscard]] std::string to_text() const;
  friend std::ostream& operator<<(std::ostream& out, const CutReport& report);
};

/// A sweep's settings. Only `flash` and `start` must be given.
struct Sweep {
  /// Your firmware: called after each boot that starts something. It finds the flash as the power cut left it. When
  /// the power goes in it, every call answers power_lost until it returns; what it throws then is left alone. What it
  /// throws with the power on is a failure.
  using Update = std::function<void(Flash&)>;
  /// May this boot? Asked at every boot.
  using Invariant = std::function<bool(const Boot&)>;

  Part flash{};                    ///< a part of parts.hpp, or {.name = "mine", .geometry = {...}}
  std::vector<std::byte> start{};  ///< the flash's first bytes; what is beyond them is erased
  /// The power is cut again in what the device does after a cut, so many cuts deep. Cuts within a slot's data are
  /// followed to their end once; the later cuts are on boot records, with Thoroughness::every on all data too.
  unsigned depth = 1;
  Policy policy = Policy::stock;  ///< the bootloader
  std::uint32_t table_offset = kDefaultTableOffset;
  /// Of the first cut on boot records; on other data, and of later cuts, it is one less.
  Thoroughness thoroughness = Thoroughness::some;
  unsigned boots = 1;             ///< how often the device boots and update() is called when no cut comes between
  std::uint32_t lives = 0;        ///< besides: lives with depth + 1 cuts at random
  std::uint64_t seed = 1;         ///< of these
  std::size_t most_failures = 1;  ///< the sweep ends with so many
  /// Must hold when update() has come to its end undisturbed: "the update goes on to its right end". Empty: nothing.
  Invariant finally{};
  /// Your own bootloader, for a flash that is not laid out as an ESP's: says what boots, and may write. Only what the
  /// invariants ask for must be filled in. Update is called when `valid_image` is set. Policy and table_offset do not
  /// count then, and every address counts as a boot record, unless `records` says where they are.
  std::function<Boot(Flash&)> boot{};
  std::optional<Extent> records{};

  /// Throws std::invalid_argument when `start` does not fit, or holds no partition table and `boot` is empty.
  [[nodiscard]] CutReport run(const Update& update, const Invariant& invariant) const;
  /// Does exactly these cuts: what goes wrong, nothing when all is well. Throws std::invalid_argument as run does, and
  /// for an id that is none.
  [[nodiscard]] std::string replay(std::string_view replay_id, const Update& update, const Invariant& invariant) const;
};

}  // namespace dualbank::sim
