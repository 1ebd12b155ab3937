// Writing an update: begin, flash, pause, abandon.
#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t lower(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

std::array<std::uint32_t, 2> digest_of(Bytes identity) {
  if (identity.empty()) return {};
  const Sha256Digest digest = sha256(identity);
  return {load_u32(digest, 0), load_u32(digest, 4)};
}

std::uint32_t start_crc(Bytes header) {
  const std::uint32_t crc = crc32(header.first(kImageStartBytes));
  return crc == 0 ? 1 : crc;  // 0 says: not seen
}

bool begins_an_image(Bytes bytes) {
  if (bytes.size() < kImageStartBytes) return false;
  const Result<ImageInfo> info = check_image_start(bytes.first(kImageStartBytes), ImageRules::strict(kAnyChip, kUnknownLength));
  return info.has_value();
}

}  // namespace

Event Updater::may_update() const {
  if (const Event e = writable(); e.failed()) return e;
  if (running_on_trial() && !options_.allow_unconfirmed) {
    return {Status::on_trial, {static_cast<std::uint32_t>(state_.running_slot), 0, 0}};
  }
  const bool from_app = state_.running_slot == kFactorySlot || state_.running_slot == kTestSlot;
  if (from_app && sectors_.active() >= 0) {
    return {Status::running_factory, {static_cast<std::uint32_t>(sectors_.active_slot()), 0, 0}};
  }
  return kDone;
}

SlotIndex Updater::slot_to_write() const {
  return session_.active() ? session_.terms().slot : layout_.next_update_slot(state_.running_slot);
}

Event Updater::check_header(Bytes header) {
  const Result<ImageInfo> info = check_image_start(header, rules_for(slot_to_write()));
  if (!info) return info.error();
  if (options_.anti_rollback && info->descriptor.secure_version < options_.lowest_secure_version) {
    return {Status::image_version_too_low, {info->descriptor.secure_version, options_.lowest_secure_version, 0}};
  }
  return kDone;
}

Status Updater::begin(const UpdateRequest& request) {
  if (const Event e = may_update(); e.failed()) return answer(e);
  if (!request.header.empty()) {
    if (const Event e = check_header(request.header); e.failed()) return answer(e);
  }
  SessionTerms terms{.slot = layout_.next_update_slot(state_.running_slot), .length_bytes = request.length_bytes};
  const std::uint32_t slot_bytes = layout_.extent_of(terms.slot).size_bytes;
  if (request.length_bytes != kUnknownLength && request.length_bytes > slot_bytes) {
    return answer({Status::image_too_long, {request.length_bytes, slot_bytes, 0}});
  }
  if (!request.header.empty()) terms.header_crc = start_crc(request.header);
  terms.identity = digest_of(!request.identity.empty() ? request.identity : request.header.first(lower(
      static_cast<std::uint32_t>(request.header.size()), kImageStartBytes)));
  held_bytes_ = 0;
  start_held_ = false;
  const bool nameless = request.identity.empty() && request.header.empty();
  const bool same = session_.active() && session_.terms().slot == terms.slot && !nameless &&
                    session_.terms().identity == terms.identity &&
                    (request.length_bytes == kUnknownLength || !session_.length_declared() ||
                     session_.terms().length_bytes == request.length_bytes);
  if (const Event e = same ? resume(request) : start(terms); e.failed()) return answer(e);
  return answer({same ? Status::update_resumed : Status::update_begun, {static_cast<std::uint32_t>(terms.slot), 0, 0}});
}

Event Updater::resume(const UpdateRequest& request) {
  const bool brings_header = !request.header.empty() && session_.terms().header_crc == 0;
  const bool brings_length = request.length_bytes != kUnknownLength && session_.length_bytes() == kUnknownLength;
  if (!brings_header && !brings_length) return kDone;
  if (const Event e = session_.wake(); e.failed()) return e;
  if (brings_header) {
    if (const Event e = session_.set_header(start_crc(request.header)); e.failed()) return e;
  }
  return brings_length ? session_.set_length(request.length_bytes) : kDone;
}

