// dualbank.Error: a RuntimeError with `code`, `values` and `cure`, made from the engine's events.
#include <string.h>

#include <py/objexcept.h>
#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/board.h"

typedef struct _dualbank_error_t {
  mp_obj_exception_t base;
  mp_obj_t code;
  mp_obj_t values;
  mp_obj_t cure;
} dualbank_error_t;

static const mp_obj_type_t raised_type;

static void error_attr(mp_obj_t self, qstr attr, mp_obj_t* destination) {
  const bool ours = attr == MP_QSTR_code || attr == MP_QSTR_values || attr == MP_QSTR_cure;
  if (destination[0] != MP_OBJ_NULL || !ours) {
    mp_obj_exception_attr(self, attr, destination);
  } else if (mp_obj_get_type(self) == &raised_type) {
    const dualbank_error_t* error = MP_OBJ_TO_PTR(self);
    destination[0] = attr == MP_QSTR_code ? error->code : attr == MP_QSTR_values ? error->values : error->cure;
  } else {
    destination[0] = attr == MP_QSTR_values ? mp_obj_new_dict(0) : MP_OBJ_NEW_QSTR(MP_QSTR_);
  }
}

MP_DEFINE_CONST_OBJ_TYPE(dualbank_error_type, MP_QSTR_Error, MP_TYPE_FLAG_NONE, make_new, mp_obj_exception_make_new,
                         print, mp_obj_exception_print, attr, error_attr, parent, &mp_type_RuntimeError);

// Python's `Error(...)` makes the interpreter's own exception, which has no room for more: ours are told by their type.
static MP_DEFINE_CONST_OBJ_TYPE(raised_type, MP_QSTR_Error, MP_TYPE_FLAG_NONE, make_new, mp_obj_exception_make_new,
                                print, mp_obj_exception_print, attr, error_attr, parent, &dualbank_error_type);

mp_obj_t dualbank_text(const char* text) { return text == NULL ? mp_const_none : mp_obj_new_str(text, strlen(text)); }

static mp_obj_t make_error(const char* code, const char* message, mp_obj_t values, const char* cure) {
  mp_obj_t text = dualbank_text(message);
  mp_obj_t plain = mp_obj_exception_make_new(&raised_type, 1, 0, &text);
  dualbank_error_t* error = m_new_obj(dualbank_error_t);
  error->base = *(mp_obj_exception_t*)MP_OBJ_TO_PTR(plain);
  error->values = values;
  error->code = dualbank_text(code);
  error->cure = dualbank_text(cure);
  return MP_OBJ_FROM_PTR(error);
}

static mp_obj_t value_object(dualbank_value_kind kind, uint32_t value) {
  const char* word = dualbank_value_word(kind, value);
  return word != NULL || kind == DUALBANK_VALUE_SLOT ? dualbank_text(word) : mp_obj_new_int_from_uint(value);
}

mp_obj_t dualbank_error_of(const dualbank_event* event) {
  char name[32];
  char whole[320];
  char cure[200];
  const uint32_t count = dualbank_value_count(event->code);
  mp_obj_t values = mp_obj_new_dict(count);
  for (uint32_t i = 0; i < count; ++i) {
    const dualbank_value_kind kind = dualbank_value_name(event->code, i, name, sizeof name);
    mp_obj_dict_store(values, dualbank_text(name), value_object(kind, event->values[i]));
  }
  return make_error(dualbank_status_name(event->code), dualbank_explain(event, whole, sizeof whole), values,
                    dualbank_explain_cure(event, cure, sizeof cure));
}

void dualbank_raise(const dualbank_event* event) { nlr_raise(dualbank_error_of(event)); }

void dualbank_raise_as(const char* code, const char* message, const char* cure) {
  nlr_raise(make_error(code, message, mp_obj_new_dict(0), cure));
}

dualbank_slot dualbank_parse_slot(mp_obj_t object) {
  if (object == mp_const_none) return DUALBANK_SLOT_UNKNOWN;
  if (!mp_obj_is_str(object)) {
    mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("%s"), "a slot is named by a str, for example 'ota_1'");
  }
  const char* name = mp_obj_str_get_str(object);
  const dualbank_slot slot = dualbank_slot_named(name);
  if (slot < DUALBANK_SLOT_FACTORY) {
    mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("'%s' is no slot: write 'ota_0', 'ota_1' ... or 'factory'"),
                      name);
  }
  return slot;
}
