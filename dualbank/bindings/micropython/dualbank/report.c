// What the looking verbs answer: named tuples with the fields of the command's --json.
#include <string.h>

#include <py/objtuple.h>
#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/board.h"

static const char* const policy_names[] = {"stock", "stock-rollback", "dualbank"};

const char* dualbank_policy_name(dualbank_policy policy) { return policy_names[policy]; }

dualbank_policy dualbank_parse_policy(mp_obj_t name) {
  const char* word = mp_obj_str_get_str(name);
  for (unsigned i = 0; i < MP_ARRAY_SIZE(policy_names); ++i) {
    if (strcmp(word, policy_names[i]) == 0) return (dualbank_policy)i;
  }
  mp_raise_msg_varg(&mp_type_ValueError,
                    MP_ERROR_TEXT("'%s' is no policy: write 'stock', 'stock-rollback' or 'dualbank'"), word);
}

static mp_obj_t number(uint32_t value) { return mp_obj_new_int_from_uint(value); }
static mp_obj_t text_or_none(const char* text) { return text == NULL ? mp_const_none : dualbank_text(text); }

// Texts of an image are whatever its maker wrote there: what is no printable ASCII is shown as '?'.
static void make_printable(char* text) {
  for (; *text != '\0'; ++text) {
    if (*text < ' ' || *text > '~') *text = '?';
  }
}

static mp_obj_t digest(const uint8_t* bytes) {
  static const char digits[] = "0123456789abcdef";
  char shown[64];
  uint8_t any = 0;
  for (unsigned i = 0; i < 32; ++i) {
    any |= bytes[i];
    shown[2 * i] = digits[bytes[i] >> 4];
    shown[2 * i + 1] = digits[bytes[i] & 15];
  }
  return any == 0 ? mp_const_none : mp_obj_new_str(shown, sizeof shown);
}

static mp_obj_t image_report(dualbank_image* image, bool valid) {
  static const qstr fields[] = {MP_QSTR_valid,  MP_QSTR_version,        MP_QSTR_project, MP_QSTR_chip,
                                MP_QSTR_length, MP_QSTR_segments,       MP_QSTR_entry,   MP_QSTR_built,
                                MP_QSTR_idf,    MP_QSTR_secure_version, MP_QSTR_sha256};
  if (!image->found) return mp_const_none;
  char built[sizeof image->date + sizeof image->time];
  const size_t date_length = strlen(image->date);
  memcpy(built, image->date, date_length);
  built[date_length] = ' ';
  strcpy(built + date_length + 1, image->time);
  make_printable(image->version);
  make_printable(image->project_name);
  make_printable(image->idf_version);
  make_printable(built);
  const bool described = image->has_descriptor;
  const bool length_known = image->length_bytes != DUALBANK_UNKNOWN_LENGTH;
  const mp_obj_t items[] = {
      mp_obj_new_bool(valid),
      text_or_none(described ? image->version : NULL),
      text_or_none(described ? image->project_name : NULL),
      text_or_none(dualbank_chip_name(image->chip_id)),
      length_known ? number(image->length_bytes) : mp_const_none,
      number(image->segment_count),
      number(image->entry_address),
      text_or_none(described ? built : NULL),
      text_or_none(described ? image->idf_version : NULL),
      described ? number(image->secure_version) : mp_const_none,
      image->has_hash ? digest(image->sha256) : mp_const_none,
  };
  return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}

static mp_obj_t record_report(dualbank_record record) {
  static const qstr fields[] = {MP_QSTR_seq, MP_QSTR_state};
  if (record.seq == 0) return mp_const_none;
  const mp_obj_t items[] = {number(record.seq), dualbank_text(dualbank_state_name(record.state))};
  return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}

#define VERIFY_BYTES 4096

static mp_obj_t slot_report(dualbank_board_t* board, dualbank_slot slot, uint8_t* buffer) {
  static const qstr fields[] = {MP_QSTR_name,  MP_QSTR_offset, MP_QSTR_size,
                                MP_QSTR_image, MP_QSTR_fault,  MP_QSTR_record};
  const dualbank_extent extent = dualbank_extent_of(&board->updater, slot);
  dualbank_image image;
  dualbank_engine_begins(board);
  const dualbank_event fault = dualbank_look_at_image(&board->updater, slot, buffer, VERIFY_BYTES, &image);
  const dualbank_record record = dualbank_record_of(&board->updater, slot);
  dualbank_engine_ends(board);
  const bool damaged = fault.code != DUALBANK_OK && fault.code != DUALBANK_IMAGE_EMPTY_SLOT;
  const mp_obj_t items[] = {
      dualbank_slot_name(slot),
      number(extent.offset),
      number(extent.size_bytes),
      image_report(&image, !damaged),
      damaged ? dualbank_error_of(&fault) : mp_const_none,
      record_report(record),
  };
  return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}

