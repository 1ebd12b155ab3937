// Writing an update: bytes at any offset, of any size, in any order.
#include "dualbank/engine/update_identity.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t lower(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

bool begins_an_image(Bytes bytes) {
  if (bytes.size() < kImageStartBytes) return false;
  const Result<ImageInfo> info =
      check_image_start(bytes.first(kImageStartBytes), ImageRules::strict(kAnyChip, kUnknownLength));
  return info.has_value();
}

}  // namespace

Status Updater::flash(Bytes bytes) { return flash(bytes, begins_an_image(bytes) ? 0 : next_offset_); }

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
  if (const Event e = check_units(bytes, offset); e.failed()) return e;
  std::uint32_t used = 0;
  if (const Event e = take_start(bytes, offset, used); e.failed()) return e;
  return used == size ? kDone : write(bytes.subspan(used), offset + used);
}

// An image's first bytes tell how far it reaches at least, before any of them is written.
void Updater::note_reach(Bytes start) {
  LengthReader reader;
  const std::uint32_t slot_bytes = layout_.extent_of(slot_to_write()).size_bytes;
  while (!reader.known() && reader.wanted().to <= start.size()) {
    const Range wanted = reader.wanted();
    if (!reader.take(start.subspan(wanted.from, wanted.length()), slot_bytes)) return;
  }
  const std::uint32_t reach = reader.known() ? reader.length_bytes() : reader.wanted().to;
  if (reach > reach_) reach_ = reach;
}

bool Updater::start_known() const { return session_.terms().header_crc != 0 || present({0, kImageStartBytes}); }

// Sees to it that an image's start is checked before any of it is written; `used` bytes need no more doing.
Event Updater::take_start(Bytes bytes, std::uint32_t offset, std::uint32_t& used) {
  const bool whole = offset == 0 && bytes.size() >= kImageStartBytes;
  const bool under_way = session_.active();
  if (start_held_ && whole && session_.terms().header_crc != start_crc(bytes)) forget_held();
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
      if (!under_way) next_offset_ = 0;
      return checked;
    }
    const bool names_it =
        under_way && !start_known();  // begin() came without a header: these bytes belong to that update
    if (names_it) {
      if (const Event e = session_.wake(); e.failed()) return e;
    }
    const SessionTerms terms{slot_to_write(), identity_digest(start), kUnknownLength, start_crc(start)};
    if (const Event e = names_it ? session_.set_header(terms.header_crc) : this->start(terms); e.failed()) return e;
    if (whole) return kDone;
    start_held_ = true;
  }
  if (const Event e = write(held_, 0); e.failed()) return e;
  forget_held();
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

// Where no unit can be programmed twice, one that comes in two pieces cannot be written. Only the image's end may lie
// within a unit; whether it does, a piece that is not the start tells only when it is written.
Event Updater::check_units(Bytes bytes, std::uint32_t offset) const {
  if (flash_->geometry().can_reprogram) return kDone;
  const std::uint32_t mask = flash_->geometry().write_unit_bytes - 1U;
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const Event unaligned{Status::unaligned_piece, {size, offset, mask + 1}};
  if ((offset & mask) != 0) return unaligned;
  if ((size & mask) == 0) return kDone;
  if (offset != 0) {
    const bool length_tells = session_.active() && session_.length_bytes() != kUnknownLength;
    const bool may_be_the_end = length_tells ? offset + size == session_.length_bytes() : session_.active();
    return may_be_the_end ? kDone : unaligned;
  }
  LengthReader whole;
  while (!whole.known()) {
    const Range wanted = whole.wanted();
    if (wanted.to > size || !whole.take(bytes.subspan(wanted.from, wanted.length()), size)) return unaligned;
  }
  return whole.length_bytes() == size ? kDone : unaligned;
}

Event Updater::write(Bytes bytes, std::uint32_t offset) {
  if (flash_->geometry().can_reprogram) return write_checked(bytes, offset);
  const std::uint32_t mask = flash_->geometry().write_unit_bytes - 1U;
  auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t length = session_.length_bytes();
  if (length == kUnknownLength) {
    const std::uint32_t rest = size & mask;
    if (rest == 0) return write_checked(bytes, offset);
    if (const Event e = write_checked(bytes.first(size - rest), offset); e.failed()) return e;
    if (session_.length_bytes() == offset + size) return write_checked(bytes.last(rest), offset + size - rest);
    return {Status::unaligned_piece, {size, offset, mask + 1}};
  }
  if (offset + size > length) {  // what fills the last unit is no part of the image
    const std::uint32_t known = offset < length ? length - offset : 0;
    const bool filling = offset + size <= ((length + mask) & ~mask);
    if (!filling || !all_equal(bytes.subspan(known), flash_->geometry().erased)) {
      return {Status::beyond_length, {size, offset, length}};
    }
    size = known;
  }
  return size == 0 ? kDone : write_checked(bytes.first(size), offset);
}

