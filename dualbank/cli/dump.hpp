// A file that was read from a board: all of its flash, or a part. What the file does not hold is not known, and nothing
// is guessed about it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/flash_view.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/firmware_file.hpp"

namespace dualbank::cli {

inline constexpr Option kAt{"--at", "ADDRESS", Takes::number,
                            "where on the flash the file begins, for a dump of a part (default 0; of a file that "
                            "begins with a partition table, that table's address)"};
inline constexpr Option kLayoutOfDump{"--layout", "LAYOUT", Takes::layout,
                                      "take the partition table from a known layout, or from a table's file (CSV or "
                                      "binary), not from the dump"};

/// A flash of which only a part is known. Reading anything else, and changing it, fails with flash_read_failed.
class DumpFlash final : public Flash {
 public:
  DumpFlash(std::vector<std::byte> bytes, Range known, std::uint32_t size_bytes);

  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override;
  Status sync() override { return Status::ok; }

  /// From now on these bytes stand there, whatever the file has.
  void lay_over(std::uint32_t address, std::vector<std::byte> bytes);
  [[nodiscard]] const Range& known() const { return known_; }

 private:
  [[nodiscard]] MutableBytes place(std::uint32_t address, std::size_t size_bytes);

  std::vector<std::byte> bytes_;
  Range known_;
  std::uint32_t laid_at_ = 0;
  std::vector<std::byte> laid_over_;
};

class Dump {
 public:
  enum class Form : std::uint8_t {
    none,    ///< not a flash: an image, a UF2 file, ...
    joined,  ///< made to be written: what is behind its end is erased
    whole,
    part,
  };

  /// Looks at the file's bytes. Throws Refused (usage) for options that do not fit.
  Dump(const Context& context, std::vector<std::byte> file);

  [[nodiscard]] FirmwareKind kind() const { return kind_; }
  [[nodiscard]] Form form() const { return form_; }
  [[nodiscard]] bool is_flash() const { return form_ != Form::none; }
  /// "app image", "whole flash", "part of a flash", ...
  [[nodiscard]] std::string kind_text() const;
  [[nodiscard]] Bytes file() const { return file_; }
  [[nodiscard]] std::uint32_t base() const { return base_; }
  [[nodiscard]] std::uint32_t table_offset() const { return table_offset_; }
  [[nodiscard]] bool table_from_layout() const { return given_table_.has_value(); }
  /// Table and bootloader read like random bytes.
  [[nodiscard]] bool looks_encrypted() const;
  /// file_not_sectors for a whole flash that ends inside a sector, so that bytes of it are missing.
  [[nodiscard]] Event whole_sectors() const;

  /// As the table says, which may be behind the end of the file; of a damaged table, as far as it reads.
  [[nodiscard]] std::uint64_t end_of_partitions() const;

  /// Throws Refused: flash_encrypted, table_not_in_dump. Precondition: is_flash().
  [[nodiscard]] std::unique_ptr<DumpFlash> flash() const;

 private:
  [[nodiscard]] std::optional<Bytes> at(std::uint32_t address, std::uint32_t size_bytes) const;
  [[nodiscard]] bool table_begins() const;
  [[nodiscard]] Form form_of(const Context& context) const;
  [[nodiscard]] bool ends_behind_first_app() const;

  std::vector<std::byte> file_;
  std::uint32_t table_offset_;
  FirmwareKind kind_;
  std::uint32_t base_ = 0;
  std::optional<std::vector<std::byte>> given_table_;
  Form form_ = Form::none;
};

/// "flash_encrypted", with what was seen and what can be done.
[[nodiscard]] Refused refused_encrypted(std::uint32_t table_offset);

}  // namespace dualbank::cli