static mp_obj_t slots_report(dualbank_board_t* board, uint8_t* buffer) {
  mp_obj_t slots[16 + 2];
  size_t count = 0;
  const uint8_t slot_count = dualbank_slot_count(&board->updater);
  for (; count < slot_count; ++count) slots[count] = slot_report(board, (dualbank_slot)count, buffer);
  for (dualbank_slot slot = DUALBANK_SLOT_FACTORY; slot >= DUALBANK_SLOT_TEST; --slot) {
    if (dualbank_extent_of(&board->updater, slot).size_bytes == 0) continue;
    slots[count++] = slot_report(board, slot, buffer);
  }
  return mp_obj_new_tuple(count, slots);
}

mp_obj_t dualbank_missing_report(dualbank_board_t* board) {
  mp_obj_t ranges = mp_obj_new_list(0, NULL);
  if (!dualbank_status_of(&board->updater).update_active) return ranges;
  dualbank_range gap = dualbank_next_missing(&board->updater, 0);
  while (gap.from != gap.to) {
    const mp_obj_t items[] = {number(gap.from), number(gap.to)};
    mp_obj_list_append(ranges, mp_obj_new_tuple(2, items));
    gap = dualbank_next_missing(&board->updater, gap.to);
  }
  return ranges;
}

static mp_obj_t update_report(dualbank_board_t* board) {
  static const qstr fields[] = {MP_QSTR_slot, MP_QSTR_length, MP_QSTR_missing};
  const dualbank_state state = dualbank_status_of(&board->updater);
  if (!state.update_active) return mp_const_none;
  const bool known = state.update_length_bytes != DUALBANK_UNKNOWN_LENGTH;
  size_t count;
  mp_obj_t* ranges;
  mp_obj_list_get(dualbank_missing_report(board), &count, &ranges);
  const mp_obj_t items[] = {dualbank_slot_name(state.update_slot),
                            known ? number(state.update_length_bytes) : mp_const_none, mp_obj_new_tuple(count, ranges)};
  return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}

static mp_obj_t drive_report(const dualbank_drive* drive) {
  static const qstr fields[] = {MP_QSTR_state, MP_QSTR_offset, MP_QSTR_size, MP_QSTR_slot};
  static const char* const states[] = {"", "unformatted", "not_extended", "extended"};
  if (drive->state == DUALBANK_DRIVE_NONE) return mp_const_none;
  const mp_obj_t items[] = {dualbank_text(states[drive->state]), number(drive->partition.offset),
                            number(drive->partition.size_bytes), dualbank_slot_name(drive->slot)};
  return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}

mp_obj_t dualbank_status_report(dualbank_board_t* board) {
  static const qstr fields[] = {MP_QSTR_available,    MP_QSTR_reason,    MP_QSTR_reason_code, MP_QSTR_policy,
                                MP_QSTR_running_slot, MP_QSTR_boot_slot, MP_QSTR_boot_reason, MP_QSTR_next_update_slot,
                                MP_QSTR_trial,        MP_QSTR_update,    MP_QSTR_drive,       MP_QSTR_slots};
  uint8_t* buffer = m_new(uint8_t, VERIFY_BYTES);
  dualbank_drive drive;
  dualbank_engine_begins(board);
  const dualbank_event in_the_way = dualbank_look_at_drive(&board->updater, &drive);
  const dualbank_next_boot next = dualbank_predict_boot(&board->updater, buffer, VERIFY_BYTES);
  dualbank_engine_ends(board);
  const dualbank_state state = dualbank_status_of(&board->updater);
  dualbank_event reason = board->refusal;
  if (reason.code == DUALBANK_OK && !board->overwrite_drive) reason = in_the_way;
  const bool available = reason.code == DUALBANK_OK;
  char sentence[320];
  const mp_obj_t items[] = {
      mp_obj_new_bool(available),
      text_or_none(available ? NULL : dualbank_explain_what(&reason, sentence, sizeof sentence)),
      text_or_none(available ? NULL : dualbank_status_name(reason.code)),
      dualbank_text(dualbank_policy_name(board->options.policy)),
      dualbank_slot_name(state.running_slot),
      dualbank_slot_name(next.slot),
      text_or_none(next.reason),
      dualbank_slot_name(state.next_update_slot),
      state.on_trial ? dualbank_slot_name(state.running_slot) : mp_const_none,
      available ? update_report(board) : mp_const_none,
      drive_report(&drive),
      slots_report(board, buffer),
  };
  return mp_obj_new_attrtuple(fields, MP_ARRAY_SIZE(items), items);
}