Event Updater::start(const SessionTerms& terms) {
  if (const Event e = end_session(); e.failed()) return e;
  int sector = 0;
  if (const Event e = free_sector(sector); e.failed()) return e;
  return session_.start(*flash_, sectors_, sector, layout_, terms);
}

Event Updater::clean_session() {
  if (!session_.active()) return kDone;
  const std::uint32_t total = session_.granules();
  for (std::uint32_t g = 0; g < total; ++g) {
    if (!session_.suspect(g)) continue;
    if (const Event e = pulse(0, 0); e.failed()) return e;
    if (const Event e = session_.wake(); e.failed()) return e;
    if (const Event e = session_.open(g, [] {}); e.failed()) return e;
  }
  return kDone;
}

// Before its journal may go, what it left open is erased: nothing else would know that these sectors may be weak.
Event Updater::end_session() {
  if (const Event e = clean_session(); e.failed()) return e;
  if (session_.active()) {
    if (const Event e = sectors_.forget_session(session_.sector()); e.failed()) return e;
  }
  session_.close();
  received_.clear();
  length_.reset();
  next_offset_ = 0;
  return kDone;
}

// Finds the sector that may be erased for the next record: afterwards the other one names the running slot, for certain.
Event Updater::free_sector(int& sector) {
  const int active = sectors_.active();
  if (!is_ota_slot(state_.running_slot)) {
    sector = active >= 0 ? 1 - active : sectors_.blanker();
    return kDone;
  }
  if (active >= 0) {
    const SectorFacts& facts = sectors_.facts(active);
    const RecordState state = facts.record.state;
    const bool trial_state = state == RecordState::fresh || state == RecordState::pending_verify;
    const bool ordinary = trial_state || state == RecordState::valid || state == RecordState::undefined;
    sector = 1 - active;
    if (sectors_.active_slot() == state_.running_slot && !facts.doomed && ordinary && !sectors_.near_top()) {
      return facts.ours() && facts.firm ? kDone : sectors_.refresh_record(active);
    }
    const BootRecord& other = sectors_.facts(1 - active).record;
    const bool other_is_running = other.usable() && slot_of_seq(other.seq, layout_.slot_count) == state_.running_slot;
    if (options_.policy == Policy::stock_rollback && trial_state && other_is_running && !sectors_.facts(1 - active).doomed) {
      sector = active;
      return sectors_.refresh_record(1 - active);
    }
  }
  return anchor(sector);
}

Event Updater::anchor(int& sector) {
  const int active = sectors_.active();
  const SlotIndex running = state_.running_slot;
  const int target = active >= 0 ? 1 - active : sectors_.blanker();
  if (active >= 0) {
    if (const Event e = sectors_.refresh_record(active); e.failed()) return e;
  }
  const bool top = sectors_.near_top();
  const std::uint32_t seq = top ? next_seq(kBlankSeq, running, layout_.slot_count) : sectors_.seq_for(running);
  if (seq == kBlankSeq) return {Status::seq_exhausted, {sectors_.facts(active).record.seq, 0, 0}};
  if (const Event e = sectors_.put(target, running, seq, RecordState::valid, Reason::anchor); e.failed()) return e;
  sector = 1 - target;
  return top ? sectors_.wipe(sector) : kDone;
}

Status Updater::flash(Bytes bytes) {
  return flash(bytes, begins_an_image(bytes) ? 0 : next_offset_);
}

Status Updater::flash(Bytes bytes, std::uint32_t offset) {
  if (const Event e = may_update(); e.failed()) return answer(e);
  const Event e = take(bytes, offset);
  if (e.failed()) return answer(e);
  next_offset_ = offset + static_cast<std::uint32_t>(bytes.size());
  return answer({Status::bytes_written,
                 {static_cast<std::uint32_t>(bytes.size()), offset, static_cast<std::uint32_t>(slot_to_write())}});
}

