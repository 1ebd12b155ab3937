#include "dualbank/cli/table_findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

using Findings = std::vector<Finding>;

constexpr std::uint32_t kAppAlignment = 0x10000;
constexpr std::uint32_t kDataAlignment = 0x1000;
constexpr std::uint32_t kOneMebibyte = 1U << 20;
constexpr unsigned kMostSizeNibble = 7;
constexpr unsigned kSizeNibbleIfUnknown = 1;

std::string name_of(const Partition& partition) { return printable(partition.label_text()); }

void look_at_row(const Partition& p, Findings& findings) {
  const bool app = p.type == partition_type::kApp;
  const std::uint32_t alignment = app ? kAppAlignment : kDataAlignment;
  if (p.offset % alignment != 0 || (app && p.size_bytes % kDataAlignment != 0)) {
    findings.push_back(
        {Severity::warning, "table", "partition_misaligned",
         fmt::format("{} stands at {:#x} and has {:#x} bytes, and {} partition begins at a multiple of {:#x}",
                     name_of(p), p.offset, p.size_bytes, app ? "an app" : "a data", alignment),
         "a bootloader does not look at that, but mapped parts of an app do not fit there"});
  }
  if (p.is(partition_type::kData, data_subtype::kOta) && p.size_bytes > kOtadataBytes) {
    findings.push_back({Severity::note, "table", "otadata_size",
                        fmt::format("{} has {:#x} bytes, of which the boot records are the first {:#x}", name_of(p),
                                    p.size_bytes, kOtadataBytes),
                        ""});
  }
}

void look_at_pair(const Partition& a, const Partition& b, Findings& findings) {
  const auto end = [](const Partition& p) { return std::uint64_t{p.offset} + p.size_bytes; };
  if (a.offset < end(b) && b.offset < end(a)) {
    findings.push_back(
        {Severity::warning, "table", "partition_overlap",
         fmt::format("{} and {} share the bytes from {:#x}", name_of(a), name_of(b), std::max(a.offset, b.offset)),
         "what one of them writes, the other loses"});
  }
  if (!name_of(a).empty() && a.label == b.label) {
    findings.push_back({Severity::warning, "table", "partition_name_twice",
                        fmt::format("two partitions are named {}", name_of(a)),
                        "an app that looks for it finds the first"});
  }
}

}  // namespace

std::uint32_t flash_size_in_header(FlashView& view) {
  if (!view.has_bootloader()) return 0;
  const std::uint32_t at = find_chip(view.chip_id())->bootloader_offset;
  if (!view.knows({at, kImageHeaderBytes})) return 0;
  const unsigned nibble = ImageHeader::parse(view.read(at, kImageHeaderBytes)).spi_speed_and_size >> 4;
  return kOneMebibyte << (nibble > kMostSizeNibble ? kSizeNibbleIfUnknown : nibble);
}

void look_at_rows(FlashView& view, Findings& findings) {
  const auto partitions = view.partitions();
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    look_at_row(partitions[i], findings);
    for (std::size_t j = 0; j < i; ++j) look_at_pair(partitions[j], partitions[i], findings);
    end = std::max(end, std::uint64_t{partitions[i].offset} + partitions[i].size_bytes);
  }
  const std::uint32_t said = flash_size_in_header(view);
  if (said == 0 || end <= said) return;
  findings.push_back(
      {Severity::error, "bootloader", "flash_size_in_header",
       fmt::format("the bootloader's header says {} of flash, and the partitions end at {:#x}: it refuses "
                   "the table and resets for ever",
                   size_text(said), end),
       "write the bootloader again with esptool write-flash --flash-size detect"});
}

}  // namespace dualbank::cli
