// The journal: what dualbank keeps in the 4,064 bytes of an otadata sector that follow the boot record and that neither
// the stock bootloader nor the vendor's app code looks at. Bytes and meaning: docs/FORMAT.md, "Journal".
//
//   0      32                                log_end            marks              4096
//   | record | log: cells of 16 bytes, upward ... | opened bits | marks, 4 bytes each |
//
// Opened bits and marks are there only when the log holds a session; without one the log may use the whole sector.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank {

inline constexpr std::uint8_t kJournalVersion = 1;
inline constexpr std::uint32_t kCellBytes = 16;
inline constexpr std::uint32_t kLogOffset = kBootRecordBytes;
/// A slot is followed in granules of the smallest power of two, from one sector on, that needs no more than this many.
inline constexpr std::uint32_t kMostGranules = 768;

enum class CellKind : std::uint8_t {
  erased = 1,    ///< a: 0 the sector was erased by dualbank, 1 it was found blank. Voids what an unfinished erase left
  identity = 2,  ///< c, d: the first 8 bytes of the SHA-256 of the update's identity; comes before its session
  session = 3,  ///< a: slot, b: log2 of the granule's bytes, c: length or FFFFFFFF, d: CRC-32 of the first 288 bytes, 0
                ///< unknown
  length = 4,   ///< c: the image's length, learned from its segment headers
  mark = 5,     ///< b: granule, c: its mark. For a granule whose own mark was voided
  partial = 6,  ///< b: bytes - 1, c: offset in the slot, d: CRC-32 of these bytes, kept across a planned stop
  intent = 7,   ///< a: slot, b: Reason, c: seq, d: state. The record is about to be written
  firm = 8,     ///< the intended record is written and read back
  doomed = 9,   ///< this sector is about to be erased. Means the same in every version of the journal
  confirmed = 10,  ///< the image that this sector's record names is confirmed
  note = 11,       ///< a: slot, c: seq. In the other sector: a switch to it was begun
  tried = 12,      ///< a: which boot on trial of this record's image this is, from 1
  gave_up = 13,    ///< the trial failed: this record's image is booted only when nothing else boots
  booted = 14,     ///< a: slot, b: BootReason, c: seq of the active record, d: how many there are in the sector.
                   ///< Written when it differs from the last one
  native = 15,     ///< a: NativeCell. In native records only; in the ESP form it is a kind that is not known
};

/// What a cell of kind `native` says.
enum class NativeCell : std::uint8_t {
  start = 0,    ///< first in a frame; always the same bytes
  settled = 1,  ///< c: what stands from there to this frame is void; the next cell is a copy of what counts of it
  seal = 2,     ///< nothing; what stands before it was read back
  opened = 3,   ///< b: granule. It is about to be erased; earlier marks of it are void
  resumed = 4,  ///< earlier partial cells are void
};

/// Why a record was written (CellKind::intent).
enum class Reason : std::uint16_t {
  anchor = 0,    ///< names the running slot, so that the other record may go
  switched = 1,  ///< switch: on trial until confirmed
  rollback = 2,
  confirm = 3,
};

/// What 16 bytes of the log are.
enum class CellForm : std::uint8_t {
  free,   ///< erased
  cell,   ///< a cell of this version
  newer,  ///< a sound cell of another version: the journal counts as absent
  burnt,  ///< anything else; never looked at again
};

struct Cell {
  CellKind kind = CellKind::erased;
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;

  /// Byte 0 is version << 4 | kind; bytes 12..15 are the standard CRC-32 of bytes 0..11.
  [[nodiscard]] std::array<std::byte, kCellBytes> bytes() const;
  /// Fills `cell` when the form is `cell`. Precondition: 16 bytes.
  [[nodiscard]] static CellForm parse(Bytes bytes16, Cell& cell);
  /// The same in native records: a free cell is all `erased`, as long as the span is. Precondition: 16 bytes or more.
  [[nodiscard]] static CellForm parse_native(Bytes bytes, std::byte erased, Cell& cell);
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// Where the parts of a sector with a session are, from the slot's size.
struct JournalMap {
  std::uint32_t granule_log2 = 0;
  std::uint32_t granules = 0;
  std::uint32_t marks_offset = 0;   ///< mark of granule g: here + 4 * g
  std::uint32_t opened_offset = 0;  ///< opened bit of granule g: byte here + g / 8, bit g % 8; 0 is opened
  std::uint32_t log_end = 0;

  /// Precondition: slot_bytes is a multiple of 4 KiB and at most 1 GiB.
  [[nodiscard]] static JournalMap for_slot(std::uint32_t slot_bytes);
};

inline constexpr std::uint32_t kCellsPerFrame = 4;
inline constexpr std::uint32_t kMostNativeLogBytes = 0x4000;
inline constexpr std::uint32_t kMostNativeUnitBytes = 32;

/// How the sector of a native record is cut up. The first frame of the log is [erased, doomed, doomed, erased]; one
/// more erased cell is the last of the sector.
struct NativeLog {
  std::uint32_t cell_bytes = kCellBytes;  ///< from one cell to the next
  std::uint32_t log_bytes = 0;            ///< whole frames
  std::uint32_t last_cell = 0;            ///< offset of the sector's last cell

  /// Preconditions: powers of two; the sector is that of a record, at least 4 KiB, the unit at most 32 bytes.
  [[nodiscard]] static constexpr NativeLog of(std::uint32_t record_sector_bytes, std::uint32_t write_unit_bytes) {
    NativeLog log{.cell_bytes = write_unit_bytes > kCellBytes ? write_unit_bytes : kCellBytes};
    log.last_cell = record_sector_bytes - log.cell_bytes;
    log.log_bytes = record_sector_bytes - log.frame_bytes();
    if (log.log_bytes > kMostNativeLogBytes) log.log_bytes = kMostNativeLogBytes;
    return log;
  }
  [[nodiscard]] constexpr std::uint32_t frame_bytes() const { return cell_bytes * kCellsPerFrame; }
  [[nodiscard]] constexpr std::uint32_t frames() const {
    std::uint32_t count = 0;
    for (std::uint32_t at = 0; at < log_bytes; at += frame_bytes()) ++count;
    return count;
  }
  /// The granules of a slot: the smallest power of two from `sector_bytes` on of which two cells each take at most half
  /// of the log. No other field is set.
  [[nodiscard]] JournalMap map_of(std::uint32_t sector_bytes, std::uint32_t slot_bytes) const;
};

inline constexpr std::uint32_t kNoMark = 0xFFFF'FFFF;  ///< erased: the granule is not done
inline constexpr std::uint32_t kBurntMark = 0;         ///< voided: see CellKind::mark

/// The mark for content with this CRC-32: the CRC, moved away from the two values that mean something else.
[[nodiscard]] constexpr std::uint32_t mark_of(std::uint32_t crc) {
  return crc == kNoMark ? kNoMark - 1 : crc == kBurntMark ? 1 : crc;
}

}  // namespace dualbank
