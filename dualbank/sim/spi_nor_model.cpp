#include "dualbank/sim/spi_nor_model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>
#include <string_view>

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kMib = 0x10'0000;
constexpr std::uint32_t kUnits = 0x1'9000;
constexpr std::size_t kBasicTable = 0x30;
constexpr std::size_t kTableOf4Bytes = 0x80;
constexpr std::size_t kSfdpBytes = 0x88;

struct EraseCommand {
  std::uint32_t size_bytes;
  std::uint8_t opcode;
  std::uint8_t opcode_4_bytes;
};
constexpr std::array<EraseCommand, 3> kErases{{{0x1000, 0x20, 0x21}, {0x8000, 0x52, 0x00}, {0x1'0000, 0xD8, 0xDC}}};

/// The fewest steps that are no less.
constexpr std::uint64_t steps(std::uint64_t amount, std::uint64_t step) { return (amount + step - 1) / step; }

/// Five bits of count, less one, and the unit's number.
std::uint32_t coded_time(std::uint64_t typical_us, std::span<const std::uint32_t> units_us, std::uint64_t& coded_us) {
  for (std::uint32_t unit = 0; unit < units_us.size(); ++unit) {
    const std::uint64_t count = std::max<std::uint64_t>(1, steps(typical_us, units_us[unit]));
    if (count > 32) continue;
    coded_us = count * units_us[unit];
    return static_cast<std::uint32_t>(unit << 5 | (count - 1));
  }
  throw std::invalid_argument("make_sfdp: an operation that takes too long to be said");
}

std::uint32_t factor(std::uint64_t maximum_us, std::uint64_t coded_us) {
  const std::uint64_t twice = std::max<std::uint64_t>(1, steps(maximum_us, 2 * coded_us));
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(twice - 1, 15));
}

OperationTimes times_of(std::string_view part) { return find_part(part)->times; }

SpiNorModel chip(const char* name, std::uint32_t jedec_id, std::uint32_t size_bytes, const char* times_from) {
  return {.name = name,
          .jedec_id = jedec_id,
          .geometry = {.size_bytes = size_bytes, .erase_units = kUnits},
          .times = times_of(times_from)};
}

}  // namespace

std::vector<std::byte> make_sfdp(const SpiNorModel& model, SfdpForm form) {
  const bool is_long = form == SfdpForm::sixteen_words;
  const bool lists_commands = is_long && model.has_4_byte_commands;
  std::vector<std::byte> raw(kSfdpBytes, std::byte{0xFF});
  store_u32(raw, 0, 0x5044'4653);
  store_u32(raw, 4, lists_commands ? 0xFF01'0106 : 0xFF00'0106);
  store_u32(raw, 8, is_long ? 0x1001'0600 : 0x0901'0000);
  store_u32(raw, 12, 0xFF00'0000 | kBasicTable);

  const auto word = [&](std::size_t number, std::uint32_t value) {
    store_u32(raw, kBasicTable + 4 * (number - 1), value);
  };
  word(1, 0xFFF0'20E5U | (model.has_4_byte_mode || model.has_4_byte_commands ? 0x2'0000U : 0U));
  word(2, model.geometry.size_bytes * 8U - 1);
  std::uint64_t types = 0;
  std::uint32_t times = 0;
  std::uint32_t most = 0;
  for (unsigned i = 0; i < kErases.size(); ++i) {
    const EraseCommand& erase = kErases[i];
    if ((model.geometry.erase_units & erase.size_bytes) == 0) continue;
    const auto exponent = static_cast<std::uint64_t>(std::countr_zero(erase.size_bytes));
    types |= (exponent | std::uint64_t{erase.opcode} << 8) << (16 * i);
    constexpr std::array<std::uint32_t, 4> kUnitsUs{1'000, 16'000, 128'000, 1'000'000};
    const Duration time = model.times.of_erase(erase.size_bytes);
    std::uint64_t coded_us = 0;
    times |= coded_time(time.typical_us, kUnitsUs, coded_us) << (4 + 7 * i);
    most = std::max(most, factor(time.maximum_us, coded_us));
  }
  word(8, static_cast<std::uint32_t>(types));
  word(9, static_cast<std::uint32_t>(types >> 32));
  if (!is_long) return raw;

  word(10, times | most);
  constexpr std::array<std::uint32_t, 2> kProgramUnitsUs{8, 64};
  std::uint64_t coded_us = 0;
  const std::uint32_t page = coded_time(model.times.page.typical_us, kProgramUnitsUs, coded_us);
  const auto page_exponent = static_cast<std::uint32_t>(std::countr_zero(model.geometry.page_bytes));
  word(11, page << 8 | page_exponent << 4 | factor(model.times.page.maximum_us, coded_us));
  for (std::size_t number = 12; number < 16; ++number) word(number, 0);
  word(16, model.has_4_byte_mode ? 1U << (model.mode_needs_write_enable ? 25 : 24) : 0);
  if (!lists_commands) return raw;

  store_u32(raw, 16, 0x0201'0084);
  store_u32(raw, 20, 0xFF00'0000 | kTableOf4Bytes);
  std::uint32_t supported = 1U << 0 | 1U << 6;
  std::uint32_t opcodes = 0;
  for (unsigned i = 0; i < kErases.size(); ++i) {
    if (kErases[i].opcode_4_bytes != 0) supported |= 1U << (9 + i);
    opcodes |= std::uint32_t{kErases[i].opcode_4_bytes} << (8 * i);
  }
  store_u32(raw, kTableOf4Bytes, supported);
  store_u32(raw, kTableOf4Bytes + 4, opcodes);
  return raw;
}

SpiNorModel SpiNorModel::with_size(std::uint32_t new_size_bytes) const {
  SpiNorModel other = *this;
  other.geometry.size_bytes = new_size_bytes;
  other.jedec_id = (jedec_id & ~0xFFU) | static_cast<std::uint32_t>(std::countr_zero(new_size_bytes));
  if (!sfdp.empty()) store_u32(other.sfdp, kBasicTable + 4, new_size_bytes * 8U - 1);
  return other;
}

SpiNorModel is25wp256() {
  SpiNorModel model = chip("is25wp256", 0x9D'7019, 32 * kMib, "IS25LP128F");
  model.protection_bits = 0x3C;
  model.has_4_byte_commands = true;
  model.has_4_byte_mode = true;
  model.leave_mode_opcode = 0x29;
  return model;
}

SpiNorModel w25q32() {
  SpiNorModel model = chip("w25q32", 0xEF'4016, 4 * kMib, "W25Q32JV");
  model.sfdp = make_sfdp(model, SfdpForm::sixteen_words);
  return model;
}

SpiNorModel w25q256() {
  SpiNorModel model = chip("w25q256", 0xEF'4019, 32 * kMib, "W25Q128JV");
  model.has_4_byte_mode = true;
  model.sfdp = make_sfdp(model, SfdpForm::nine_words);
  return model;
}

SpiNorModel mx25l25635f() {
  SpiNorModel model = chip("mx25l25635f", 0xC2'2019, 32 * kMib, "W25Q128JV");
  model.protection_bits = 0x3C;
  model.has_4_byte_commands = true;
  model.has_4_byte_mode = true;
  model.sfdp = make_sfdp(model, SfdpForm::nine_words);
  return model;
}

SpiNorModel n25q256a() {
  SpiNorModel model = chip("n25q256a", 0x20'BA19, 32 * kMib, "W25Q128JV");
  model.has_4_byte_mode = true;
  model.mode_needs_write_enable = true;
  model.has_reset = false;
  model.sfdp = make_sfdp(model, SfdpForm::nine_words);
  return model;
}

SpiNorModel w25q256jv() {
  SpiNorModel model = chip("w25q256jv", 0xEF'4019, 32 * kMib, "W25Q128JV");
  model.has_4_byte_commands = true;
  model.has_4_byte_mode = true;
  model.sfdp = make_sfdp(model, SfdpForm::sixteen_words);
  return model;
}

}  // namespace dualbank::sim
