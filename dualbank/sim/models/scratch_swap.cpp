#include "dualbank/sim/models/scratch_swap.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "dualbank/sim/firmware_image.hpp"
#include "dualbank/sim/models/image_version.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kSectorBytes = 0x1000;
constexpr int kSectors = 3;
constexpr std::uint32_t kSlotBytes = kSectors * kSectorBytes;
constexpr std::uint32_t kPrimary = 0;
constexpr std::uint32_t kSecondary = kPrimary + kSlotBytes;
constexpr std::uint32_t kScratch = kSecondary + kSlotBytes;
constexpr std::uint32_t kFlashBytes = kScratch + kSectorBytes;
constexpr std::uint32_t kDoneBytes = 8;
constexpr std::array<std::byte, 16> kMagic{std::byte{0x5C}, std::byte{0x2A}, std::byte{0x71}, std::byte{0x0D},
                                           std::byte{0xE8}, std::byte{0x93}, std::byte{0x46}, std::byte{0xB0},
                                           std::byte{0x1F}, std::byte{0xC5}, std::byte{0x38}, std::byte{0x6A},
                                           std::byte{0xD4}, std::byte{0x07}, std::byte{0x9E}, std::byte{0x62}};
constexpr std::uint32_t kMagicBytes = 16;

/// How far one sector is: the number of its marks.
enum Progress : int {
  untouched = 0,       ///< primary: old, secondary: new
  in_scratch = 1,      ///< primary: old, scratch: new
  in_secondary = 2,    ///< secondary: old, scratch: new
  sector_swapped = 3,  ///< primary: new, secondary: old
};

/// An answer of the flash that ends the power session.
struct Stopped {
  Status status;
};

void need(Status status) {
  if (status != Status::ok) throw Stopped{status};
}

const std::vector<std::byte>& image_of(int version) {
  static const std::array<std::vector<std::byte>, 2> images{firmware_image("1", 10'240), firmware_image("2", 10'752)};
  return images[static_cast<std::size_t>(version - kInstalledVersion)];
}

class Device {
 public:
  explicit Device(Flash& flash) : flash_(flash), unit_(flash.geometry().write_unit_bytes) {}

  /// The bootloader; true when the primary slot's image verifies.
  bool boot() {
    if (has_magic(kScratch + kSectorBytes)) {
      swap_from(kSectors - 1, marks_at(scratch_marks()));
    } else if (!(has_magic(kPrimary + kSlotBytes) && !blank(done_mark()))) {
      resume_from_primary();
    }
    if (has_magic(kSecondary + kSlotBytes)) {
      if (verifies(kSecondary)) {
        swap_from(kSectors - 1, untouched);
      } else {
        erase(kSecondary + kSlotBytes - kSectorBytes);
      }
    }
    return verifies(kPrimary);
  }

  /// The application of version 1: receives version 2 and asks for the swap.
  void update() {
    for (int sector = 0; sector < kSectors; ++sector) erase(sector_at(kSecondary, sector));
    write(kSecondary, image_of(kWantedVersion));
    write_magic(kSecondary + kSlotBytes);
  }

  [[nodiscard]] std::optional<int> version() { return image_version(flash_, kPrimary); }

 private:
  // ---- the swap

  void resume_from_primary() {
    if (marks_at(primary_marks(kSectors - 1)) != sector_swapped) return;
    for (int sector = kSectors - 2; sector >= 0; --sector) {
      const int marks = marks_at(primary_marks(sector));
      if (marks != sector_swapped) return swap_from(sector, marks);
    }
    write_mark(done_mark(), 1);
  }

  void swap_from(int sector, int progress) {
    for (; sector >= 0; --sector, progress = untouched) swap_sector(sector, progress);
    write_mark(done_mark(), 1);
  }

  void swap_sector(int sector, int progress) {
    const bool last = sector == kSectors - 1;
    const std::uint32_t marks = last ? scratch_marks() : primary_marks(sector);
    if (progress == untouched) {
      erase(kScratch);
      if (last) write_magic(kScratch + kSectorBytes);
      copy(sector_at(kSecondary, sector), kScratch, last);
      write_mark(mark_at(marks, in_scratch), in_scratch);
      progress = in_scratch;
    }
    if (progress == in_scratch) {
      erase(sector_at(kSecondary, sector));
      copy(sector_at(kPrimary, sector), sector_at(kSecondary, sector), last);
      write_mark(mark_at(marks, in_secondary), in_secondary);
    }
    erase(sector_at(kPrimary, sector));
    copy(kScratch, sector_at(kPrimary, sector), last);
    if (last) write_magic(kPrimary + kSlotBytes);
    write_mark(mark_at(primary_marks(sector), sector_swapped), sector_swapped);
  }

