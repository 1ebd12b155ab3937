// The life of an update around its bytes: begin, pause, abandon, and the sector that its journal takes.
#include "dualbank/engine/update_identity.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank {

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
  if (!info) return name_slots(info.error(), layout_);
  if (options_.anti_rollback && info->descriptor.secure_version < options_.lowest_secure_version) {
    return {Status::image_version_too_low, {info->descriptor.secure_version, options_.lowest_secure_version, 0}};
  }
  return check_version(info->descriptor.secure_version);
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
  const Bytes named_by =
      !request.identity.empty() || request.header.empty() ? request.identity : request.header.first(kImageStartBytes);
  terms.identity = identity_digest(named_by);
  forget_held();
  likeness_ = request.likeness;
  const bool nameless = request.identity.empty() && request.header.empty();
  bool same = session_.active() && session_.terms().slot == terms.slot && !nameless &&
              session_.terms().identity == terms.identity &&
              (request.length_bytes == kUnknownLength || session_.length_bytes() == kUnknownLength ||
               session_.length_bytes() == request.length_bytes);
  Event e = same ? resume(request) : start(terms);
  if (same && e.code == Status::journal_full) {  // nothing can be noted of it any more
    same = false;
    e = start(terms);
  }
  if (e.failed()) return answer(e);
  note_reach(request.header);
  return answer({same ? Status::update_resumed : Status::update_begun, {static_cast<std::uint32_t>(terms.slot), 0, 0}});
}

Event Updater::resume(const UpdateRequest& request) {
  const bool brings_header = !request.header.empty() && session_.terms().header_crc == 0;
  const bool brings_length = request.length_bytes != kUnknownLength && !session_.length_declared();
  if (const Event e = name_running_slot(); e.failed()) return e;
  if (!brings_header && !brings_length) return kDone;
  if (const Event e = session_.wake(); e.failed()) return e;
  if (brings_header) {
    if (const Event e = session_.set_header(start_crc(request.header)); e.failed()) return e;
  }
  if (!brings_length) return kDone;
  if (const Event e = session_.declare_length(request.length_bytes); e.failed()) return e;
  return finish_last_granule();
}

Event Updater::start(const SessionTerms& terms) {
  if (const Event e = end_session(); e.failed()) return e;
  int sector = 0;
  if (const Event e = free_sector(sector); e.failed()) return e;
  return session_.start(*flash_, sectors_, sector, layout_, terms);
}

Event Updater::clean_session() {
  if (!session_.active()) return kDone;
  bool worked = false;
  for (std::uint32_t g = 0; g < session_.granules(); ++g) {
    if (!session_.suspect(g)) continue;
    if (const Event e = pulse(0, 0); e.failed() && worked) return e;
    worked = true;
    Event e = session_.wake();
    if (!e.failed()) e = session_.open(session_.range_of(g), [] {});
    if (e.code == Status::journal_full) e = session_.erase(session_.range_of(g), [] {});  // it is noted as open already
    if (e.failed()) return e;
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
  forget_held();
  next_offset_ = streamed_bytes_ = 0;
  reach_ = equal_pieces_ = different_pieces_ = 0;
  return kDone;
}

// An update goes on although no record is usable any more: without one its image would boot as soon as it is complete.
Event Updater::name_running_slot() {
  if (!is_ota_slot(state_.running_slot) || sectors_.active() >= 0) return kDone;
  const std::uint32_t seq = sectors_.seq_for(state_.running_slot);
  return sectors_.put(1 - session_.sector(), state_.running_slot, seq, RecordState::valid, Reason::anchor);
}

// Finds the sector that may be erased for the next record: afterwards the other one names the running slot, for
// certain.
Event Updater::free_sector(int& sector) {
  const int active = sectors_.active();
  if (!is_ota_slot(state_.running_slot)) {
    sector = active >= 0 ? 1 - active : sectors_.blanker();
    // Without a record either sector can have the session: one that a cut left half written must not come back.
    return active < 0 && sectors_.facts(1 - sector).last_cell != 0 ? sectors_.settle(1 - sector) : kDone;
  }
  if (active >= 0) {
    const SectorFacts& facts = sectors_.facts(active);
    const RecordState state = facts.record.state;
    const bool trial_state = state == RecordState::fresh || state == RecordState::pending_verify;
    const bool ordinary = trial_state || state == RecordState::valid || state == RecordState::undefined;
    sector = 1 - active;
    if (sectors_.active_slot() == state_.running_slot && !facts.doomed && ordinary && !sectors_.near_top()) {
      return sectors_.rely_on_record(active);
    }
    const BootRecord& other = sectors_.facts(1 - active).record;
    const bool other_is_running = other.usable() && slot_of_seq(other.seq, layout_.slot_count) == state_.running_slot;
    if (options_.policy == Policy::stock_rollback && trial_state && other_is_running &&
        !sectors_.facts(1 - active).doomed) {
      sector = active;
      return sectors_.refresh_record(1 - active);
    }
  }
  return anchor(sector);
}

Event Updater::anchor(int& sector) {
  const int active = sectors_.active();
  const SlotIndex running = state_.running_slot;
  int target = active >= 0 ? 1 - active : sectors_.blanker();
  if (active >= 0) {
    const Event e = sectors_.refresh_record(active);
    if (e.failed() && e.code != Status::journal_full) return e;
    if (e.failed() && sectors_.facts(1 - active).record.usable()) target = active;  // the other one holds meanwhile
  }
  const bool top = sectors_.near_top();
  const std::uint32_t seq = top ? next_seq(kBlankSeq, running, layout_.slot_count) : sectors_.seq_for(running);
  if (const Event e = sectors_.put(target, running, seq, RecordState::valid, Reason::anchor); e.failed()) return e;
  sector = 1 - target;
  return top ? sectors_.wipe(sector) : kDone;
}

Status Updater::pause() {
  if (const Event e = writable(); e.failed()) return answer(e);
  Event kept = kDone;
  const bool news = session_.active() && !session_.keeps_all();
  for (std::uint32_t i = 0; news && i < received_.count(); ++i) {
    for (Range rest = received_.range(i); !rest.empty();) {
      constexpr std::uint32_t kMostKeptBytes = 0x1'0000;
      const Range granule = session_.range_of(session_.granule_at(rest.from));
      const std::uint32_t piece_end = granule.to - rest.from > kMostKeptBytes ? rest.from + kMostKeptBytes : granule.to;
      const std::uint32_t to = rest.to < piece_end ? rest.to : piece_end;
      const Event e = session_.keep({rest.from, to});
      if (e.failed() && e.code != Status::journal_full) return answer(e);
      if (e.failed()) kept = e;
      rest.from = to;
    }
  }
  const Status synced = flash_->sync();
  return answer(synced == Status::ok ? kept : Event{synced});
}

Status Updater::abandon() {
  if (const Event e = writable(); e.failed()) return answer(e);
  if (!session_.active()) return answer({Status::no_update});
  const SlotIndex slot = session_.terms().slot;
  if (const Event e = end_session(); e.failed()) return answer(e);
  return answer({Status::abandoned, {static_cast<std::uint32_t>(slot), 0, 0}});
}

}  // namespace dualbank
