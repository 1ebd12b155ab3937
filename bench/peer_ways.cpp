// What other updaters ask of the flash for the same update, step by step.
#include <algorithm>
#include <array>

#include "bench/ways.hpp"
#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank::bench {
namespace {

constexpr std::uint32_t kSector = 0x1000;
constexpr std::uint32_t kBlock = 0x1'0000;
constexpr std::uint32_t kPage = 256;
constexpr std::uint32_t kChunk = 1024;

std::uint32_t up_to_sector(std::size_t size) {
  return (static_cast<std::uint32_t>(size) + kSector - 1) & ~(kSector - 1);
}

void erase(Bench& bench, std::uint32_t address, std::uint32_t size) {
  static_cast<void>(bench.flash.erase(address, size));
}

/// esp_flash_erase_region: blocks where they fit, else sectors. `yields`: other tasks run between them.
void erase_region(Bench& bench, std::uint32_t from, std::uint32_t size, bool yields) {
  for (std::uint32_t at = from; at < from + size;) {
    const bool block = at % kBlock == 0 && from + size - at >= kBlock;
    erase(bench, at, block ? kBlock : kSector);
    at += block ? kBlock : kSector;
    if (yields) bench.yield();
  }
}

void program(Bench& bench, std::uint32_t address, Bytes bytes) {
  while (!bytes.empty()) {
    const Bytes page = bytes.first(std::min<std::size_t>(bytes.size(), kPage - address % kPage));
    static_cast<void>(bench.flash.program(address, page));
    address += static_cast<std::uint32_t>(page.size());
    bytes = bytes.subspan(page.size());
  }
}

void program_image(Bench& bench, const Update& update, std::uint32_t slot, std::uint32_t chunk_bytes = kChunk) {
  for (std::size_t at = 0; at < update.image.size(); at += chunk_bytes) {
    const Bytes chunk = Bytes{update.image}.subspan(at, std::min<std::size_t>(chunk_bytes, update.image.size() - at));
    program(bench, slot + static_cast<std::uint32_t>(at), chunk);
    bench.yield();
  }
}

/// The vendor's: the other record's sector, erased and written.
void set_boot(Bench& bench) {
  const std::uint32_t sector = kOtadataOffset + kOtadataSectorBytes;
  erase(bench, sector, kSector);
  program(bench, sector, BootRecord::make(4, RecordState::undefined).bytes());
  bench.yield();
}

void circuitpython(Bench& bench, const Update& update) {
  erase_region(bench, kSlotOffset, kSlotBytes, false);
  program_image(bench, update, kSlotOffset);
  set_boot(bench);
}

void vendor_sequential(Bench& bench, const Update& update) {
  for (std::uint32_t at = 0; at < update.image.size(); at += kChunk) {
    if (at % kSector == 0) {
      erase(bench, kSlotOffset + at, kSector);
      bench.yield();
    }
    program(bench, kSlotOffset + at,
            Bytes{update.image}.subspan(at, std::min<std::size_t>(kChunk, update.image.size() - at)));
    bench.yield();
  }
  set_boot(bench);
}

void vendor_known_length(Bench& bench, const Update& update) {
  erase_region(bench, kSlotOffset, up_to_sector(update.image.size()), true);
  program_image(bench, update, kSlotOffset);
  set_boot(bench);
}

/// With boot_app0.bin, as build systems do it.
void esptool(Bench& bench, const Update& update) {
  erase_region(bench, kOtadataOffset, kOtadataBytes, false);
  program(bench, kOtadataOffset, BootRecord::make(1, RecordState::undefined).bytes());
  erase_region(bench, kRunningOffset, up_to_sector(update.image.size()), false);
  program_image(bench, update, kRunningOffset, kSector);
}

// ---- MCUboot: the image comes into the second slot, sector by sector, and a boot moves it

struct Sector {
  std::array<std::byte, kSector> bytes{};
};

Sector read(const Bench& bench, std::uint32_t address) {
  Sector sector;
  std::ranges::copy(bench.flash.contents().subspan(address, kSector), sector.bytes.begin());
  return sector;
}

void write(Bench& bench, std::uint32_t address, const Sector& sector) {
  erase(bench, address, kSector);
  bench.yield();
  program(bench, address, sector.bytes);
  bench.yield();
}

void download(Bench& bench, const Update& update) {
  for (std::uint32_t at = 0; at < update.image.size(); at += kChunk) {
    if (at % kSector == 0) erase(bench, kSlotOffset + at, kSector);
    bench.yield();
    program(bench, kSlotOffset + at,
            Bytes{update.image}.subspan(at, std::min<std::size_t>(kChunk, update.image.size() - at)));
    bench.yield();
  }
}

/// A trailer at the end of a slot: magic, and a few flags of 8 bytes.
void write_trailer(Bench& bench, std::uint32_t slot, int flags) {
  constexpr std::array<std::byte, 16> kMagic{};
  constexpr std::array<std::byte, 8> kFlag{};
  const std::uint32_t end = slot + kSlotBytes;
  erase(bench, end - kSector, kSector);
  program(bench, end - 16, kMagic);
  for (int i = 1; i <= flags; ++i) program(bench, end - 16 - 8 * static_cast<std::uint32_t>(i), kFlag);
  bench.yield();
}

/// Where the swap stands: 8 bytes for each step.
class SwapStatus {
 public:
  explicit SwapStatus(Bench& bench) : bench_(bench) {}
  void note() {
    constexpr std::array<std::byte, 8> kStep{};
    program(bench_, kSlotOffset - kSector + at_, kStep);
    at_ = (at_ + 8) % (kSector - 64);
  }

