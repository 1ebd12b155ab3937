// The boot record (ESP-IDF: otadata entry): which slot boots, in 32 bytes. There are two, one at the start of each
// sector of the otadata partition. Rules and upstream sources: docs/FORMAT.md, "Boot record".
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank {

inline constexpr std::uint32_t kBootRecordBytes = 32;
inline constexpr std::uint32_t kBootRecordLabelOffset = 4;  ///< bytes that nobody reads; changing a state keeps them
inline constexpr std::uint32_t kBootRecordLabelBytes = 20;
inline constexpr std::uint32_t kOtadataSectorBytes = 0x1000;  ///< record i stands at i * 0x1000
inline constexpr std::uint32_t kOtadataBytes = 2 * kOtadataSectorBytes;
inline constexpr std::uint32_t kBlankSeq = 0xFFFF'FFFF;  ///< an erased sequence number: no choice
inline constexpr std::uint32_t kHighestSeq = 0xFFFF'FFFE;

/// `ota_state` as the vendor names it. Any other number counts as undefined, everywhere.
enum class RecordState : std::uint32_t {
  fresh = 0,           ///< NEW: switched to, not booted yet
  pending_verify = 1,  ///< booted, to be confirmed before the next reset
  valid = 2,
  invalid = 3,
  aborted = 4,
  undefined = 0xFFFF'FFFF,
};

/// The vendor's word in lower case: "new", "pending_verify", "valid", "invalid", "aborted", "undefined"; any other
/// number is "unknown".
[[nodiscard]] const char* state_name(RecordState state);

/// CRC-32 over the four little-endian bytes of seq, register starting at 0: not the standard CRC-32 (crc of 0 is
/// FFFFFFFF). It covers nothing else of the record.
[[nodiscard]] std::uint32_t boot_record_crc(std::uint32_t seq);

struct BootRecord {
  std::uint32_t seq = kBlankSeq;
  RecordState state = RecordState::undefined;
  std::uint32_t crc = kBlankSeq;

  /// Reads the fields as they stand; every 32 bytes are a record.
  [[nodiscard]] static BootRecord parse(Bytes bytes32);
  /// A record as dualbank and the vendor write it: label all FF, CRC right.
  [[nodiscard]] static BootRecord make(std::uint32_t seq, RecordState state);
  [[nodiscard]] std::array<std::byte, kBootRecordBytes> bytes() const;

  [[nodiscard]] bool crc_good() const;
  /// Sequence number erased, or state INVALID or ABORTED; the CRC does not matter (vendor: "select_invalid").
  [[nodiscard]] bool rejected() const;
  /// Not rejected, and the CRC is right (vendor: "select_valid"). Only usable records choose a slot.
  [[nodiscard]] bool usable() const;
  /// Sequence number erased or CRC wrong; the state does not matter. Both like this: the bootloader may repair.
  [[nodiscard]] bool initial() const;

  friend bool operator==(const BootRecord&, const BootRecord&) = default;
};

using BootRecords = std::array<BootRecord, 2>;

/// Index of the record that rules: the usable one with the larger seq, record 0 on a tie; -1 when none is usable.
[[nodiscard]] int active_record(const BootRecords& records);

/// (seq - 1) mod slot_count in 32-bit arithmetic: seq 0 names a slot too. Precondition: 1 <= slot_count <= 16.
[[nodiscard]] SlotIndex slot_of_seq(std::uint32_t seq, std::uint32_t slot_count);

/// The smallest seq above `above` that names `slot`; with `above` kBlankSeq, the smallest of all (slot + 1).
/// kBlankSeq when there is none (the top is reached). Precondition: slot < slot_count.
[[nodiscard]] std::uint32_t next_seq(std::uint32_t above, SlotIndex slot, std::uint32_t slot_count);

}  // namespace dualbank
