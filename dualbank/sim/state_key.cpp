#include "dualbank/sim/state_key.hpp"

#include <algorithm>
#include <array>

#include "dualbank/engine/update_identity.hpp"
#include "dualbank/formats/crc32.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/sim/draw.hpp"
#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kFewCells = 24;
constexpr std::uint32_t kTopMargin = 0x1000;  // the engine's: records so near the top are renewed
constexpr std::uint8_t kOther = 0xFE;
constexpr std::uint8_t kNone = 0xFF;
constexpr std::array kReadings{MarginalBits::drawn, MarginalBits::programmed, MarginalBits::erased};

using Buffer = std::vector<std::byte>;

/// The bytes of a range as they read now, or with all marginal bits of a kind.
Buffer bytes_as(const NorFlash& flash, const Extent& extent, MarginalBits reading) {
  const Bytes now = flash.contents().subspan(extent.offset, extent.size_bytes);
  Buffer bytes{now.begin(), now.end()};
  if (reading == MarginalBits::drawn || !flash.has_marginal_bits(extent.offset, extent.size_bytes)) return bytes;
  for (std::uint32_t i = 0; i < extent.size_bytes; ++i) {
    const std::byte mask = flash.marginal_at(extent.offset + i);
    bytes[i] = reading == MarginalBits::erased ? bytes[i] | mask : bytes[i] & ~mask;
  }
  return bytes;
}

struct Sector {
  Buffer bytes;
  BootRecord record;
  std::vector<std::pair<std::uint32_t, Cell>> cells;  // with where they stand
  std::uint32_t free_cell = 0;                        // the log's end when it is full
  std::uint32_t log_end = kOtadataSectorBytes;
  bool ends_burnt = false;
  bool newer = false;
  Cell session{};
  Cell intent{};
  bool has_session = false;
  bool has_intent = false;
  bool doomed = false;

  /// No update under way can be in it.
  [[nodiscard]] bool has_ended() const { return has_intent || doomed; }
};

constexpr bool is_of_session(CellKind kind) {
  return kind == CellKind::identity || kind == CellKind::session || kind == CellKind::length ||
         kind == CellKind::mark || kind == CellKind::partial;
}

Sector parse_sector(Buffer bytes, const Layout& layout) {
  Sector sector;
  sector.record = BootRecord::parse(bytes);
  std::uint32_t at = kLogOffset;
  for (; at < sector.log_end; at += kCellBytes) {
    Cell cell;
    const CellForm form = Cell::parse(Bytes{bytes}.subspan(at, kCellBytes), cell);
    if (form == CellForm::free) break;
    sector.ends_burnt = form != CellForm::cell;
    if (form == CellForm::newer) sector.newer = true;
    if (form != CellForm::cell) continue;
    sector.cells.emplace_back(at, cell);
    if (cell.kind == CellKind::intent) {
      sector.intent = cell;
      sector.has_intent = true;
    }
    sector.doomed = sector.doomed || cell.kind == CellKind::doomed;
    const Extent slot = layout.extent_of(static_cast<SlotIndex>(cell.a));
    if (cell.kind == CellKind::session && slot.present() && cell.a < layout.slot_count) {
      sector.session = cell;
      sector.has_session = true;
      sector.log_end = JournalMap::for_slot(slot.size_bytes).log_end;
    }
  }
  sector.free_cell = std::min(at, sector.log_end);
  sector.bytes = std::move(bytes);
  return sector;
}

class Key {
 public:
  Key(const Board& board, bool swapped) : board_(board), layout_(board.layout()), swapped_(swapped) {}

  std::string make() {
    const bool drifts = reads_differently_ = board_.flash.has_marginal_bits();
    std::vector<std::array<Sector, 2>> views;
    for (const MarginalBits reading : kReadings) {
      if (reading != MarginalBits::drawn && !drifts) break;
      std::array<Sector, 2> view;
      for (unsigned i = 0; i < 2; ++i) {
        const Extent extent{layout_.otadata.offset + i * kOtadataSectorBytes, kOtadataSectorBytes};
        view[i] = parse_sector(bytes_as(board_.flash, extent, reading), layout_);
        note_seq(view[i].record.crc_good() ? view[i].record.seq : kBlankSeq);
        if (view[i].has_intent) note_seq(view[i].intent.c);
      }
      views.push_back(std::move(view));
    }
    order_seqs();
    for (std::size_t i = 0; i < views.size(); ++i) add_view(views[i], kReadings[i]);
    return std::move(key_);
  }

