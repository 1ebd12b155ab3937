// Reading the log of a native record: which of its cells count. A cell that a cut left between two values may read
// differently every time; what a later power session took it for, it wrote down (NativeCell::settled).
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/formats/journal.hpp"

namespace dualbank {

class NativeLogReader {
 public:
  NativeLogReader(Flash& flash, std::uint32_t address, const NativeLog& log)
      : flash_(flash), address_(address), log_(log) {}

  /// Finds out which cells count: from the last frame to the first, because a frame can void what stands before it.
  Event survey();

  [[nodiscard]] bool blank() const { return next_frame_ == 0; }
  /// Where the frame behind the last one that holds anything starts.
  [[nodiscard]] std::uint32_t end() const { return next_frame_; }
  [[nodiscard]] bool newer() const { return newer_; }
  [[nodiscard]] bool erased() const { return erased_; }
  [[nodiscard]] bool doomed() const { return doomed_; }
  /// The last cell that counts, 0 without one, and from where on a settling frame has to void.
  [[nodiscard]] std::uint32_t last() const { return last_; }
  [[nodiscard]] std::uint32_t void_from() const { return void_from_; }

  /// Reads the next cell that counts, in the order of writing. False at the end, or when the flash fails: see `error`.
  bool next(Cell& cell, std::uint32_t& offset);
  [[nodiscard]] const Event& error() const { return error_; }

 private:
  struct Frame {
    std::array<CellForm, kCellsPerFrame> forms{};
    std::array<Cell, kCellsPerFrame> cells{};
    [[nodiscard]] bool sound(std::uint32_t i) const { return forms[i] == CellForm::cell; }
    [[nodiscard]] bool says(std::uint32_t i, NativeCell what) const {
      return sound(i) && cells[i].kind == CellKind::native && cells[i].a == static_cast<std::uint8_t>(what);
    }
  };
  Event read_frame(std::uint32_t offset, Frame& frame);
  void survey_first(const Frame& frame);
  void survey_frame(std::uint32_t offset, const Frame& frame);
  void count(std::uint32_t offset, std::uint32_t void_from);
  [[nodiscard]] std::uint32_t index_of(std::uint32_t offset) const;

  Flash& flash_;
  std::uint32_t address_;
  NativeLog log_;
  std::uint32_t next_frame_ = 0;
  std::uint32_t void_limit_ = kMostNativeLogBytes;  // what stands from here on is void, before the frame under survey
  std::uint32_t last_ = 0;
  std::uint32_t void_from_ = 0;
  std::uint32_t at_ = 0;
  bool erased_ = false;
  bool doomed_ = false;
  bool newer_ = false;
  Event error_{};
  std::array<std::uint32_t, kMostNativeLogBytes / kCellBytes / 32> counts_{};
};

}  // namespace dualbank
