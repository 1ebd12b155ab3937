#include "dualbank/engine/native_log.hpp"

namespace dualbank {

std::uint32_t NativeLogReader::index_of(std::uint32_t offset) const {
  std::uint32_t index = offset;
  for (std::uint32_t size = log_.cell_bytes; size > 1; size >>= 1) index >>= 1;
  return index;
}

Event NativeLogReader::read_frame(std::uint32_t offset, Frame& frame) {
  std::array<std::byte, kMostNativeUnitBytes * kCellsPerFrame> raw;
  const MutableBytes bytes = MutableBytes{raw}.first(log_.frame_bytes());
  if (const Event e = read_flash(flash_, address_ + offset, bytes); e.failed()) return e;
  for (std::uint32_t i = 0; i < kCellsPerFrame; ++i) {
    const Bytes cell = Bytes{bytes}.subspan(i * log_.cell_bytes, log_.cell_bytes);
    frame.forms[i] = Cell::parse_native(cell, flash_.geometry().erased, frame.cells[i]);
  }
  return kDone;
}

Event NativeLogReader::survey() {
  std::array<std::byte, kCellBytes> raw;
  if (const Event e = read_flash(flash_, address_ + log_.last_cell, raw); e.failed()) return e;
  Cell cell;
  const CellForm form = Cell::parse_native(raw, flash_.geometry().erased, cell);
  if (form != CellForm::free) next_frame_ = log_.frame_bytes();
  erased_ = form == CellForm::cell && cell.kind == CellKind::erased;
  for (std::uint32_t offset = log_.log_bytes; offset > 0;) {
    offset -= log_.frame_bytes();
    Frame frame;
    if (const Event e = read_frame(offset, frame); e.failed()) return e;
    for (const CellForm f : frame.forms) {
      if (f != CellForm::free && next_frame_ <= offset) next_frame_ = offset + log_.frame_bytes();
      newer_ = newer_ || f == CellForm::newer;
    }
    if (offset == 0) {
      survey_first(frame);
    } else {
      survey_frame(offset, frame);
    }
  }
  return kDone;
}

void NativeLogReader::count(std::uint32_t offset, std::uint32_t void_from) {
  if (offset >= void_limit_) return;
  const std::uint32_t index = index_of(offset);
  counts_[index >> 5] |= 1U << (index & 31);
  if (last_ != 0) return;
  last_ = offset;
  void_from_ = void_from;
}

void NativeLogReader::survey_first(const Frame& frame) {
  const auto is = [&frame](std::uint32_t i) { return frame.sound(i) && frame.cells[i].kind == CellKind::erased; };
  erased_ = erased_ && is(0) && (is(3) || last_ != 0);  // whatever else stands in the log was written after them
  doomed_ = frame.forms[1] != CellForm::free || frame.forms[2] != CellForm::free;
}

void NativeLogReader::survey_frame(std::uint32_t offset, const Frame& frame) {
  if (!frame.says(0, NativeCell::start)) return;
  const auto cell_at = [&](std::uint32_t i) { return offset + i * log_.cell_bytes; };
  const bool settles = frame.says(1, NativeCell::settled);
  if (settles && (!frame.sound(2) || cell_at(2) >= void_limit_)) return;
  if (frame.sound(3)) count(cell_at(3), cell_at(3));
  if (frame.sound(2)) count(cell_at(2), settles ? frame.cells[1].c : cell_at(2));
  if (settles) {
    void_limit_ = frame.cells[1].c;
  } else if (frame.sound(1)) {
    count(cell_at(1), cell_at(1));
  }
}

bool NativeLogReader::next(Cell& cell, std::uint32_t& offset) {
  for (at_ += at_ == 0 ? log_.frame_bytes() : 0; at_ < next_frame_; at_ += log_.cell_bytes) {
    const std::uint32_t index = index_of(at_);
    if ((counts_[index >> 5] >> (index & 31) & 1) == 0) continue;
    std::array<std::byte, kCellBytes> raw;
    error_ = read_flash(flash_, address_ + at_, raw);
    if (error_.failed()) return false;
    offset = at_;
    at_ += log_.cell_bytes;
    return Cell::parse_native(raw, flash_.geometry().erased, cell) == CellForm::cell;
  }
  return false;
}

}  // namespace dualbank