 private:
  template <class... Numbers>
  void add(Numbers... numbers) {
    (key_.push_back(static_cast<char>(numbers)), ...);
  }

  void note_seq(std::uint32_t seq) {
    if (seq != kBlankSeq) seqs_.push_back(seq);
  }

  void order_seqs() {
    std::sort(seqs_.begin(), seqs_.end());
    seqs_.erase(std::unique(seqs_.begin(), seqs_.end()), seqs_.end());
    for (std::size_t i = 1; i < seqs_.size(); ++i) {
      add(std::min(seqs_[i] - seqs_[i - 1], 2U * layout_.slot_count));
    }
    add(kNone);
  }

  void add_seq(std::uint32_t seq) {
    const auto rank = std::lower_bound(seqs_.begin(), seqs_.end(), seq) - seqs_.begin();
    add(rank, slot_of_seq(seq, layout_.slot_count), seq == 0, seq > kHighestSeq - kTopMargin);
  }

  void add_view(const std::array<Sector, 2>& sectors, MarginalBits reading) {
    slots_.clear();
    for (SlotIndex slot = 0; slot < layout_.slot_count; ++slot) add_slot(slot, reading);
    if (layout_.factory.present()) add_slot(kFactorySlot, reading);
    for (const Sector& sector : sectors) {
      add_record(sector);
      add_log(sector);
      add_remains(sector);
      if (sector.has_session && !sector.has_ended()) add_marks(sector);
    }
  }

  void add_slot(SlotIndex slot, MarginalBits reading) {
    slots_.push_back(bytes_as(board_.flash, layout_.extent_of(slot), reading));
    const Buffer& bytes = slots_.back();
    const auto images = state_images();
    const auto holds = [&](const Buffer& image) { return std::equal(image.begin(), image.end(), bytes.begin()); };
    const auto found = std::find_if(images.begin(), images.end(), holds);
    add(found == images.end() ? kOther : image_number(static_cast<std::uint8_t>(found - images.begin())));
  }

  void add_record(const Sector& sector) {
    const BootRecord& record = sector.record;
    const Bytes raw = Bytes{sector.bytes}.first(kBootRecordBytes);
    if (all_equal(raw, std::byte{0xFF})) return add(kNone);
    const auto state = static_cast<std::uint32_t>(record.state);
    add(record.usable(), record.rejected(), record.crc_good(), record.seq == kBlankSeq,
        std::min(state, 6U) + (state == ~0U));
    if (record.crc_good() && record.seq != kBlankSeq) add_seq(record.seq);
    if (!sector.has_intent) return;
    const auto wanted = BootRecord::make(sector.intent.c, static_cast<RecordState>(sector.intent.d)).bytes();
    const auto covers = [](std::byte is, std::byte will) { return (is & will) == will; };
    add(std::equal(raw.begin(), raw.end(), wanted.begin(), covers));
  }

  void add_log(const Sector& sector) {
    bool firm = false;
    for (auto cell = sector.cells.rbegin(); cell != sector.cells.rend(); ++cell) {
      const CellKind kind = cell->second.kind;
      if (sector.has_ended() && (is_of_session(kind) || kind == CellKind::erased)) continue;
      firm = firm || kind == CellKind::firm;
      add_cell(sector, cell->second, firm);
    }
    const std::uint32_t room = (sector.log_end - sector.free_cell) / kCellBytes;
    add(kNone, sector.has_session && !sector.has_ended(), reads_differently_ && sector.ends_burnt, sector.newer,
        std::min(room, kFewCells));
  }

  void add_cell(const Sector& sector, const Cell& cell, bool firm) {
    if (cell.kind == CellKind::note) return;
    add(cell.kind);
    switch (cell.kind) {
      case CellKind::identity:
        return add(image_by([&](const Buffer& image) {
          return identity_digest(Bytes{image}.first(kImageStartBytes)) == std::array{cell.c, cell.d};
        }));
      case CellKind::session:
        return add(cell.a, cell.b, cell.c == ~0U,
                   image_by([&](const Buffer& image) { return start_crc(image) == cell.d; }));
      case CellKind::mark:
        return add(cell.b, fits(sector, cell.b, cell.c));
      case CellKind::partial:
        return add(cell.b, cell.c, piece_fits(sector, cell));
      case CellKind::intent:  // why it was written no longer matters then, but for trials
        add(cell.a, firm ? cell.b == static_cast<std::uint16_t>(Reason::switched) : cell.b, cell.d);
        return add_seq(cell.c);
      case CellKind::booted:
        return add(cell.a, cell.b, cell.d);
      case CellKind::tried:
        return add(cell.a);
      default:
        return;
    }
  }