Event Updater::take(Bytes bytes, std::uint32_t offset) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t slot_bytes = layout_.extent_of(slot_to_write()).size_bytes;
  if (bytes.size() > slot_bytes || offset > slot_bytes - size) return {Status::beyond_slot, {size, offset, slot_bytes}};
  if (bytes.empty()) return kDone;
  std::uint32_t used = 0;
  if (const Event e = take_start(bytes, offset, used); e.failed()) return e;
  return used == size ? kDone : write(bytes.subspan(used), offset + used);
}

bool Updater::start_known() const { return session_.terms().header_crc != 0 || present({0, kImageStartBytes}); }

// Sees to it that an image's start is checked before any of it is written; `used` bytes need no more doing.
Event Updater::take_start(Bytes bytes, std::uint32_t offset, std::uint32_t& used) {
  const bool whole = offset == 0 && bytes.size() >= kImageStartBytes;
  const bool under_way = session_.active();
  if (!start_held_) {
    if (under_way && start_known()) {
      if (!whole || session_.terms().header_crc == start_crc(bytes)) return kDone;
      if (session_.terms().header_crc == 0 && !check_bytes(bytes.first(kImageStartBytes), 0).failed()) return kDone;
    } else if (under_way && offset >= kImageStartBytes) {
      return kDone;
    }
    Bytes start = bytes;
    if (!whole) {
      if (offset == 0) held_bytes_ = 0;
      if (offset > held_bytes_) return {Status::header_first, {offset, kImageStartBytes, 0}};
      used = lower(static_cast<std::uint32_t>(bytes.size()), kImageStartBytes - offset);
      for (std::uint32_t i = 0; i < used; ++i) held_[offset + i] = bytes[i];
      if (offset + used > held_bytes_) held_bytes_ = static_cast<std::uint16_t>(offset + used);
      if (held_bytes_ < kImageStartBytes) return kDone;
      start = held_;
    }
    start = start.first(kImageStartBytes);
    const Event checked = check_header(start);
    if (checked.failed()) {
      held_bytes_ = 0;
      return checked;
    }
    const bool names_it = under_way && !start_known();  // begin() came without a header: these bytes belong to that update
    if (names_it) {
      if (const Event e = session_.wake(); e.failed()) return e;
    }
    const SessionTerms terms{slot_to_write(), digest_of(start), kUnknownLength, start_crc(start)};
    if (const Event e = names_it ? session_.set_header(terms.header_crc) : this->start(terms); e.failed()) return e;
    if (whole) return kDone;
    start_held_ = true;
  }
  if (const Event e = write(held_, 0); e.failed()) return e;
  start_held_ = false;
  held_bytes_ = 0;
  used = offset < kImageStartBytes ? lower(static_cast<std::uint32_t>(bytes.size()), kImageStartBytes - offset) : 0;
  return kDone;
}

Event Updater::check_bytes(Bytes bytes, std::uint32_t offset) {
  const std::uint32_t end = offset + static_cast<std::uint32_t>(bytes.size());
  for (std::uint32_t at = offset; at < end;) {
    const std::uint32_t granule = session_.granule_at(at);
    const std::uint32_t to = lower(end, session_.range_of(granule).to);
    if (const Event e = check_piece(granule, bytes.subspan(at - offset, to - at), at); e.failed()) return e;
    at = to;
  }
  return kDone;
}

// What was already received must come again as it was.
Event Updater::check_piece(std::uint32_t granule, Bytes piece, std::uint32_t offset) {
  const Range range{offset, offset + static_cast<std::uint32_t>(piece.size())};
  const bool done = session_.done(granule);
  const std::uint32_t marked_to = session_.marked_range_of(granule).to;
  for (Range rest = range; !rest.empty();) {
    const Range known = done ? Range{rest.from, lower(rest.to, marked_to)} : received_.first_in(rest);
    if (known.empty()) break;
    std::uint32_t same = 0;
    const Bytes part = piece.subspan(known.from - offset, known.length());
    if (const Event e = compare_flash(*flash_, session_.extent().offset + known.from, part, same); e.failed()) return e;
    if (same != part.size()) return {Status::different_bytes, {known.from + same, 0, 0}};
    rest.from = known.to;
  }
  const bool adds = !done && !received_.covers(range) && !(range == session_.marked_range_of(granule));
  if (adds && !received_.fits(range)) return {Status::too_many_gaps, {received_.count(), 0, 0}};
  return kDone;
}