Event Updater::write_checked(Bytes bytes, std::uint32_t offset) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t end = offset + size;
  if (session_.length_declared() && end > session_.length_bytes()) {
    return {Status::beyond_length, {size, offset, session_.length_bytes()}};
  }
  if (const Event e = check_bytes(bytes, offset); e.failed()) return e;
  if (const Event e = name_running_slot(); e.failed()) return e;
  if (end > reach_) reach_ = end;
  if (offset == 0) note_reach(bytes);
  bool worked = false;  // a hook that always says stop still gets a granule further with every call
  for (std::uint32_t at = offset; at < end;) {
    const std::uint32_t granule = session_.granule_at(at);
    if (!session_.done(granule)) {
      if (const Event e = pulse(at - offset, size); e.failed() && worked) return e;
      worked = true;
    }
    const std::uint32_t to = lower(end, session_.range_of(granule).to);
    const Bytes piece = bytes.subspan(at - offset, to - at);
    if (const Event e = write_piece(granule, piece, at); e.failed()) return e;
    stream(piece, at);
    at = to;
  }
  if (session_.length_bytes() != kUnknownLength) return kDone;
  if (const Event e = learn_length(); e.failed()) return e;
  return finish_last_granule();
}

void Updater::stream(Bytes piece, std::uint32_t offset) {
  if (options_.streamed == nullptr) return;
  if (offset == 0) {
    *options_.streamed = ImageVerifier{rules_for(session_.terms().slot)};
    streamed_bytes_ = 0;
  }
  if (offset != streamed_bytes_) return;
  static_cast<void>(options_.streamed->feed(piece));
  streamed_bytes_ += static_cast<std::uint32_t>(piece.size());
}

Event Updater::write_piece(std::uint32_t granule, Bytes piece, std::uint32_t offset) {
  const std::uint32_t address = session_.extent().offset + offset;
  if (const Event e = session_.wake(); e.failed()) return e;
  if (session_.done(granule)) {  // only what trails the image's own length can be new: a signature, say
    const std::uint32_t marked_to = session_.marked_range_of(granule).to;
    const std::size_t known =
        offset < marked_to ? lower(marked_to - offset, static_cast<std::uint32_t>(piece.size())) : 0;
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
    if (same == piece.size()) {
      ++equal_pieces_;
    } else {
      ++different_pieces_;
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
  if (const Event e = erase_around(granule); e.failed()) return e;
  for (Range rest = range; keeps && !rest.empty();) {
    const Range part = received_.first_in(rest);
    if (part.empty()) break;
    const Bytes bytes = saved.subspan(part.from - range.from, part.length());
    if (const Event e = program_bytes(*flash_, session_.extent().offset + part.from, bytes); e.failed()) return e;
    rest.from = part.to;
  }
  return kDone;
}

Event Updater::erase_around(std::uint32_t granule) {
  const Range alone = session_.range_of(granule);
  if (options_.trust_blank && !session_.opened(granule)) {
    std::uint32_t erased_bytes = 0;
    const Event e = count_erased(*flash_, session_.extent().offset + alone.from, alone.length(), erased_bytes);
    if (e.failed()) return e;
    if (erased_bytes == alone.length()) return session_.open_blank(granule);
  }
  const bool looks_similar = equal_pieces_ * 4U > different_pieces_;
  const EraseBounds bounds{
      .needed_to = session_.length_bytes() != kUnknownLength ? session_.length_bytes() : reach_,
      .longest_ms = options_.longest_erase_ms,
      .sectors_alone = likeness_ == Likeness::similar || (likeness_ == Likeness::unknown && looks_similar)};
  const Range range = plan_erase(flash_->geometry(), session_, received_, granule, bounds);
  const auto feed = [this] { static_cast<void>(pulse(0, 0)); };  // a stop here would lose what is saved: it waits
  return session_.open(range, feed);
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
    if (granule >= session_.granules() || range.to > session_.extent().size_bytes) return false;
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
    if (wanted.to > reach_) reach_ = wanted.to;
    if (!present(wanted)) return kDone;
    std::array<std::byte, kImageHeaderBytes> raw;
    const MutableBytes bytes = MutableBytes{raw}.first(wanted.length());
    if (const Event e = read_flash(*flash_, session_.extent().offset + wanted.from, bytes); e.failed()) return e;
    if (!length_.take(bytes, session_.extent().size_bytes)) {
      const std::uint32_t needed = length_.wanted().to;
      length_.reset();  // so that every later call finds it again
      return {Status::image_too_long, {needed, session_.extent().size_bytes, 0}};
    }
  }
  const std::uint32_t image_bytes = length_.length_bytes();
  const std::uint32_t all = options_.guard != nullptr ? options_.guard->bytes_to_send(image_bytes) : image_bytes;
  if (all > session_.extent().size_bytes) {
    length_.reset();
    return {Status::image_too_long, {all, session_.extent().size_bytes, 0}};
  }
  session_.learn_length(all);
  return kDone;
}

// Once the length is known the last granule's mark speaks of less than before, and it may be complete.
Event Updater::finish_last_granule() {
  if (session_.length_bytes() == kUnknownLength) return kDone;
  const std::uint32_t last = session_.granule_at(session_.length_bytes() - 1);
  const bool done = session_.done(last);
  const bool marked_too_far = done && session_.marked_range_of(last) != session_.range_of(last);
  const bool complete = !done && received_.covers(session_.marked_range_of(last));
  return marked_too_far || complete ? finish_granule(last) : kDone;
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

}  // namespace dualbank