  void copy(std::uint32_t from, std::uint32_t to, bool without_trailer) {
    std::vector<std::byte> bytes(kSectorBytes - (without_trailer ? trailer_bytes() : 0));
    need(flash_.read(from, bytes));
    write(to, bytes);
  }

  // ---- where things are

  static std::uint32_t sector_at(std::uint32_t slot, int sector) {
    return slot + static_cast<std::uint32_t>(sector) * kSectorBytes;
  }
  [[nodiscard]] std::uint32_t trailer_bytes() const { return 3 * kSectors * unit_ + kDoneBytes + kMagicBytes; }
  [[nodiscard]] static std::uint32_t done_mark() { return kPrimary + kSlotBytes - kMagicBytes - kDoneBytes; }
  [[nodiscard]] std::uint32_t primary_marks(int sector) const {
    return kPrimary + kSlotBytes - trailer_bytes() + static_cast<std::uint32_t>(kSectors - 1 - sector) * 3 * unit_;
  }
  [[nodiscard]] std::uint32_t scratch_marks() const { return kScratch + kSectorBytes - kMagicBytes - 3 * unit_; }
  [[nodiscard]] std::uint32_t mark_at(std::uint32_t marks, int progress) const {
    return marks + static_cast<std::uint32_t>(progress - 1) * unit_;
  }

  // ---- flash

  [[nodiscard]] bool blank(std::uint32_t address) {
    std::array<std::byte, 1> byte{};
    need(flash_.read(address, byte));
    return byte[0] == flash_.geometry().erased;
  }
  [[nodiscard]] int marks_at(std::uint32_t marks) {
    int found = untouched;
    for (int n = in_scratch; n <= sector_swapped; ++n) {
      if (!blank(mark_at(marks, n))) found = n;
    }
    return found;
  }
  [[nodiscard]] bool has_magic(std::uint32_t end) {
    std::array<std::byte, kMagicBytes> found{};
    need(flash_.read(end - static_cast<std::uint32_t>(found.size()), found));
    return found == kMagic;
  }
  [[nodiscard]] bool verifies(std::uint32_t slot) {
    std::array<std::byte, 512> buffer;
    const Extent extent{slot, kSlotBytes - trailer_bytes()};
    const auto rules = ImageRules::strict(kFirmwareChip, extent.size_bytes, slot);
    const auto verified = verify_slot(flash_, extent, rules, buffer);
    if (!verified && verified.error().code == Status::power_lost) throw Stopped{Status::power_lost};
    return verified.has_value();
  }

  void erase(std::uint32_t address) { need(flash_.erase(address, kSectorBytes)); }
  void write(std::uint32_t address, Bytes bytes) {
    const std::size_t page = flash_.geometry().page_bytes;
    while (!bytes.empty()) {
      const std::size_t size = std::min(page, bytes.size());
      need(flash_.program(address, bytes.first(size)));
      address += static_cast<std::uint32_t>(size);
      bytes = bytes.subspan(size);
    }
  }
  void write_magic(std::uint32_t end) { write(end - static_cast<std::uint32_t>(kMagicBytes), kMagic); }
  void write_mark(std::uint32_t address, int value) {
    std::array<std::byte, 8> bytes;
    bytes.fill(flash_.geometry().erased);
    bytes[0] = static_cast<std::byte>(value);
    write(address, Bytes{bytes}.first(unit_));
  }

  Flash& flash_;
  std::uint32_t unit_;
};

}  // namespace

Geometry ScratchSwap::geometry() const { return {.size_bytes = kFlashBytes, .write_unit_bytes = write_unit_bytes_}; }

void ScratchSwap::start(NorFlash& flash) const {
  flash.reboot();
  flash.put(0, std::vector<std::byte>(kFlashBytes, flash.geometry().erased));
  flash.put(kPrimary, image_of(kInstalledVersion));
}

Status ScratchSwap::power_session(NorFlash& flash) const {
  Device device(flash);
  constexpr int kMostResets = 8;
  try {
    for (int resets = 0; resets < kMostResets; ++resets) {
      if (!device.boot() || device.version() == kWantedVersion) return Status::ok;
      device.update();
      flash.reset();
    }
  } catch (const Stopped& stopped) {
    return stopped.status;
  }
  return Status::ok;
}

std::optional<int> ScratchSwap::boots(const NorFlash& flash) const {
  NorFlash copy(geometry());
  copy.restore(flash.snapshot());
  Device device(copy);
  try {
    return device.boot() ? device.version() : std::nullopt;
  } catch (const Stopped&) {
    return std::nullopt;
  }
}

}  // namespace dualbank::sim
