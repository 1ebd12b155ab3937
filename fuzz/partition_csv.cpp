// Tables as people write them. What is taken can be written, in both forms, and read again.
#include "dualbank/formats/partition_csv.hpp"

#include <array>
#include <string>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

bool same(const Partition& a, const Partition& b) {
  std::array<std::byte, kPartitionRowBytes> first{}, second{};
  a.store(first);
  b.store(second);
  return first == second;
}

}  // namespace

void partition_csv(Bytes input) {
  Draw draw{input};
  const std::uint8_t how = draw.byte();
  const CsvOptions options{.bootloader_offset = (how & 1) != 0 ? 0x1000 : kOffsetNotGiven,
                           .recovery_bootloader_offset = (how & 2) != 0 ? 0x3F'0000 : kOffsetNotGiven,
                           .flash_size_bytes = (how & 4) != 0 ? 0x40'0000U : 0,
                           .secure_boot_v1 = (how & 8) != 0};
  const Bytes raw = draw.rest();
  const std::span text{reinterpret_cast<const char*>(raw.data()), raw.size()};
  std::array<Partition, kMostPartitions> rows{};
  const auto count = parse_partition_csv(text, rows, options);
  if (!count) return;
  require(*count <= rows.size(), "no more rows than there is room for");
  const std::span<const Partition> parsed{rows.data(), *count};
  std::array<std::byte, kPartitionTableBytes> table{};
  require(!write_partition_table(parsed, table).failed(), "what a CSV file says can be written as a table");

  std::array<char, 16384> written{};
  const auto length = write_partition_csv(parsed, written);
  if (!length) return;
  std::array<Partition, kMostPartitions> again{};
  const auto second = parse_partition_csv(std::span{written}.first(*length), again, options);
  if (!second) return;  // of what the vendor's tool takes only in the order of its own placing
  require(*second == *count, "a CSV file of ours has the same rows");
  for (std::uint32_t i = 0; i < *count; ++i) require(same(rows[i], again[i]), "and each of them is the same");
}

}  // namespace dualbank::fuzz
