#include "dualbank/sim/state_view.hpp"

#include <algorithm>
#include <array>

#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/update_identity.hpp"
#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kFewCells = 24;
constexpr std::uint32_t kBeyondUndefined = 6;

/// What is known of an image wherever a journal speaks of it.
struct KnownImage {
  std::array<std::uint32_t, 2> identity{};
  std::uint32_t start = 0;
  std::uint32_t mark = 0;
};

const std::vector<KnownImage>& known_images() {
  static const std::vector<KnownImage> known = [] {
    std::vector<KnownImage> all;
    for (const auto& image : state_images()) {
      const Bytes bytes{image};
      all.push_back({identity_digest(bytes.first(kImageStartBytes)), start_crc(bytes), mark_of(crc32(bytes))});
    }
    return all;
  }();
  return known;
}

template <class Test>
std::uint8_t image_by(Test test) {
  const auto& known = known_images();
  const auto found = std::find_if(known.begin(), known.end(), test);
  return found == known.end() ? kNoImage : static_cast<std::uint8_t>(found - known.begin());
}

/// A flash of one sector, seen at each address: the engine's scan of it needs no other.
class OneSector final : public Flash {
 public:
  explicit OneSector(Bytes sector)
      : Flash({.size_bytes = 2 * kOtadataSectorBytes, .erase_units = kOtadataSectorBytes}), sector_(sector) {}
  Status read(std::uint32_t address, MutableBytes out) override {
    const Bytes from = sector_.subspan(address & (kOtadataSectorBytes - 1), out.size());
    std::copy(from.begin(), from.end(), out.begin());
    return Status::ok;
  }
  Status program(std::uint32_t, Bytes) override { return Status::flash_program_failed; }
  Status erase(std::uint32_t, std::uint32_t) override { return Status::flash_erase_failed; }
  Status sync() override { return Status::ok; }

 private:
  Bytes sector_;
};

SectorFacts scan(Bytes sector, const Layout& layout) {
  OneSector flash{sector};
  Layout here = layout;
  here.otadata = {0, 2 * kOtadataSectorBytes};
  BootSectors sectors;
  static_cast<void>(sectors.read(flash, here));
  return sectors.facts(0);
}

/// The log without free cells between others; no bytes when there are none.
std::vector<std::byte> with_remains(Bytes sector, const SectorFacts& facts) {
  std::uint32_t to = facts.free_cell;
  std::vector<std::byte> all;
  for (std::uint32_t at = facts.free_cell; at < facts.log_end; at += kCellBytes) {
    const Bytes cell = sector.subspan(at, std::min(kCellBytes, facts.log_end - at));
    if (all_equal(cell, std::byte{0xFF})) continue;
    if (all.empty()) all.assign(sector.begin(), sector.end());
    std::copy(cell.begin(), cell.end(), all.begin() + to);
    to += kCellBytes;
  }
  if (!all.empty() && to < facts.log_end) std::fill(all.begin() + to, all.begin() + facts.log_end, std::byte{0xFF});
  return all;
}

bool can_be_programmed_over(Bytes record, const Cell& intent) {
  const auto wanted = BootRecord::make(intent.c, static_cast<RecordState>(intent.d)).bytes();
  const auto covers = [](std::byte is, std::byte will) { return (is & will) == will; };
  return std::equal(wanted.begin(), wanted.end(), record.begin(),
                    [&](std::byte will, std::byte is) { return covers(is, will); });
}

void add_facts(Hash& hash, const SectorFacts& facts) {
  hash.add(facts.newer, facts.erased, facts.doomed, facts.has_session, facts.strange_session, facts.has_intent);
  if (facts.has_intent) {
    const bool lasts = facts.intent.b == static_cast<std::uint16_t>(Reason::switched) && !facts.confirmed &&
                       facts.intent.d != static_cast<std::uint32_t>(RecordState::valid);
    hash.add(facts.intent.a, facts.intent.d, facts.firm, facts.confirmed, facts.ours());
    hash.add(facts.firm ? static_cast<std::uint32_t>(lasts) : facts.intent.b + 2U);
    if (lasts) hash.add(facts.tries, facts.gave_up);
  }
  if (facts.has_booted) hash.add(facts.booted.a, facts.booted.b, facts.booted.d);
}

void add_record(Hash& hash, const SectorFacts& facts) {
  const BootRecord& record = facts.record;
  hash.add(facts.record_blank, facts.all_blank, facts.rest_blank);
  if (facts.record_blank) return;
  const auto state = static_cast<std::uint32_t>(record.state);
  hash.add(record.usable(), record.rejected(), record.crc_good(), record.seq == kBlankSeq,
           std::min(state, kBeyondUndefined) + (state == ~0U ? 1 : 0));
}

enum class LastCell : std::uint8_t { none, sound, zeros, torn };

LastCell end_of_log(Bytes sector, const SectorFacts& facts) {
  if (facts.last_cell == 0) return LastCell::none;
  const Bytes raw = sector.subspan(facts.last_cell, kCellBytes);
  Cell cell;
  if (Cell::parse(raw, cell) != CellForm::burnt) return LastCell::sound;
  return all_equal(raw, std::byte{0}) ? LastCell::zeros : LastCell::torn;
}

