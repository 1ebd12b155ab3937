// Boot records and journals of any bytes: whatever stands there, a board whose slots are good boots, before and after
// an updater has opened it, updated it and switched.
#include "dualbank/formats/journal.hpp"

#include "fuzz/small_board.hpp"

namespace dualbank::fuzz {
namespace {

void look_at_cells(Bytes input) {
  for (; input.size() >= kCellBytes; input = input.subspan(kCellBytes)) {
    Cell cell;
    if (Cell::parse(input.first(kCellBytes), cell) != CellForm::cell) continue;
    Cell again;
    const auto bytes = cell.bytes();
    require(Cell::parse(bytes, again) == CellForm::cell && again.bytes() == bytes, "a cell is read as it was written");
  }
}

}  // namespace

void journal(Bytes input) {
  look_at_cells(input);
  Draw draw{input};
  const std::uint8_t how = draw.byte();
  SmallBoard board{policy_of(how)};
  if ((how & 4) != 0) board.flash.put(0, BootRecord::make(1, RecordState::valid).bytes());
  if ((how & 8) != 0) board.flash.put(kOtadataSectorBytes, BootRecord::make(2, RecordState::undefined).bytes());
  while (!draw.empty()) {  // pieces of bytes anywhere; cells and records get the CRC that nobody would find
    const std::uint8_t kind = draw.byte();
    const std::uint32_t at = (draw.byte() * 256U + draw.byte()) % kOtadataBytes;
    if ((kind & 3) == 0) {
      Cell cell{.kind = static_cast<CellKind>(draw.byte()), .a = draw.byte()};
      cell.b = static_cast<std::uint16_t>(draw.word());
      cell.c = draw.word();
      const std::uint32_t aligned = at & ~(kCellBytes - 1);
      board.flash.put(aligned, cell.bytes());
    } else if ((kind & 3) == 1) {
      const std::uint32_t seq = draw.byte();
      board.flash.put(at & kOtadataSectorBytes, BootRecord::make(seq, static_cast<RecordState>(draw.byte())).bytes());
    } else {
      const Bytes bytes = draw.bytes(1U + (kind >> 4));
      board.flash.put(at, bytes.first(std::min<std::size_t>(bytes.size(), kOtadataBytes - at)));
    }
  }
  static_cast<void>(board.boots());
  Updater updater{board.flash, board.options()};
  const Status opened = updater.open();
  static_cast<void>(board.boots());
  if (opened != Status::ok) return;
  static_cast<void>(updater.next_missing());
  const auto& image = SmallBoard::image(2);
  Status sent = updater.begin({.header = image});
  for (Range gap = updater.next_missing(); sent == Status::ok && !gap.empty(); gap = updater.next_missing()) {
    if (gap.from >= image.size()) break;
    const std::uint32_t size =
        std::min<std::uint32_t>(gap.length(), static_cast<std::uint32_t>(image.size()) - gap.from);
    sent = updater.flash(Bytes{image}.subspan(gap.from, size), gap.from);
  }
  static_cast<void>(board.boots());
  const SlotIndex target = updater.status().update_slot;
  if (sent == Status::ok && updater.switch_slot() == Status::ok) require(board.boots() == target, "a switch is one");
  static_cast<void>(board.boots());
}

}  // namespace dualbank::fuzz
