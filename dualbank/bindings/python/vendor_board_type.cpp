#include "dualbank/bindings/python/vendor_board_type.hpp"

#include <array>
#include <memory>
#include <new>

#include "dualbank/bindings/python/errors.hpp"
#include "dualbank/bindings/python/vendor_board.hpp"

namespace dualbank::python {
namespace {

struct VendorBoardObject {
  PyObject_HEAD VendorBoard* board;
};

VendorBoardObject* self_of(PyObject* object) { return reinterpret_cast<VendorBoardObject*>(object); }

PyObject* raise_of(const VendorBoard& board, const Event& event, const char* path) {
  return is_file_error(event.code) ? raise_file_error(board.file_event(), path) : raise(event);
}

/// An open board, or nullptr with the error set.
VendorBoard* board_of(PyObject* object) {
  VendorBoard* board = self_of(object)->board;
  if (board == nullptr) raise("closed", "this board is closed", "open its flash file again");
  return board;
}

PyObject* answer(const VendorBoard& board, const Event& event) {
  return event.failed() ? raise_of(board, event, "the flash file") : none();
}

/// Reads a slot's name, which the flash has. False: the Python error is set.
bool read_slot(const VendorBoard& board, PyObject* name, SlotIndex& slot, Extent& extent) {
  if (!parse_slot(name, slot)) return false;
  extent = board.layout().extent_of(slot);
  if (extent.present()) return true;
  PyErr_Format(PyExc_ValueError, "this flash has no slot %R", name);
  return false;
}

bool within(const Extent& extent, std::size_t offset, std::size_t size) {
  return offset <= extent.size_bytes && size <= extent.size_bytes - offset;
}

int vendor_init(PyObject* object, PyObject* arguments, PyObject* keywords) {
  static constexpr const char* kNames[] = {"path", nullptr};
  PyObject* path = nullptr;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O&:VendorBoard", const_cast<char**>(kNames),
                                   PyUnicode_FSConverter, &path)) {
    return -1;
  }
  const Ref owned_path{path};
  auto board = std::unique_ptr<VendorBoard>{new (std::nothrow) VendorBoard};
  if (board == nullptr) {
    PyErr_NoMemory();
    return -1;
  }
  const char* name = PyBytes_AsString(owned_path.get());
  if (name == nullptr) return -1;
  if (const Event e = board->open(name); e.failed()) {
    raise_of(*board, e, name);
    return -1;
  }
  delete std::exchange(self_of(object)->board, board.release());
  return 0;
}

void vendor_dealloc(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  delete self_of(object)->board;
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
  Py_DECREF(type);
}

PyObject* vendor_close(PyObject* object, PyObject*) {
  delete std::exchange(self_of(object)->board, nullptr);
  return none();
}

PyObject* vendor_slots(PyObject* object, PyObject*) {
  const VendorBoard* board = board_of(object);
  Ref slots{board == nullptr ? nullptr : PyList_New(0)};
  const auto append = [&](SlotIndex slot) {
    const Extent extent = board->layout().extent_of(slot);
    const Ref name{slot_name(slot)};
    const Ref row{name ? Py_BuildValue("(OI)", name.get(), extent.size_bytes) : nullptr};
    return row && PyList_Append(slots.get(), row.get()) == 0;
  };
  if (!slots) return nullptr;
  for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(board->layout().slot_count); ++slot) {
    if (!append(slot)) return nullptr;
  }
  return slots.release();
}

PyObject* vendor_reset(PyObject* object, PyObject*) {
  VendorBoard* board = board_of(object);
  if (board == nullptr) return nullptr;
  const Result<BootDecision> decision = board->reset();
  if (!decision) return answer(*board, decision.error());
  return Py_BuildValue("(Nss)", slot_name(decision->slot), boot_reason_name(decision->reason),
                       boot_reason_text(decision->reason));
}

PyObject* vendor_read(PyObject* object, PyObject* arguments) {
  PyObject* name = nullptr;
  unsigned int offset = 0;
  unsigned int size = 0;
  if (!PyArg_ParseTuple(arguments, "OII:read", &name, &offset, &size)) return nullptr;
  VendorBoard* board = board_of(object);
  SlotIndex slot = kNoSlot;
  Extent extent;
  if (board == nullptr || !read_slot(*board, name, slot, extent)) return nullptr;
  if (!within(extent, offset, size)) {
    PyErr_SetString(PyExc_ValueError, "this is not within the slot");
    return nullptr;
  }
  Ref bytes{PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size))};
  if (!bytes) return nullptr;
  auto* data = reinterpret_cast<std::byte*>(PyBytes_AsString(bytes.get()));
  if (const Event e = board->read(slot, offset, {data, size}); e.failed()) return answer(*board, e);
  return bytes.release();
}

