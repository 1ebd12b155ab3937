#include "dualbank/sim/state_starts.hpp"

#include "dualbank/formats/journal.hpp"
#include "dualbank/sim/firmware_image.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kImageBytes = 512;
constexpr std::uint32_t kNearTop = kHighestSeq - 3;  // names ota_0 of two

constexpr BoardKind kTwo{"two-slots", "two slots of 4 KiB", {}, 2, false, 0x1000, kImageBytes};
constexpr BoardKind kFactory{"factory", "two slots of 4 KiB beside a factory app", {}, 2, true, 0x1000, kImageBytes};
constexpr BoardKind kThree{"three-slots", "three slots of 4 KiB", {}, 3, false, 0x1000, kImageBytes};

constexpr RecordAtStart kBlank{};
constexpr RecordAtStart good(std::uint32_t seq, RecordState state = RecordState::valid) { return {seq, state, false}; }
constexpr RecordAtStart damaged(std::uint32_t seq) { return {seq, RecordState::undefined, true}; }
constexpr RecordState kPlain = RecordState::undefined;

constexpr auto kStarts = std::to_array<StateStart>({
    {"one-record", "ota_0 runs, named by record 0 (seq 1)", &kTwo, 0, kNoSlot, {good(1), kBlank}},
    {"fresh", "ota_0 runs, both records are blank", &kTwo, 0, kNoSlot, {kBlank, kBlank}},
    {"fresh-second", "ota_1 runs because ota_0 is empty, both records are blank", &kTwo, 1, kNoSlot, {kBlank, kBlank}},
    {"two-records", "ota_0 runs (seq 3), ota_1 holds the one before (seq 2)", &kTwo, 0, 1, {good(3), good(2)}},
    {"second", "ota_1 runs (seq 2), ota_0 holds the one before (seq 1)", &kTwo, 1, 0, {good(1), good(2, kPlain)}},
    {"fallback", "ota_0 runs (seq 1) because ota_1 (seq 2) is empty", &kTwo, 0, kNoSlot, {good(1), good(2, kPlain)}},
    {"broken-only", "ota_0 runs because ota_1, all that is named, is empty", &kTwo, 0, kNoSlot, {good(2), kBlank}},
    {"switched", "ota_0 runs, and another program has just switched to ota_1", &kTwo, 0, 1, {good(1), good(2, kPlain)}},
    {"trial",
     "ota_0 runs, and another program has just begun a trial of ota_1",
     &kTwo,
     0,
     1,
     {good(1), good(2, RecordState::fresh)}},
    {"damaged", "ota_0 runs by search: record 0 is damaged, record 1 blank", &kTwo, 0, kNoSlot, {damaged(1), kBlank}},
    {"damaged-second",
     "ota_1 runs by search: record 0 is damaged, ota_0 empty",
     &kTwo,
     1,
     kNoSlot,
     {damaged(2), kBlank}},
    {"damaged-both", "ota_0 runs by search: both records are damaged", &kTwo, 0, 1, {damaged(5), damaged(2)}},
    {"damaged-newer",
     "ota_0 runs (seq 1), record 1 is damaged and has a higher seq",
     &kTwo,
     0,
     1,
     {good(1), damaged(4)}},
    {"rejected",
     "ota_0 runs (seq 3), record 1 was aborted (seq 4)",
     &kTwo,
     0,
     1,
     {good(3), good(4, RecordState::aborted)}},
    {"tie", "ota_0 runs, both records have seq 1", &kTwo, 0, 1, {good(1), good(1)}},
    {"top", "ota_0 runs, and its seq is near the top", &kTwo, 0, 1, {good(kNearTop), good(2)}},
    {"full-log", "ota_0 runs (seq 3), and both logs have room for 12 cells only", &kTwo, 0, 1, {good(3), good(2)}, 240},
    {"factory-fresh",
     "the factory app runs, both records are blank",
     &kFactory,
     kFactorySlot,
     kNoSlot,
     {kBlank, kBlank}},
    {"factory", "ota_0 runs (seq 1), beside a factory app", &kFactory, 0, kNoSlot, {good(1), kBlank}},
    {"factory-two",
     "ota_0 runs (seq 3), ota_1 holds the one before (seq 2), beside a factory app",
     &kFactory,
     0,
     1,
     {good(3), good(2)}},
    {"factory-damaged",
     "the factory app runs because record 0 is damaged",
     &kFactory,
     kFactorySlot,
     0,
     {damaged(1), kBlank}},
    {"factory-fallback",
     "the factory app runs because ota_0, which is named, is empty",
     &kFactory,
     kFactorySlot,
     kNoSlot,
     {good(1), kBlank}},
    {"three", "ota_0 of three runs (seq 1)", &kThree, 0, kNoSlot, {good(1), kBlank}},
    {"three-two", "ota_0 of three runs (seq 4), ota_2 holds the one before (seq 3)", &kThree, 0, 2, {good(4), good(3)}},
    {"three-fallback", "ota_0 of three runs because ota_1 (seq 2) is empty", &kThree, 0, 2, {good(3), good(5, kPlain)}},
});

}  // namespace

std::span<const std::vector<std::byte>> state_images() {
  static const std::array<std::vector<std::byte>, 4> images{
      firmware_image("1.0", kImageBytes), firmware_image("0.9", kImageBytes), firmware_image("2.0", kImageBytes),
      firmware_image("3.0", kImageBytes)};
  return images;
}

std::span<const StateStart> all_state_starts() { return kStarts; }

void set_up(Board& board, const StateStart& start) {
  board.install(start.running, state_images()[kRunsFirst]);
  if (start.board->factory && start.running != kFactorySlot) board.install(kFactorySlot, state_images()[kRanBefore]);
  if (start.before != kNoSlot) board.install(start.before, state_images()[kRanBefore]);
  for (int sector = 0; sector < 2; ++sector) {
    const RecordAtStart& record = start.records[static_cast<unsigned>(sector)];
    const std::uint32_t at = board.layout().otadata.offset + static_cast<std::uint32_t>(sector) * kOtadataSectorBytes;
    if (record.seq != kBlankSeq) board.put_record(sector, record.seq, record.state);
    if (record.damaged) board.flash.put(at + kBootRecordBytes - 4, std::array{std::byte{0x11}});
    const std::vector<std::byte> burnt(std::size_t{start.burnt_cells} * kCellBytes);
    board.flash.put(at + kLogOffset, burnt);
  }
  board.keep_as_start();
}

}  // namespace dualbank::sim
