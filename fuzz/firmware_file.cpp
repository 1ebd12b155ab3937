// Files of any bytes: whatever is taken for an app lies within the file.
#include "dualbank/formats/firmware_file.hpp"

#include <array>
#include <vector>

#include "dualbank/formats/partition_table.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {

namespace {

void look_at(Bytes input) {
  // A table this near lets short inputs be joined files.
  for (const std::uint32_t table : {0x400U, kUsualTableOffset}) {
    const FirmwareKind kind = recognise_firmware(input, table);
    require(kind_name(kind) != nullptr, "every kind has a name");
    const auto view = find_app(input, table);
    if (!view) {
      require(view.error().failed(), "what is not found has a reason");
      continue;
    }
    require(view->kind == kind, "both say the same kind");
    if (view->app.empty()) continue;
    require(view->app.data() == input.data() + view->app_offset, "the app is where it is said to be");
    require(view->app_offset + view->app.size() <= input.size(), "the app ends with the file at the latest");
  }
}

// A joined file: two bytes of a bootloader, a table that the input fills, and apps of its bytes.
std::vector<std::byte> joined(Draw draw) {
  constexpr std::uint32_t kTableAt = 0x400;
  std::vector<Partition> rows;
  const std::uint32_t count = draw.byte() & 7U;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint8_t kind = draw.byte();
    rows.push_back({.type = static_cast<std::uint8_t>(kind & 1U),
                    .subtype = static_cast<std::uint8_t>((kind & 2U) != 0 ? 0x10 + (kind >> 4 & 3U) : 0),
                    .offset = draw.byte() * 0x80U,
                    .size_bytes = draw.byte() * 0x40U});
  }
  std::array<std::byte, kPartitionTableBytes> table{};
  require(!write_partition_table(rows, table, draw.byte() != 0).failed(), "so few rows fit a table");
  std::vector<std::byte> file(kTableAt, std::byte{0xFF});
  const std::uint8_t start = draw.byte();
  file[0] = start < 128 ? std::byte{0xE9} : std::byte{0xFF};
  file[1] = static_cast<std::byte>(start & 3U);
  file.insert(file.end(), table.begin(), table.end());
  for (std::uint8_t times = draw.byte() & 15U; times > 0; --times) {
    file.insert(file.end(), draw.byte() * 4U, std::byte{0xFF});
    const Bytes piece = draw.bytes(draw.byte());
    file.push_back(std::byte{0xE9});
    file.insert(file.end(), piece.begin(), piece.end());
  }
  return file;
}

}  // namespace

void firmware_file(Bytes input) {
  look_at(input);
  look_at(joined(Draw{input}));
}

}  // namespace dualbank::fuzz