/// In which parts there are bits between 0 and 1.
void add_marginal(Hash& hash, Bytes marginal, const SectorFacts& facts) {
  if (marginal.empty()) return;
  const auto any = [&](std::uint32_t from, std::uint32_t to) {
    return from < to && !all_equal(marginal.subspan(from, to - from), std::byte{0});
  };
  const std::uint32_t free_to = std::min<std::uint32_t>(facts.free_cell + kCellBytes, facts.log_end);
  const std::uint32_t last = facts.last_cell == 0 ? kLogOffset : facts.last_cell;
  hash.add(any(0, kBootRecordBytes), any(kLogOffset, last), any(last, facts.free_cell), any(facts.free_cell, free_to),
           any(free_to, facts.log_end), any(facts.log_end, kOtadataSectorBytes));
}

void view_session(SectorView& view, Bytes sector, const Layout& layout, const SectorFacts& facts) {
  view.has_session = true;
  view.session = facts.session;
  view.session.c = facts.session.c == ~0U ? 0U : 1U;
  view.session.d = facts.learned_length == ~0U ? 0U : 1U;
  view.identity_image = image_by([&](const KnownImage& image) { return image.identity == facts.identity; });
  view.session_image = image_by([&](const KnownImage& image) { return image.start == facts.session.d; });
  const Extent slot = layout.extent_of(static_cast<SlotIndex>(facts.session.a));
  const JournalMap map = JournalMap::for_slot(slot.size_bytes);
  for (std::uint32_t g = 0; g < map.granules; ++g) {
    const bool opened = (load_u8(sector, map.opened_offset + (g >> 3)) >> (g & 7) & 1) == 0;
    view.marks.push_back({g, load_u32(sector, map.marks_offset + 4 * g), opened, false});
  }
  for (std::uint32_t at = kLogOffset; at < facts.free_cell; at += kCellBytes) {
    Cell cell;
    if (Cell::parse(sector.subspan(at, kCellBytes), cell) != CellForm::cell) continue;
    if (cell.kind == CellKind::mark) view.marks.push_back({cell.b, cell.c, false, true});
    if (cell.kind == CellKind::partial) view.pieces.push_back(cell);
  }
}

}  // namespace

SectorView view_sector(Bytes sector, Bytes marginal, const Layout& layout) {
  const SectorFacts facts = scan(sector, layout);
  SectorView view;
  Hash hash;
  add_record(hash, facts);
  add_facts(hash, facts);
  if (facts.unfinished()) {
    hash.add(can_be_programmed_over(sector.first(kBootRecordBytes), facts.intent));
    view.intent_seq = facts.intent.c;
  }
  hash.add(end_of_log(sector, facts), std::min((facts.log_end - facts.free_cell) / kCellBytes, kFewCells));
  if (const std::vector<std::byte> all = with_remains(sector, facts); !all.empty()) add_facts(hash, scan(all, layout));
  add_marginal(hash, marginal, facts);
  view.facts = hash.value();
  if (facts.record.crc_good()) view.record_seq = facts.record.seq;
  if (facts.has_session && facts.clean()) view_session(view, sector, layout, facts);
  return view;
}

SlotView view_slot(Bytes slot) {
  const auto images = state_images();
  const auto holds = [&](const auto& image) { return std::equal(image.begin(), image.end(), slot.begin()); };
  const auto found = std::find_if(images.begin(), images.end(), holds);
  SlotView view{
      .bytes = {slot.begin(), slot.end()}, .crc = crc32(slot), .image_crc = crc32(slot.first(images[0].size()))};
  if (found != images.end()) view.image = static_cast<std::uint8_t>(found - images.begin());
  return view;
}

MarkFit fit_of(const SectorView::Mark& mark, std::uint32_t granule_bytes, const SlotView& slot) {
  if (mark.value == kNoMark) return {Fit::none};
  if (mark.value == kBurntMark) return {Fit::voided};
  const std::size_t from = std::min<std::size_t>(std::size_t{mark.granule} * granule_bytes, slot.bytes.size());
  const bool whole = from == 0 && granule_bytes >= slot.bytes.size();
  const Bytes rest = Bytes{slot.bytes}.subspan(from);
  const std::uint32_t crc = whole ? slot.crc : crc32(rest.first(std::min<std::size_t>(granule_bytes, rest.size())));
  if (mark.value == mark_of(crc) || (from == 0 && mark.value == mark_of(slot.image_crc))) return {Fit::yes};
  return {Fit::image, image_by([&](const KnownImage& image) { return image.mark == mark.value; })};
}

bool piece_fits(const Cell& piece, const SlotView& slot) {
  const std::size_t length = piece.b + std::size_t{1};
  if (piece.c > slot.bytes.size() || length > slot.bytes.size() - piece.c) return false;
  return crc32(Bytes{slot.bytes}.subspan(piece.c, length)) == piece.d;
}

}  // namespace dualbank::sim
