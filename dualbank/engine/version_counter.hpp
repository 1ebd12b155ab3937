// Anti-rollback: the lowest secure version that may run, behind a hook. An image whose descriptor names a lower one is
// refused. On ESP the counter is in eFuses (dualbank/ports/esp_idf/); elsewhere VersionRecord, or OwnVersion.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

/// What updater and bootloader ask. `confirmed`: the slot that runs, where its image is confirmed; else not present.
class VersionRule {
 public:
  VersionRule(const VersionRule&) = delete;
  VersionRule& operator=(const VersionRule&) = delete;

  /// Whether an image of that version may run. Errors: those of the flash; image_version_too_low.
  [[nodiscard]] virtual Event check(Flash& flash, const Extent& confirmed, std::uint32_t version) = 0;
  /// Whether follow() would raise anything. Errors: those of the flash.
  [[nodiscard]] virtual Result<bool> behind(Flash& flash, const Extent& confirmed) = 0;
  /// From now on at least the confirmed image's version. Called after every confirm() and in every open(). Errors:
  /// those of the flash.
  [[nodiscard]] virtual Event follow(Flash& flash, const Extent& confirmed) = 0;

 protected:
  constexpr VersionRule() = default;
  ~VersionRule() = default;
};

/// A number that is kept somewhere.
class VersionCounter : public VersionRule {
 public:
  /// Errors: those of the flash.
  [[nodiscard]] virtual Result<std::uint32_t> lowest(Flash& flash) = 0;
  /// From now on at least `version`: never lowers. May be called with what it holds already. Errors: those of the
  /// flash.
  [[nodiscard]] virtual Event raise(Flash& flash, std::uint32_t version) = 0;

  // In the header: a class with RTTI can derive from this one, although the engine is built without.
  [[nodiscard]] Event check(Flash& flash, const Extent& /*confirmed*/, std::uint32_t version) final {
    return check_counted(flash, version);
  }
  [[nodiscard]] Result<bool> behind(Flash& flash, const Extent& confirmed) final { return is_behind(flash, confirmed); }
  [[nodiscard]] Event follow(Flash& flash, const Extent& confirmed) final { return follow_confirmed(flash, confirmed); }

 protected:
  constexpr VersionCounter() = default;
  ~VersionCounter() = default;

 private:
  [[nodiscard]] Event check_counted(Flash& flash, std::uint32_t version);
  [[nodiscard]] Result<bool> is_behind(Flash& flash, const Extent& confirmed);
  [[nodiscard]] Event follow_confirmed(Flash& flash, const Extent& confirmed);
};

/// No counter: what the confirmed image that runs has is the least. Our bootloader, which runs none, refuses nothing by
/// it: an older image that is still in the other slot boots where the newer one is broken.
class OwnVersion final : public VersionRule {
 public:
  constexpr OwnVersion() = default;
  [[nodiscard]] Event check(Flash& flash, const Extent& confirmed, std::uint32_t version) override;
  [[nodiscard]] Result<bool> behind(Flash& /*flash*/, const Extent& /*confirmed*/) override { return false; }
  [[nodiscard]] Event follow(Flash& /*flash*/, const Extent& /*confirmed*/) override { return {}; }
};

/// A record in two sectors of the flash that nothing else uses: a partition of its own, never otadata. It holds against
/// old firmware that comes over the air. Whoever can write all of the flash can erase it: that takes eFuses.
///
/// A log: each raise appends cells, until the sector is full and the other one is erased. A cell is 16 bytes, or a
/// write unit where that is more:
///
/// | offset | bytes | what                                  |
/// |--------|-------|---------------------------------------|
/// | 0      | 4     | "DBV1"                                |
/// | 4      | 4     | the version                           |
/// | 8      | 4     | the version, all bits turned over     |
/// | 12     | 4     | standard CRC-32 of the 12 bytes above |
///
/// The largest version of all sound cells counts. A program or an erase that is cut moves bits one way only, and then
/// the second field no longer fits the first: no cut makes a number that nobody wrote. What is raised stands in two
/// cells before raise() returns ok, so that bits which read differently tomorrow cost one of them at most.
class VersionRecord final : public VersionCounter {
 public:
  /// `sectors`: two of the flash's smallest erase units, one behind the other. Precondition: write units of at most 32
  /// bytes.
  explicit constexpr VersionRecord(const Extent& sectors) : sectors_(sectors) {}

  /// Where else they are, before the first call.
  void place(const Extent& sectors) { sectors_ = sectors; }

  [[nodiscard]] Result<std::uint32_t> lowest(Flash& flash) override;
  /// Errors: those of the flash; layout_misaligned: these are no two sectors of it.
  [[nodiscard]] Event raise(Flash& flash, std::uint32_t version) override;

 private:
  struct Look;

  [[nodiscard]] Event look(Flash& flash, Look& look) const;
  [[nodiscard]] Event append(Flash& flash, Look& look, std::uint32_t version) const;
  [[nodiscard]] static std::uint32_t cell_bytes(const Flash& flash);

  Extent sectors_;
};

}  // namespace dualbank
