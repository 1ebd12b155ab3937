// What the looking verbs answer: named tuples with the fields of the command's --json.
#include "dualbank/bindings/c/dualbank_report.h"

#include <py/objtuple.h>
#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/board.h"

// The names of all fields, so that the build puts them into the firmware: interned by their letters they would stand on
// the heap.
enum {
  kNames = sizeof((qstr[]){
      MP_QSTR_available,    MP_QSTR_reason,    MP_QSTR_reason_code,    MP_QSTR_policy,
      MP_QSTR_running_slot, MP_QSTR_boot_slot, MP_QSTR_boot_reason,    MP_QSTR_next_update_slot,
      MP_QSTR_trial,        MP_QSTR_update,    MP_QSTR_drive,          MP_QSTR_slots,
      MP_QSTR_slot,         MP_QSTR_length,    MP_QSTR_missing,        MP_QSTR_state,
      MP_QSTR_offset,       MP_QSTR_size,      MP_QSTR_name,           MP_QSTR_image,
      MP_QSTR_fault,        MP_QSTR_record,    MP_QSTR_valid,          MP_QSTR_version,
      MP_QSTR_project,      MP_QSTR_chip,      MP_QSTR_segments,       MP_QSTR_entry,
      MP_QSTR_built,        MP_QSTR_idf,       MP_QSTR_secure_version, MP_QSTR_sha256,
      MP_QSTR_seq,
  })
};

#define VERIFY_BYTES 4096
#define MOST_DEPTH 4    // the whole, the update, what is missing, a range
#define MOST_FIELDS 16  // the whole has 12

// An object or list that has not ended.
typedef struct {
  qstr name;         // in the one around it
  qstr* fields;      // of an object
  mp_obj_t members;  // a list
  size_t count;
} group_t;

typedef struct {
  group_t groups[1 + MOST_DEPTH];  // the first holds the whole
  group_t* inner;
} told_t;

static void begin(group_t* group, qstr name, bool is_object) {
  group->name = name;
  group->fields = is_object ? m_new(qstr, MOST_FIELDS) : NULL;
  group->members = mp_obj_new_list(0, NULL);
  group->count = 0;
}

static mp_obj_t end(const group_t* group) {
  size_t count;
  mp_obj_t* items;
  mp_obj_list_get(group->members, &count, &items);
  return group->fields == NULL ? mp_obj_new_tuple(count, items) : mp_obj_new_attrtuple(group->fields, count, items);
}

static void put(group_t* group, qstr name, mp_obj_t value) {
  if (group->fields != NULL) group->fields[group->count++] = name;
  mp_obj_list_append(group->members, value);
}

static void take(void* context, const dualbank_item* item) {
  told_t* told = context;
  qstr name = item->name == NULL ? MP_QSTRnull : qstr_from_str(item->name);
  mp_obj_t value = mp_const_none;
  switch (item->kind) {
    case DUALBANK_ITEM_OBJECT:
    case DUALBANK_ITEM_LIST:
      begin(++told->inner, name, item->kind == DUALBANK_ITEM_OBJECT);
      return;
    case DUALBANK_ITEM_END:
      name = told->inner->name;
      value = end(told->inner--);
      break;
    case DUALBANK_ITEM_BOOL:
      value = mp_obj_new_bool(item->number);
      break;
    case DUALBANK_ITEM_NUMBER:
      value = mp_obj_new_int_from_uint(item->number);
      break;
    case DUALBANK_ITEM_TEXT:
      value = dualbank_text(item->text);
      break;
    case DUALBANK_ITEM_EVENT:
      value = dualbank_error_of(item->event);
      break;
    case DUALBANK_ITEM_NOTHING:
      break;
  }
  put(told->inner, name, value);
}

mp_obj_t dualbank_status_report(dualbank_board_t* board) {
  const dualbank_report_terms terms = {
      .refusal = board->refusal.code == DUALBANK_OK ? NULL : &board->refusal,
      .overwrite_drive = board->overwrite_drive,
  };
  uint8_t* buffer = m_new(uint8_t, VERIFY_BYTES);
  told_t told;
  told.inner = told.groups;
  begin(told.inner, MP_QSTRnull, false);
  dualbank_engine_begins(board);
  nlr_buf_t nlr;
  if (nlr_push(&nlr) == 0) {
    dualbank_report(&board->updater, &terms, buffer, VERIFY_BYTES, take, &told);
    nlr_pop();
  } else {
    board->raised = MP_OBJ_FROM_PTR(nlr.ret_val);
  }
  dualbank_engine_ends(board);
  size_t count;
  mp_obj_t* whole;
  mp_obj_list_get(told.groups[0].members, &count, &whole);
  return whole[0];
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

dualbank_policy dualbank_parse_policy(mp_obj_t object) {
  const char* word = mp_obj_str_get_str(object);
  const int policy = dualbank_policy_named(word);
  if (policy >= 0) return (dualbank_policy)policy;
  mp_raise_msg_varg(&mp_type_ValueError,
                    MP_ERROR_TEXT("'%s' is no policy: write 'stock', 'stock-rollback' or 'dualbank'"), word);
}
