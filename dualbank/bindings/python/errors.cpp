#include "dualbank/bindings/python/errors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "dualbank/engine/explain.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank::python {
namespace {

PyObject* error_type = nullptr;

constexpr char kErrorDoc[] =
    "What dualbank refuses or cannot do.\n\n"
    "code: the status' name, as in C++ and in --json (\"image_wrong_chip\")\n"
    "values: the values that the message speaks of, by name\n"
    "cure: what to do about it; empty when there is nothing to do\n\n"
    "Arguments that make no sense raise ValueError, TypeError or OverflowError; files raise OSError's own.";

PyObject* value_object(ValueKind kind, std::uint32_t value) {
  switch (kind) {
    case ValueKind::slot:
      return slot_name(static_cast<SlotIndex>(value));
    case ValueKind::state:
      return text(state_name(static_cast<RecordState>(value)));
    case ValueKind::chip:
      if (const Chip* chip = find_chip(static_cast<std::uint16_t>(value)); chip != nullptr) return text(chip->name);
      return number(value);
    case ValueKind::number:
    case ValueKind::hexadecimal:
    case ValueKind::size:
      return number(value);
  }
  return number(value);
}

PyObject* values_of(const Event& event) {
  Ref values{PyDict_New()};
  for (std::uint32_t i = 0; values && i < value_count(event.code); ++i) {
    const ValueName name = value_name(event.code, i);
    std::array<char, 32> key{};
    std::memcpy(key.data(), name.name.data(), std::min(name.name.size(), key.size() - 1));
    if (!put(values, key.data(), value_object(name.kind, event.values[i]))) return nullptr;
  }
  return values.release();
}

PyObject* make_error(const char* code, const char* message, PyObject* values, const char* cure) {
  const Ref owned_values{values};
  if (!owned_values) return nullptr;
  Ref error{PyObject_CallFunction(error_type, "s", message)};
  if (!error) return nullptr;
  const Ref code_text{text(code)};
  const Ref cure_text{text(cure)};
  if (!code_text || !cure_text || PyObject_SetAttrString(error.get(), "code", code_text.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "values", owned_values.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "cure", cure_text.get()) != 0) {
    return nullptr;
  }
  return error.release();
}

PyObject* raise_object(PyObject* error) {
  const Ref owned{error};
  if (owned) PyErr_SetObject(error_type, owned.get());
  return nullptr;
}

}  // namespace

bool add_error_type(PyObject* module) {
  const Ref defaults{Py_BuildValue("{s:s,s:{},s:s}", "code", "", "values", "cure", "")};
  if (!defaults) return false;
  error_type = PyErr_NewExceptionWithDoc("dualbank.Error", kErrorDoc, PyExc_RuntimeError, defaults.get());
  return error_type != nullptr && PyModule_AddObjectRef(module, "Error", error_type) == 0;
}

PyObject* make_error(const Event& event) {
  std::array<char, 320> whole{};
  std::array<char, 200> cure{};
  return make_error(status_name(event.code), explain(event, whole), values_of(event), explain_cure(event, cure));
}

PyObject* raise(const Event& event) { return raise_object(make_error(event)); }
PyObject* raise(Status code) { return raise(Event{code, {}}); }
PyObject* raise(const char* code, const char* message, const char* cure) {
  return raise_object(make_error(code, message, PyDict_New(), cure));
}

bool is_file_error(Status code) {
  switch (code) {
    case Status::file_not_found:
    case Status::file_no_permission:
    case Status::file_not_regular:
    case Status::file_in_use:
    case Status::file_io:
      return true;
    default:
      return false;
  }
}

PyObject* raise_file_error(const Event& event, const char* path) {
  int number = EIO;
  if (event.code == Status::file_not_found) number = ENOENT;
  if (event.code == Status::file_no_permission) number = EACCES;
  if (event.code == Status::file_not_regular) number = EISDIR;
  if (event.code == Status::file_in_use) number = EWOULDBLOCK;
  if (event.code == Status::file_io && event.values[2] != 0) number = static_cast<int>(event.values[2]);
  std::array<char, 320> what{};
  const Ref name{PyUnicode_DecodeFSDefault(path)};
  if (!name) return nullptr;
  // OSError makes itself the subclass that belongs to the number.
  const Ref error{PyObject_CallFunction(PyExc_OSError, "isO", number, explain_what(event, what), name.get())};
  if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
  return nullptr;
}

PyObject* slot_name(SlotIndex slot) {
  if (is_ota_slot(slot)) return PyUnicode_FromFormat("ota_%d", static_cast<int>(slot));
  if (slot == kFactorySlot) return text("factory");
  if (slot == kTestSlot) return text("test");
  return none();
}

bool parse_slot(PyObject* name, SlotIndex& slot) {
  slot = kUnknownSlot;
  if (name == nullptr || name == Py_None) return true;
  Py_ssize_t size = 0;
  const char* chars = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &size) : nullptr;
  if (chars == nullptr) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a slot is named by a str, for example 'ota_1'");
    return false;
  }
  const std::string_view word{chars, static_cast<std::size_t>(size)};
  if (word == "factory") {
    slot = kFactorySlot;
    return true;
  }
  int index = -1;
  if (word.starts_with("ota_")) {
    const auto [end, error] = std::from_chars(word.data() + 4, word.data() + word.size(), index);
    if (error != std::errc{} || end != word.data() + word.size()) index = -1;
  }
  if (index < 0 || index >= kMaxSlots) {
    PyErr_Format(PyExc_ValueError, "%R is no slot: write 'ota_0', 'ota_1' ... or 'factory'", name);
    return false;
  }
  slot = static_cast<SlotIndex>(index);
  return true;
}

}  // namespace dualbank::python
