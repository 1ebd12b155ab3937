#include <array>
#include <cstring>

#include "dualbank/bindings/c/dualbank_c_board.hpp"
#include "dualbank/bindings/c/dualbank_report.h"

namespace {

class Teller {
 public:
  Teller(dualbank_sink sink, void* context) : sink_(sink), context_(context) {}

  void nothing(const char* name) { tell(DUALBANK_ITEM_NOTHING, name); }
  void boolean(const char* name, bool value) { tell(DUALBANK_ITEM_BOOL, name, value ? 1 : 0); }
  void number(const char* name, std::uint32_t value) { tell(DUALBANK_ITEM_NUMBER, name, value); }
  void length(const char* name, std::uint32_t bytes) {
    if (bytes == DUALBANK_UNKNOWN_LENGTH) return nothing(name);
    number(name, bytes);
  }
  void text(const char* name, const char* value) {
    if (value == nullptr) return nothing(name);
    tell(DUALBANK_ITEM_TEXT, name, 0, value);
  }
  void slot(const char* name, dualbank_slot value) { text(name, dualbank_slot_name(value)); }
  void event(const char* name, const dualbank_event& value) { tell(DUALBANK_ITEM_EVENT, name, 0, nullptr, &value); }
  void place(const dualbank_extent& extent) {
    number("offset", extent.offset);
    number("size", extent.size_bytes);
  }
  void object(const char* name = nullptr) { tell(DUALBANK_ITEM_OBJECT, name); }
  void list(const char* name = nullptr) { tell(DUALBANK_ITEM_LIST, name); }
  void end() { tell(DUALBANK_ITEM_END, nullptr); }

 private:
  void tell(dualbank_item_kind kind, const char* name, std::uint32_t number = 0, const char* text = nullptr,
            const dualbank_event* event = nullptr) {
    const dualbank_item item{kind, name, number, text, event};
    sink_(context_, &item);
  }

  dualbank_sink sink_;
  void* context_;
};

void make_printable(char* text) {
  for (; *text != '\0'; ++text) {
    if (*text < ' ' || *text > '~') *text = '?';
  }
}

void tell_digest(Teller& teller, const dualbank_image& image) {
  if (!image.has_hash) return teller.nothing("sha256");
  std::array<char, 2 * sizeof image.sha256 + 1> digits{};
  char* digit = digits.data();
  for (const std::uint8_t byte : image.sha256) {
    *digit++ = "0123456789abcdef"[byte >> 4];
    *digit++ = "0123456789abcdef"[byte & 15];
  }
  teller.text("sha256", digits.data());
}

void tell_image(Teller& teller, dualbank_image& image, bool valid) {
  if (!image.found) return teller.nothing("image");
  const bool described = image.has_descriptor;
  const auto words = [described](char* text) -> const char* {
    if (!described) return nullptr;
    make_printable(text);
    return text;
  };
  std::array<char, sizeof image.date + sizeof image.time> built{};
  const std::size_t date_length = std::strlen(image.date);
  std::memcpy(built.data(), image.date, date_length);
  built[date_length] = ' ';
  std::memcpy(&built[date_length + 1], image.time, std::strlen(image.time));

  teller.object("image");
  teller.boolean("valid", valid);
  teller.text("version", words(image.version));
  teller.text("project", words(image.project_name));
  teller.text("chip", dualbank_chip_name(image.chip_id));
  teller.length("length", image.length_bytes);
  teller.number("segments", image.segment_count);
  teller.number("entry", image.entry_address);
  teller.text("built", words(built.data()));
  teller.text("idf", words(image.idf_version));
  if (described) {
    teller.number("secure_version", image.secure_version);
  } else {
    teller.nothing("secure_version");
  }
  tell_digest(teller, image);
  teller.end();
}

void tell_record(Teller& teller, const dualbank_record& record) {
  if (record.seq == 0) return teller.nothing("record");
  teller.object("record");
  teller.number("seq", record.seq);
  teller.text("state", dualbank_state_name(record.state));
  teller.end();
}

class Report {
 public:
  Report(dualbank_updater* updater, const dualbank_report_terms& terms, void* buffer, std::size_t buffer_bytes,
         Teller teller)
      : updater_(updater), terms_(terms), buffer_(buffer), buffer_bytes_(buffer_bytes), teller_(teller) {}