Event Updater::write(Bytes bytes, std::uint32_t offset) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t end = offset + size;
  if (session_.length_declared() && end > session_.length_bytes()) {
    return {Status::beyond_length, {size, offset, session_.length_bytes()}};
  }
  if (const Event e = check_bytes(bytes, offset); e.failed()) return e;
  for (std::uint32_t at = offset; at < end;) {
    const std::uint32_t granule = session_.granule_at(at);
    if (const Event e = session_.done(granule) ? kDone : pulse(at - offset, size); e.failed()) return e;
    const std::uint32_t to = lower(end, session_.range_of(granule).to);
    if (const Event e = write_piece(granule, bytes.subspan(at - offset, to - at), at); e.failed()) return e;
    at = to;
  }
  return learn_length();
}

Event Updater::write_piece(std::uint32_t granule, Bytes piece, std::uint32_t offset) {
  const std::uint32_t address = session_.extent().offset + offset;
  if (const Event e = session_.wake(); e.failed()) return e;
  if (session_.done(granule)) {  // only what trails the image's own length can be new: a signature, say
    const std::uint32_t marked_to = session_.marked_range_of(granule).to;
    const std::size_t known = offset < marked_to ? lower(marked_to - offset, static_cast<std::uint32_t>(piece.size())) : 0;
    std::uint32_t same = 0;
    if (const Event e = compare_flash(*flash_, address, piece, same); e.failed()) return e;
    if (same == piece.size()) return kDone;
    const Event e = program_bytes(*flash_, address + static_cast<std::uint32_t>(known), piece.subspan(known));
    return e.code == Status::flash_verify_failed ? Event{Status::different_bytes, {offset + same, 0, 0}} : e;
  }
  const Range range{offset, offset + static_cast<std::uint32_t>(piece.size())};
  if (!session_.fresh(granule)) {
    const Range whole = session_.marked_range_of(granule);
    const bool all_at_once = range.from <= whole.from && range.to >= whole.to;
    std::uint32_t same = 0;
    if (!session_.suspect(granule) && (all_at_once || options_.workspace.size() >= session_.granule_bytes())) {
      if (const Event e = compare_flash(*flash_, address, piece, same); e.failed()) return e;
    }
    if (same != piece.size()) {
      if (const Event e = open_granule(granule); e.failed()) return e;
    }
  }
  if (session_.fresh(granule)) {
    if (const Event e = program_new(piece, offset); e.failed()) return e;
  }
  const Range marked = session_.marked_range_of(granule);
  if (range.from <= marked.from && range.to >= marked.to) return finish_granule(granule);
  if (!received_.add(range)) return {Status::too_many_gaps, {received_.count(), 0, 0}};
  return received_.covers(marked) ? finish_granule(granule) : kDone;
}

// What had come and needed no writing, because the slot held it already, is kept over the erase in the workspace.
Event Updater::open_granule(std::uint32_t granule) {
  const Range range = session_.range_of(granule);
  const std::uint32_t base = session_.extent().offset + range.from;
  const bool keeps = !received_.first_in(range).empty();
  const MutableBytes saved = keeps ? options_.workspace.first(range.length()) : MutableBytes{};
  if (const Event e = read_flash(*flash_, base, saved); e.failed()) return e;
  const auto feed = [this] { static_cast<void>(pulse(0, 0)); };  // a stop here would lose what is saved: it waits
  if (const Event e = session_.open(granule, feed); e.failed()) return e;
  for (Range rest = range; keeps && !rest.empty();) {
    const Range part = received_.first_in(rest);
    if (part.empty()) break;
    const Bytes bytes = saved.subspan(part.from - range.from, part.length());
    if (const Event e = program_bytes(*flash_, session_.extent().offset + part.from, bytes); e.failed()) return e;
    rest.from = part.to;
  }
  return kDone;
}

