#include "dualbank/cli/dump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "dualbank/cli/boards.hpp"
#include "dualbank/cli/csv_table.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kSectorBytes = 0x1000;
constexpr std::size_t kJoinedBytes = std::size_t{32} << 20;
constexpr std::size_t kSmallestUnknownFlash = std::size_t{1} << 20;
// 4096 random bytes have 7.95 bits each; where each 16 of them stand there twice (ESP32), 7.91.
constexpr double kRandomBits = 7.8;

std::uint32_t round_up(std::uint64_t size) {
  const std::uint64_t whole = (size + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(whole, 0xFFFF'F000));
}

double bits_per_byte(Bytes bytes) {
  std::array<std::size_t, 256> counts{};
  for (const std::byte b : bytes) ++counts[std::to_integer<std::size_t>(b)];
  double bits = 0;
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool looks_random(Bytes bytes) { return bits_per_byte(bytes) > kRandomBits; }

/// A known layout's name, or a file with a table.
std::vector<std::byte> table_named(const std::string& word) {
  std::vector<Partition> partitions;
  if (path_exists(word)) {
    const auto file = read_file(word);
    if (file.size() >= kPartitionRowBytes && load_u16(file, 0) == kPartitionMagic) {
      std::vector<std::byte> table = file;
      table.resize(kPartitionTableSectorBytes, std::byte{0xFF});
      return table;
    }
    partitions = partitions_of_csv({reinterpret_cast<const char*>(file.data()), file.size()});
  } else {
    partitions = partitions_of_csv(find_layout(word).csv);
  }
  std::vector<std::byte> table(kPartitionTableSectorBytes, std::byte{0xFF});
  require(write_partition_table(partitions, MutableBytes(table).first<kPartitionTableBytes>()));
  return table;
}

}  // namespace

Refused refused_encrypted(std::uint32_t table_offset) {
  return {"flash_encrypted",
          fmt::format("the flash is encrypted: where the partition table is ({:#x}) stand random bytes, and no "
                      "bootloader's image can be read",
                      table_offset),
          "nothing can be told from such a dump, or changed in it; a board shows its table and records over its own "
          "console. If the table is elsewhere, say --table ADDRESS",
          {{"table", table_offset}}};
}

// ---- DumpFlash

DumpFlash::DumpFlash(std::vector<std::byte> bytes, Range known, std::uint32_t size_bytes)
    : Flash({.size_bytes = size_bytes, .erase_units = 0x1'1000}), bytes_(std::move(bytes)), known_(known) {}

MutableBytes DumpFlash::place(std::uint32_t address, std::size_t size_bytes) {
  if (!laid_over_.empty() && address >= laid_at_ && address - laid_at_ + size_bytes <= laid_over_.size())
    return MutableBytes(laid_over_).subspan(address - laid_at_, size_bytes);
  if (address < known_.from || std::uint64_t{address} + size_bytes > known_.to) return {};
  return MutableBytes(bytes_).subspan(address - known_.from, size_bytes);
}

void DumpFlash::lay_over(std::uint32_t address, std::vector<std::byte> bytes) {
  laid_at_ = address;
  laid_over_ = std::move(bytes);
}

Status DumpFlash::read(std::uint32_t address, MutableBytes out) {
  if (std::uint64_t{address} + out.size() > geometry_.size_bytes) return Status::flash_out_of_range;
  const Bytes from = place(address, out.size());
  if (from.size() != out.size()) return Status::flash_read_failed;
  std::copy(from.begin(), from.end(), out.begin());
  return Status::ok;
}

Status DumpFlash::program(std::uint32_t address, Bytes bytes) {
  const MutableBytes to = place(address, bytes.size());
  if (to.size() != bytes.size()) return Status::flash_read_failed;
  for (std::size_t i = 0; i < bytes.size(); ++i) to[i] &= bytes[i];
  return Status::ok;
}

Status DumpFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  const MutableBytes to = place(address, size_bytes);
  if (to.size() != size_bytes) return Status::flash_read_failed;
  std::fill(to.begin(), to.end(), std::byte{0xFF});
  return Status::ok;
}

// ---- Dump

Dump::Dump(const Context& context, std::vector<std::byte> file)
    : file_(std::move(file)),
      table_offset_(context.number("--table", kDefaultTableOffset)),
      kind_(recognise_firmware(file_, table_offset_)) {
  const bool begins_with_table = kind_ == FirmwareKind::partition_table && file_.size() > kPartitionTableSectorBytes;
  base_ = context.number("--at", begins_with_table ? table_offset_ : 0);
  if (base_ % kSectorBytes != 0) {
    throw Refused::usage("bad_number", fmt::format("--at {:#x} is not where a sector of 4 KiB begins", base_),
                         "a dump begins where esptool read-flash was told to: --at 0x9000", {{"option", "--at"}});
  }
  if (const auto word = context.args.value("--layout")) given_table_ = table_named(*word);
  form_ = form_of(context);
}

Dump::Form Dump::form_of(const Context& context) const {
  const bool said = context.args.has("--at") || given_table_.has_value();
  const auto of_its_size = [&] { return end_of_partitions() > base_ + file_.size() ? Form::part : Form::whole; };
  if (base_ != 0) return Form::part;
  if (kind_ == FirmwareKind::joined && !given_table_) return ends_behind_first_app() ? Form::joined : Form::part;
  if (said || kind_ == FirmwareKind::whole_flash) return of_its_size();
  const bool could_be = kind_ == FirmwareKind::unknown || kind_ == FirmwareKind::bootloader_only;
  // A chip whose table is damaged is still a flash; saying "unknown" would hide the fault.
  if (could_be && table_begins()) return Form::whole;
  if (kind_ != FirmwareKind::unknown) return Form::none;
  const bool of_a_chips_size = file_.size() >= kSmallestUnknownFlash && std::has_single_bit(file_.size());
  return of_a_chips_size || looks_encrypted() ? Form::whole : Form::none;
}

std::string Dump::kind_text() const {
  if (form_ == Form::whole) return kind_name(FirmwareKind::whole_flash);
  return form_ == Form::part ? "part of a flash" : kind_name(kind_);
}

std::optional<Bytes> Dump::at(std::uint32_t address, std::uint32_t size_bytes) const {
  if (address < base_ || std::uint64_t{address} + size_bytes > base_ + std::uint64_t{file_.size()}) return std::nullopt;
  return Bytes(file_).subspan(address - base_, size_bytes);
}

bool Dump::table_begins() const {
  const auto row = at(table_offset_, kPartitionRowBytes);
  return row && load_u16(*row, 0) == kPartitionMagic;
}

/// What a build joins has nothing between its table and its app; a board that has run has.
bool Dump::ends_behind_first_app() const {
  const auto view = find_app(file_, table_offset_);
  if (!view) return view.error().code == Status::file_no_app || view.error().code == Status::file_ends_before_app;
  const std::uint32_t behind_table = table_offset_ + kPartitionTableSectorBytes;
  if (view->app_offset < behind_table) return true;
  const auto between = at(behind_table, view->app_offset - behind_table);
  if (!between || !all_equal(*between, std::byte{0xFF})) return false;
  const auto behind = Bytes(file_).subspan(view->app_offset + view->app.size());
  return behind.size() < kSectorBytes;
}

std::uint64_t Dump::end_of_partitions() const {
  std::uint64_t end = table_offset_ + kPartitionTableSectorBytes;
  PartitionTableParser parser(table_offset_, 0);
  for (std::uint32_t row = 0; row < kPartitionTableRows; ++row) {
    const std::uint32_t offset = row * kPartitionRowBytes;
    const auto bytes = given_table_ ? std::optional(Bytes(*given_table_).subspan(offset, kPartitionRowBytes))
                                    : at(table_offset_ + offset, kPartitionRowBytes);
    if (!bytes) break;
    const TableRow what = parser.feed(*bytes);
    if (what == TableRow::end || what == TableRow::failed) break;
    if (what != TableRow::partition) continue;
    end = std::max(end, std::uint64_t{parser.partition().offset} + parser.partition().size_bytes);
  }
  return end;
}

bool Dump::looks_encrypted() const {
  if (given_table_) return false;
  const auto table = at(table_offset_, kSectorBytes);
  if (!table || table_begins() || !looks_random(*table)) return false;
  for (const std::uint32_t bootloader : {0U, 0x1000U, 0x2000U}) {
    const auto header = at(bootloader, kImageHeaderBytes);
    if (header && ImageHeader::parse(*header).magic == kImageMagic &&
        find_chip(ImageHeader::parse(*header).chip_id) != nullptr) {
      return false;
    }
  }
  // Each chip's bootloader covers this sector.
  const auto bootloader = at(0x3000, kSectorBytes);
  return !bootloader || looks_random(*bootloader);
}

Event Dump::whole_sectors() const {
  if (form_ != Form::whole || file_.size() % kSectorBytes == 0) return {};
  return {Status::file_not_sectors, {static_cast<std::uint32_t>(file_.size()), kSectorBytes}};
}

std::unique_ptr<DumpFlash> Dump::flash() const {
  if (looks_encrypted()) throw refused_encrypted(table_offset_);
  if (!given_table_ && !at(table_offset_, kPartitionRowBytes)) {
    throw Refused(
        "table_not_in_dump",
        fmt::format("the file holds {:#x} to {:#x}, and the partition table stands at {:#x}", base_,
                    base_ + file_.size(), table_offset_),
        "name the board's layout or its table's file with --layout (dualbank boards lists the layouts), or say "
        "with --table where the table is",
        {{"from", base_}, {"to", base_ + file_.size()}, {"table", table_offset_}});
  }
  std::vector<std::byte> bytes = file_;
  std::uint32_t size = round_up(base_ + std::uint64_t{bytes.size()});
  if (form_ == Form::joined) {
    bytes.resize(std::bit_ceil(std::max(bytes.size(), kJoinedBytes)), std::byte{0xFF});
    size = round_up(bytes.size());
  } else if (form_ == Form::whole) {
    bytes.resize(size, std::byte{0xFF});
  } else {
    size = std::max(size, round_up(end_of_partitions()));
  }
  const Range known{base_, base_ + static_cast<std::uint32_t>(bytes.size())};
  auto flash = std::make_unique<DumpFlash>(std::move(bytes), known, size);
  if (given_table_) flash->lay_over(table_offset_, *given_table_);
  return flash;
}

}  // namespace dualbank::cli