  template <class Test>
  [[nodiscard]] std::uint8_t image_by(Test test) const {
    const auto images = state_images();
    const auto found = std::find_if(images.begin(), images.end(), test);
    return found == images.end() ? kOther : image_number(static_cast<std::uint8_t>(found - images.begin()));
  }

  /// The first two are never sent. The others may have changed places.
  [[nodiscard]] std::uint8_t image_number(std::uint8_t image) const {
    if (image < kImageA) return kRanBefore;
    return swapped_ ? static_cast<std::uint8_t>(kImageA + kImageB - image) : image;
  }

  /// Behind the first free cell: what an erase, cut, has left.
  void add_remains(const Sector& sector) {
    bool garbage = false;
    for (std::uint32_t at = sector.free_cell; at < sector.log_end; at += kCellBytes) {
      Cell cell;
      const CellForm form = Cell::parse(Bytes{sector.bytes}.subspan(at, kCellBytes), cell);
      if (form == CellForm::cell) add_cell(sector, cell, false);
      garbage = garbage || (form != CellForm::cell && form != CellForm::free);
    }
    add(kNone, garbage);
  }

  [[nodiscard]] Bytes slot_of(const Sector& sector) const { return slots_[sector.session.a]; }

  /// Which content a mark speaks of: 1 that which is there.
  [[nodiscard]] std::uint8_t fits(const Sector& sector, std::uint32_t granule, std::uint32_t mark) const {
    if (mark == kNoMark) return kNone;
    if (mark == kBurntMark || !sector.has_session) return 0;
    const Bytes slot = slot_of(sector);
    const std::uint32_t size = 1U << sector.session.b;
    const std::uint32_t from = std::min(granule * size, static_cast<std::uint32_t>(slot.size()));
    const Bytes rest = slot.subspan(from, std::min<std::size_t>(size, slot.size() - from));
    const auto image = static_cast<std::uint32_t>(state_images()[0].size());
    if (mark == mark_of(crc32(rest)) || (from == 0 && mark == mark_of(crc32(rest.first(image))))) return 1;
    return static_cast<std::uint8_t>(2 + image_by([&](const Buffer& b) { return mark_of(crc32(b)) == mark; }) % 8);
  }

  [[nodiscard]] std::uint8_t piece_fits(const Sector& sector, const Cell& cell) const {
    if (!sector.has_session) return 0;
    const Bytes slot = slot_of(sector);
    const std::uint32_t length = cell.b + 1U;
    if (cell.c > slot.size() || length > slot.size() - cell.c) return 0;
    return crc32(slot.subspan(cell.c, length)) == cell.d ? 1 : 2;
  }

  void add_marks(const Sector& sector) {
    const JournalMap map = JournalMap::for_slot(layout_.extent_of(static_cast<SlotIndex>(sector.session.a)).size_bytes);
    for (std::uint32_t g = 0; g < map.granules; ++g) {
      const std::uint8_t opened = load_u8(sector.bytes, map.opened_offset + (g >> 3)) >> (g & 7) & 1;
      add(opened, fits(sector, g, load_u32(sector.bytes, map.marks_offset + 4 * g)));
    }
  }

  const Board& board_;
  const Layout& layout_;
  bool swapped_;
  bool reads_differently_ = false;
  std::string key_;
  std::vector<std::uint32_t> seqs_;
  std::vector<Buffer> slots_;
};

}  // namespace

StateKey state_key(const Board& board) {
  std::string plain = Key{board, false}.make();
  std::string swapped = Key{board, true}.make();
  const bool swaps = swapped < plain;
  return {std::move(swaps ? swapped : plain), swaps};
}

std::uint64_t hash_of_key(std::string_view key) {
  std::uint64_t hash = 0x9E37'79B9'7F4A'7C15;
  for (const char c : key) hash = mix(hash, static_cast<unsigned char>(c));
  return hash;
}

}  // namespace dualbank::sim