PyObject* vendor_write(PyObject* object, PyObject* arguments) {
  PyObject* name = nullptr;
  unsigned int offset = 0;
  Buffer buffer;
  if (!PyArg_ParseTuple(arguments, "OIy*:write", &name, &offset, buffer.out())) return nullptr;
  VendorBoard* board = board_of(object);
  SlotIndex slot = kNoSlot;
  Extent extent;
  if (board == nullptr || !read_slot(*board, name, slot, extent)) return nullptr;
  if (!within(extent, offset, buffer.bytes().size())) return boolean(false);
  if (const Event e = board->write(slot, offset, buffer.bytes()); e.failed()) return answer(*board, e);
  return boolean(true);
}

PyObject* vendor_erase(PyObject* object, PyObject* name) {
  VendorBoard* board = board_of(object);
  SlotIndex slot = kNoSlot;
  Extent extent;
  if (board == nullptr || !read_slot(*board, name, slot, extent)) return nullptr;
  return answer(*board, board->erase(slot));
}

PyObject* vendor_verify(PyObject* object, PyObject* name) {
  VendorBoard* board = board_of(object);
  SlotIndex slot = kNoSlot;
  Extent extent;
  if (board == nullptr || !read_slot(*board, name, slot, extent)) return nullptr;
  const Event event = board->verify(slot);
  return event.failed() ? make_error(event) : none();
}

PyObject* vendor_set_boot(PyObject* object, PyObject* name) {
  VendorBoard* board = board_of(object);
  SlotIndex slot = kNoSlot;
  Extent extent;
  if (board == nullptr || !read_slot(*board, name, slot, extent)) return nullptr;
  if (!is_ota_slot(slot)) {
    PyErr_Format(PyExc_ValueError, "%R is no OTA slot", name);
    return nullptr;
  }
  return answer(*board, board->set_boot(slot));
}

PyObject* vendor_chosen_slot(PyObject* object, PyObject*) {
  VendorBoard* board = board_of(object);
  if (board == nullptr) return nullptr;
  const Result<SlotIndex> slot = board->chosen_slot();
  return slot ? slot_name(*slot) : answer(*board, slot.error());
}

PyObject* vendor_last_invalid_slot(PyObject* object, PyObject*) {
  VendorBoard* board = board_of(object);
  if (board == nullptr) return nullptr;
  const Result<SlotIndex> slot = board->last_invalid_slot();
  return slot ? slot_name(*slot) : answer(*board, slot.error());
}

PyObject* vendor_drive(PyObject* object, PyObject*) {
  VendorBoard* board = board_of(object);
  if (board == nullptr) return nullptr;
  const Result<DriveState> drive = board->drive();
  if (!drive) return answer(*board, drive.error());
  constexpr std::array<const char*, 4> kNames{"none", "unformatted", "not_extended", "extended"};
  return text(kNames[static_cast<std::size_t>(*drive)]);
}

PyMethodDef methods[] = {
    {"slots", vendor_slots, METH_NOARGS, "slots(): [(name, size in bytes), ...] of the OTA slots."},
    {"reset", vendor_reset, METH_NOARGS, "reset(): (slot or None, reason, its text); does the bootloader's writes."},
    {"read", vendor_read, METH_VARARGS, "read(slot, offset, size) -> bytes"},
    {"write", vendor_write, METH_VARARGS, "write(slot, offset, buffer): ANDs it in; False when it does not fit."},
    {"erase", vendor_erase, METH_O, "erase(slot): the whole of it."},
    {"verify", vendor_verify, METH_O, "verify(slot): None, or the Error that says what is wrong with its image."},
    {"set_boot", vendor_set_boot, METH_O, "set_boot(slot): writes the boot record, without a look at the image."},
    {"chosen_slot", vendor_chosen_slot, METH_NOARGS, "chosen_slot(): the slot that the active record names, or None."},
    {"last_invalid_slot", vendor_last_invalid_slot, METH_NOARGS,
     "last_invalid_slot(): the slot of a record that was given up and whose image verifies, or None."},
    {"drive", vendor_drive, METH_NOARGS, "drive(): \"none\", \"unformatted\", \"not_extended\" or \"extended\"."},
    {"close", vendor_close, METH_NOARGS, "close(): gives the flash file back. Twice is no error."},
    {nullptr, nullptr, 0, nullptr},
};

constexpr char kTypeDoc[] =
    "A flash file as an application on the vendor's SDK uses it; for the emulation of CircuitPython's own module.";

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>(kTypeDoc)},
    {Py_tp_init, reinterpret_cast<void*>(vendor_init)},
    {Py_tp_dealloc, reinterpret_cast<void*>(vendor_dealloc)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec{"_dualbank.VendorBoard", sizeof(VendorBoardObject), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

bool add_vendor_board_type(PyObject* module) {
  const Ref type{PyType_FromSpec(&spec)};
  return type && PyModule_AddObjectRef(module, "VendorBoard", type.get()) == 0;
}

}  // namespace dualbank::python