  void tell() {
    dualbank_drive drive;
    dualbank_event reason = dualbank_look_at_drive(updater_, &drive);
    if (terms_.overwrite_drive) reason.code = DUALBANK_OK;
    if (terms_.refusal != nullptr) reason = *terms_.refusal;
    const bool available = reason.code == DUALBANK_OK;
    const dualbank_next_boot next = dualbank_predict_boot(updater_, buffer_, buffer_bytes_);
    const dualbank_state state = dualbank_status_of(updater_);
    teller_.object();
    teller_.boolean("available", available);
    tell_reason(reason);
    const dualbank::c::Board* board = dualbank::c::board_of(updater_);
    teller_.text("policy",
                 board == nullptr ? nullptr : dualbank_policy_name(static_cast<dualbank_policy>(board->policy)));
    teller_.slot("running_slot", state.running_slot);
    teller_.slot("boot_slot", next.slot);
    teller_.text("boot_reason", next.reason);
    teller_.slot("next_update_slot", state.next_update_slot);
    teller_.slot("trial", state.on_trial ? state.running_slot : DUALBANK_SLOT_NONE);
    tell_update(state, available);
    tell_drive(drive);
    tell_slots();
    teller_.end();
  }

 private:
  void tell_reason(const dualbank_event& reason) {
    std::array<char, 320> sentence;
    const bool is_one = reason.code != DUALBANK_OK;
    teller_.text("reason", is_one ? dualbank_explain_what(&reason, sentence.data(), sentence.size()) : nullptr);
    teller_.text("reason_code", is_one ? dualbank_status_name(reason.code) : nullptr);
  }

  void tell_update(const dualbank_state& state, bool available) {
    if (!available || !state.update_active) return teller_.nothing("update");
    teller_.object("update");
    teller_.slot("slot", state.update_slot);
    teller_.length("length", state.update_length_bytes);
    teller_.list("missing");
    for (auto gap = dualbank_next_missing(updater_, 0); gap.from != gap.to;
         gap = dualbank_next_missing(updater_, gap.to)) {
      teller_.list();
      teller_.number(nullptr, gap.from);
      teller_.number(nullptr, gap.to);
      teller_.end();
    }
    teller_.end();
    teller_.end();
  }

  void tell_drive(const dualbank_drive& drive) {
    constexpr std::array kStates{"", "unformatted", "not_extended", "extended"};
    if (drive.state == DUALBANK_DRIVE_NONE) return teller_.nothing("drive");
    teller_.object("drive");
    teller_.text("state", kStates[drive.state]);
    teller_.place(drive.partition);
    teller_.slot("slot", drive.slot);
    teller_.end();
  }

  void tell_slots() {
    teller_.list("slots");
    const std::uint8_t count = dualbank_slot_count(updater_);
    for (std::uint8_t slot = 0; slot < count; ++slot) tell_slot(static_cast<dualbank_slot>(slot));
    tell_slot(DUALBANK_SLOT_FACTORY);
    tell_slot(DUALBANK_SLOT_TEST);
    teller_.end();
  }

  void tell_slot(dualbank_slot slot) {
    const dualbank_extent extent = dualbank_extent_of(updater_, slot);
    if (extent.size_bytes == 0) return;
    dualbank_image image;
    const dualbank_event fault = dualbank_look_at_image(updater_, slot, buffer_, buffer_bytes_, &image);
    const bool damaged = fault.code != DUALBANK_OK && fault.code != DUALBANK_IMAGE_EMPTY_SLOT;
    teller_.object();
    teller_.slot("name", slot);
    teller_.place(extent);
    tell_image(teller_, image, !damaged);
    if (damaged) {
      teller_.event("fault", fault);
    } else {
      teller_.nothing("fault");
    }
    tell_record(teller_, dualbank_record_of(updater_, slot));
    teller_.end();
  }

  dualbank_updater* updater_;
  const dualbank_report_terms& terms_;
  void* buffer_;
  std::size_t buffer_bytes_;
  Teller teller_;
};

}  // namespace

extern "C" void dualbank_report(dualbank_updater* updater, const dualbank_report_terms* terms, void* buffer,
                                std::size_t buffer_bytes, dualbank_sink sink, void* context) {
  Report{updater, *terms, buffer, buffer_bytes, Teller{sink, context}}.tell();
}
