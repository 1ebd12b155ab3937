#include "dualbank/formats/otadata.hpp"

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::size_t kSeqOffset = 0;
constexpr std::size_t kStateOffset = 24;
constexpr std::size_t kCrcOffset = 28;
constexpr std::uint32_t kCrcStart = 0xFFFF'FFFF;

// A loop of 32 steps: the division routine of a core without one is larger.
constexpr std::uint32_t remainder(std::uint32_t value, std::uint32_t divisor) {
  std::uint32_t rest = 0;
  for (std::uint32_t bit = 32; bit-- > 0;) {
    rest = rest << 1 | (value >> bit & 1U);
    if (rest >= divisor) rest -= divisor;
  }
  return rest;
}

}  // namespace

const char* state_name(RecordState state) {
  constexpr std::array<const char*, 5> kNames{"new", "pending_verify", "valid", "invalid", "aborted"};
  if (state == RecordState::undefined) return "undefined";
  const auto number = static_cast<std::uint32_t>(state);
  return number < kNames.size() ? kNames[number] : "unknown";
}

std::uint32_t boot_record_crc(std::uint32_t seq) {
  std::array<std::byte, 4> bytes{};
  store_u32(bytes, 0, seq);
  return crc32(bytes, kCrcStart);
}

BootRecord BootRecord::parse(Bytes bytes32) {
  return {load_u32(bytes32, kSeqOffset), static_cast<RecordState>(load_u32(bytes32, kStateOffset)),
          load_u32(bytes32, kCrcOffset)};
}

BootRecord BootRecord::make(std::uint32_t seq, RecordState state) { return {seq, state, boot_record_crc(seq)}; }

std::array<std::byte, kBootRecordBytes> BootRecord::bytes() const {
  std::array<std::byte, kBootRecordBytes> bytes;
  bytes.fill(std::byte{0xFF});
  store_u32(bytes, kSeqOffset, seq);
  store_u32(bytes, kStateOffset, static_cast<std::uint32_t>(state));
  store_u32(bytes, kCrcOffset, crc);
  return bytes;
}

bool BootRecord::crc_good() const { return crc == boot_record_crc(seq); }

bool BootRecord::rejected() const {
  return seq == kBlankSeq || state == RecordState::invalid || state == RecordState::aborted;
}

bool BootRecord::usable() const { return !rejected() && crc_good(); }

bool BootRecord::initial() const { return seq == kBlankSeq || !crc_good(); }

int active_record(const BootRecords& records) {
  const bool first = records[0].usable();
  const bool second = records[1].usable();
  if (first && second) return records[1].seq > records[0].seq ? 1 : 0;
  if (first) return 0;
  return second ? 1 : -1;
}

SlotIndex slot_of_seq(std::uint32_t seq, std::uint32_t slot_count) {
  return static_cast<SlotIndex>(remainder(seq - 1, slot_count));
}

std::uint32_t next_seq(std::uint32_t above, SlotIndex slot, std::uint32_t slot_count) {
  const auto wanted = static_cast<std::uint32_t>(slot);
  // Seq 0 names a slot out of turn where the slot count is no power of two: counting starts at 1.
  if (above == kBlankSeq || above == 0) return wanted + 1;
  const std::uint32_t current = remainder(above - 1, slot_count);
  const std::uint32_t step = wanted > current ? wanted - current : wanted + slot_count - current;
  return step > kHighestSeq - above ? kBlankSeq : above + step;
}

}  // namespace dualbank