Event Updater::program_new(Bytes piece, std::uint32_t offset) {
  Range rest{offset, offset + static_cast<std::uint32_t>(piece.size())};
  for (Range gap = received_.first_gap(rest); !gap.empty(); gap = received_.first_gap(rest)) {
    const Bytes bytes = piece.subspan(gap.from - offset, gap.length());
    if (const Event e = program_bytes(*flash_, session_.extent().offset + gap.from, bytes); e.failed()) return e;
    rest.from = gap.to;
  }
  return kDone;
}

Event Updater::finish_granule(std::uint32_t granule) {
  if (const Event e = session_.finish(granule); e.failed()) return e;
  received_.remove(session_.range_of(granule));
  return kDone;
}

bool Updater::present(Range range) const {
  while (!range.empty()) {
    const std::uint32_t granule = session_.granule_at(range.from);
    if (granule >= session_.granules()) return false;
    const std::uint32_t to = lower(range.to, session_.range_of(granule).to);
    if (!session_.done(granule) && !received_.covers({range.from, to})) return false;
    range.from = to;
  }
  return true;
}

Event Updater::learn_length() {
  if (session_.length_bytes() != kUnknownLength) return kDone;
  while (!length_.known()) {
    const Range wanted = length_.wanted();
    if (!present(wanted)) return kDone;
    std::array<std::byte, kImageHeaderBytes> raw;
    const MutableBytes bytes = MutableBytes{raw}.first(wanted.length());
    if (const Event e = read_flash(*flash_, session_.extent().offset + wanted.from, bytes); e.failed()) return e;
    if (!length_.take(bytes, session_.extent().size_bytes)) {
      return {Status::image_too_long, {length_.wanted().to, session_.extent().size_bytes, 0}};
    }
  }
  if (const Event e = session_.set_length(length_.length_bytes()); e.failed()) return e;
  const std::uint32_t last = session_.granule_at(session_.length_bytes() - 1);
  const bool marked_too_far = session_.done(last) && session_.marked_range_of(last) != session_.range_of(last);
  const bool complete = marked_too_far || (!session_.done(last) && received_.covers(session_.marked_range_of(last)));
  return complete ? finish_granule(last) : kDone;
}

Range Updater::next_missing(std::uint32_t from) const {
  if (held_bytes_ > from) from = held_bytes_;
  const std::uint32_t slot_bytes = layout_.extent_of(slot_to_write()).size_bytes;
  if (!session_.active()) return {lower(from, slot_bytes), slot_bytes};
  const std::uint32_t end = session_.length_bytes() != kUnknownLength ? session_.length_bytes() : slot_bytes;
  Range missing{end, end};
  for (std::uint32_t at = from; at < end;) {
    const std::uint32_t granule = session_.granule_at(at);
    const Range part{at, lower(end, session_.range_of(granule).to)};
    const Range gap = session_.done(granule) ? Range{part.to, part.to} : received_.first_gap(part);
    at = part.to;
    if (missing.empty()) {
      if (!gap.empty()) missing = gap;
    } else if (!gap.empty() && gap.from == missing.to) {
      missing.to = gap.to;
    } else {
      break;
    }
    if (!missing.empty() && missing.to != part.to) break;
  }
  return missing;
}

Status Updater::pause() {
  if (const Event e = writable(); e.failed()) return answer(e);
  for (std::uint32_t i = 0; session_.active() && i < received_.count(); ++i) {
    for (Range rest = received_.range(i); !rest.empty();) {
      const std::uint32_t to = lower(rest.to, session_.range_of(session_.granule_at(rest.from)).to);
      const Event e = session_.keep({rest.from, to});
      if (e.failed() && e.code != Status::journal_full) return answer(e);
      rest.from = to;
    }
  }
  const Status synced = flash_->sync();
  return answer({synced, {}});
}

Status Updater::abandon() {
  if (const Event e = writable(); e.failed()) return answer(e);
  if (!session_.active()) return answer({Status::no_update});
  const SlotIndex slot = session_.terms().slot;
  if (const Event e = end_session(); e.failed()) return answer(e);
  held_bytes_ = 0;
  start_held_ = false;
  return answer({Status::abandoned, {static_cast<std::uint32_t>(slot), 0, 0}});
}

}  // namespace dualbank