 private:
  Bench& bench_;
  std::uint32_t at_ = 0;
};

void mcuboot_overwrite(Bench& bench, const Update& update) {
  download(bench, update);
  write_trailer(bench, kSlotOffset, 0);
  for (std::uint32_t at = 0; at < update.image.size(); at += kSector) {
    write(bench, kRunningOffset + at, read(bench, kSlotOffset + at));
  }
  erase(bench, kSlotOffset, kSector);
  erase(bench, kSlotOffset + kSlotBytes - kSector, kSector);
}

void mcuboot_move(Bench& bench, const Update& update) {
  download(bench, update);
  write_trailer(bench, kSlotOffset, 0);
  write_trailer(bench, kRunningOffset, 3);
  SwapStatus status{bench};
  const std::uint32_t size = up_to_sector(update.image.size());
  for (std::uint32_t at = size; at > 0; at -= kSector) {  // the running image moves up by one sector
    write(bench, kRunningOffset + at, read(bench, kRunningOffset + at - kSector));
    status.note();
  }
  for (std::uint32_t at = 0; at < size; at += kSector) {
    write(bench, kRunningOffset + at, read(bench, kSlotOffset + at));
    status.note();
    write(bench, kSlotOffset + at, read(bench, kRunningOffset + at + kSector));
    status.note();
  }
}

void mcuboot_offset(Bench& bench, const Update& update) {
  // The new image lies one sector further up, so that nothing needs to be moved first.
  download(bench, update);
  write_trailer(bench, kSlotOffset, 0);
  write_trailer(bench, kRunningOffset, 3);
  SwapStatus status{bench};
  for (std::uint32_t at = 0; at < update.image.size(); at += kSector) {
    const Sector running = read(bench, kRunningOffset + at);
    write(bench, kRunningOffset + at, read(bench, kSlotOffset + at));
    status.note();
    write(bench, kSlotOffset + at, running);
    status.note();
  }
}

void mcuboot_scratch(Bench& bench, const Update& update) {
  constexpr std::uint32_t kScratch = 0x3F'0000;
  download(bench, update);
  write_trailer(bench, kSlotOffset, 0);
  write_trailer(bench, kRunningOffset, 3);
  SwapStatus status{bench};
  for (std::uint32_t at = 0; at < update.image.size(); at += kSector) {
    write(bench, kScratch, read(bench, kSlotOffset + at));
    status.note();
    write(bench, kSlotOffset + at, read(bench, kRunningOffset + at));
    status.note();
    write(bench, kRunningOffset + at, read(bench, kScratch));
    status.note();
  }
}

constexpr std::array kWays{
    Way{"CircuitPython dualbank", "erases the whole slot in one go", Kind::peer, circuitpython},
    Way{"esp_ota, sequential", "OTA_WITH_SEQUENTIAL_WRITES, pieces of 1 KiB", Kind::peer, vendor_sequential},
    Way{"esp_ota, known length", "erases for the image first", Kind::peer, vendor_known_length},
    Way{"esptool", "a whole image by a programmer, over what runs", Kind::peer, esptool},
    Way{"MCUboot overwrite", "download, then a copy over what runs", Kind::peer, mcuboot_overwrite},
    Way{"MCUboot move", "download, then a swap by moving", Kind::peer, mcuboot_move},
    Way{"MCUboot offset", "download, then a swap with an offset", Kind::peer, mcuboot_offset},
    Way{"MCUboot scratch", "download, then a swap over one scratch sector", Kind::peer, mcuboot_scratch},
};

}  // namespace

std::span<const Way> peer_ways() { return kWays; }

}  // namespace dualbank::bench
