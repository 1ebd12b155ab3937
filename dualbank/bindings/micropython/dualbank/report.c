// What the looking verbs answer: named tuples with the fields of the command's --json.
#include <stdarg.h>
#include <string.h>

#include <py/objtuple.h>
#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/board.h"

dualbank_policy dualbank_parse_policy(mp_obj_t object) {
  const char* word = mp_obj_str_get_str(object);
  const char* name;
  for (unsigned policy = 0; (name = dualbank_policy_name((dualbank_policy)policy)) != NULL; ++policy) {
    if (strcmp(word, name) == 0) return (dualbank_policy)policy;
  }
  mp_raise_msg_varg(&mp_type_ValueError,
                    MP_ERROR_TEXT("'%s' is no policy: write 'stock', 'stock-rollback' or 'dualbank'"), word);
}

// A named tuple of values of these kinds: number, length (None while it is not known), bool, text (or NULL), slot,
// object.
static mp_obj_t tuple_of(const qstr* fields, const char* kinds, ...) {
  mp_obj_t items[12];
  size_t count = 0;
  va_list values;
  va_start(values, kinds);
  for (; kinds[count] != '\0'; ++count) {
    const char kind = kinds[count];
    if (kind == 'o') {
      items[count] = va_arg(values, mp_obj_t);
    } else if (kind == 't') {
      items[count] = dualbank_text(va_arg(values, const char*));
    } else if (kind == 's') {
      items[count] = dualbank_text(dualbank_slot_name((dualbank_slot)va_arg(values, int)));
    } else if (kind == 'b') {
      items[count] = mp_obj_new_bool(va_arg(values, int));
    } else {
      const uint32_t value = va_arg(values, uint32_t);
      items[count] = kind == 'l' && value == DUALBANK_UNKNOWN_LENGTH ? mp_const_none : mp_obj_new_int_from_uint(value);
    }
  }
  va_end(values);
  return mp_obj_new_attrtuple(fields, count, items);
}

// Texts of an image are whatever its maker wrote there: what is no printable ASCII is shown as '?'.
static const char* printable(char* text) {
  for (char* c = text; *c != '\0'; ++c) {
    if (*c < ' ' || *c > '~') *c = '?';
  }
  return text;
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
  const bool described = image->has_descriptor;
  return tuple_of(fields, "btttluuttoo", valid, described ? printable(image->version) : NULL,
                  described ? printable(image->project_name) : NULL, dualbank_chip_name(image->chip_id),
                  image->length_bytes, (uint32_t)image->segment_count, image->entry_address,
                  described ? printable(built) : NULL, described ? printable(image->idf_version) : NULL,
                  described ? mp_obj_new_int_from_uint(image->secure_version) : mp_const_none,
                  image->has_hash ? digest(image->sha256) : mp_const_none);
}

static mp_obj_t record_report(dualbank_record record) {
  static const qstr fields[] = {MP_QSTR_seq, MP_QSTR_state};
  return record.seq == 0 ? mp_const_none : tuple_of(fields, "ut", record.seq, dualbank_state_name(record.state));
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
  return tuple_of(fields, "suuooo", slot, extent.offset, extent.size_bytes, image_report(&image, !damaged),
                  damaged ? dualbank_error_of(&fault) : mp_const_none, record_report(record));
}

static mp_obj_t slots_report(dualbank_board_t* board, uint8_t* buffer) {
  mp_obj_t slots[16 + 2];
  size_t count = 0;
  for (int slot = 0; slot >= DUALBANK_SLOT_TEST; slot = slot < 0 ? slot - 1 : slot + 1) {
    if (slot == dualbank_slot_count(&board->updater)) slot = DUALBANK_SLOT_FACTORY;
    if (dualbank_extent_of(&board->updater, (dualbank_slot)slot).size_bytes == 0) continue;
    slots[count++] = slot_report(board, (dualbank_slot)slot, buffer);
  }
  return mp_obj_new_tuple(count, slots);
}

mp_obj_t dualbank_missing_report(dualbank_board_t* board) {
  mp_obj_t ranges = mp_obj_new_list(0, NULL);
  if (!dualbank_status_of(&board->updater).update_active) return ranges;
  dualbank_range gap = dualbank_next_missing(&board->updater, 0);
  while (gap.from != gap.to) {
    const mp_obj_t items[] = {mp_obj_new_int_from_uint(gap.from), mp_obj_new_int_from_uint(gap.to)};
    mp_obj_list_append(ranges, mp_obj_new_tuple(2, items));
    gap = dualbank_next_missing(&board->updater, gap.to);
  }
  return ranges;
}

static mp_obj_t update_report(dualbank_board_t* board, const dualbank_state* state) {
  static const qstr fields[] = {MP_QSTR_slot, MP_QSTR_length, MP_QSTR_missing};
  if (!state->update_active) return mp_const_none;
  size_t count;
  mp_obj_t* ranges;
  mp_obj_list_get(dualbank_missing_report(board), &count, &ranges);
  return tuple_of(fields, "slo", state->update_slot, state->update_length_bytes, mp_obj_new_tuple(count, ranges));
}

static mp_obj_t drive_report(const dualbank_drive* drive) {
  static const qstr fields[] = {MP_QSTR_state, MP_QSTR_offset, MP_QSTR_size, MP_QSTR_slot};
  static const char* const states[] = {"", "unformatted", "not_extended", "extended"};
  if (drive->state == DUALBANK_DRIVE_NONE) return mp_const_none;
  return tuple_of(fields, "tuus", states[drive->state], drive->partition.offset, drive->partition.size_bytes,
                  drive->slot);
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
  return tuple_of(
      fields, "btttsstssooo", available, available ? NULL : dualbank_explain_what(&reason, sentence, sizeof sentence),
      available ? NULL : dualbank_status_name(reason.code), dualbank_policy_name(board->options.policy),
      state.running_slot, next.slot, next.reason, state.next_update_slot,
      state.on_trial ? state.running_slot : DUALBANK_SLOT_NONE,
      available ? update_report(board, &state) : mp_const_none, drive_report(&drive), slots_report(board, buffer));
}
