#include "dualbank/bindings/python/board_type.hpp"

#include <limits>
#include <memory>
#include <new>

#include "dualbank/bindings/python/desk_board.hpp"
#include "dualbank/bindings/python/errors.hpp"
#include "dualbank/bindings/python/report.hpp"

namespace dualbank::python {
namespace {

struct BoardObject {
  PyObject_HEAD DeskBoard* board;
  bool busy;
};

BoardObject* self_of(PyObject* object) { return reinterpret_cast<BoardObject*>(object); }

/// An event of the engine's as the exception it is; the engine does not know the system's number of a file error.
PyObject* raise_of(const DeskBoard& board, const Event& event) {
  return is_file_error(event.code) ? raise_file_error(board.file_event(), board.path()) : raise(event);
}

/// One call at a time: the updater may be asked nothing while it works, neither from a signal handler nor from another
/// thread that got the interpreter meanwhile.
class Call {
 public:
  explicit Call(PyObject* object) : self_(self_of(object)) {
    if (self_->board == nullptr || !self_->board->is_open()) {
      raise("closed", "this board is closed: open its flash file again", "dualbank.open(path), or dualbank.use(path)");
    } else if (self_->busy) {
      raise("busy", "this board is in the middle of another call: wait until that has returned",
            "wait until the other call has returned");
    } else {
      may_go_ = self_->busy = true;
    }
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (may_go_) self_->busy = false;
  }

  [[nodiscard]] explicit operator bool() const { return may_go_; }
  [[nodiscard]] DeskBoard& board() const { return *self_->board; }
  [[nodiscard]] Updater& updater() const { return self_->board->updater(); }

  /// The same for the verbs of the updater, on a flash that can be updated.
  [[nodiscard]] bool can_update() const {
    if (!may_go_) return false;
    if (board().unavailable().code == Status::ok) return true;
    raise(board().unavailable());
    return false;
  }

  /// The same for verbs that write the other slot or make it boot, which an extended drive does not let them.
  [[nodiscard]] bool can_use_other_slot() const {
    if (!can_update()) return false;
    const Event event = board().drive_in_the_way();
    if (!event.failed()) return true;
    raise_of(board(), event);
    return false;
  }

  /// What Python gets for an updater's answer: None, or the exception.
  [[nodiscard]] PyObject* answer(Status status) const {
    if (PyErr_Occurred() != nullptr) return nullptr;  // Ctrl-C: the updater answered `stopped`
    return status == Status::ok ? none() : raise_of(board(), updater().last_event());
  }

 private:
  BoardObject* self_;
  bool may_go_ = false;
};

bool run_signal_handlers(void*, std::uint32_t, std::uint32_t) { return PyErr_CheckSignals() == 0; }

char** words(const char* const* names) { return const_cast<char**>(names); }

/// An int from 0 to 2^32 - 1; ValueError, OverflowError or TypeError for anything else.
bool read_u32(PyObject* object, const char* name, std::uint32_t& out) {
  const Ref index{PyNumber_Index(object)};
  if (!index) return false;
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(index.get(), &overflow);
  if (overflow < 0 || (overflow == 0 && value < 0)) {
    PyErr_Format(PyExc_ValueError, "%s must be >= 0", name);
    return false;
  }
  if (overflow > 0 || value > std::numeric_limits<std::uint32_t>::max()) {
    PyErr_Format(PyExc_OverflowError, "%s must be below 2**32", name);
    return false;
  }
  out = static_cast<std::uint32_t>(value);
  return true;
}

bool fits(const Buffer& buffer) {
  if (buffer.bytes().size() <= std::numeric_limits<std::uint32_t>::max()) return true;
  PyErr_SetString(PyExc_OverflowError, "buffer must be smaller than 4 GiB");
  return false;
}

// ---- life

int board_init(PyObject* object, PyObject* arguments, PyObject* keywords) {
  static constexpr const char* kNames[] = {"path",          "policy",          "running",   "force",
                                           "allow_foreign", "overwrite_drive", "read_only", nullptr};
  PyObject* path = nullptr;
  const char* policy = "stock";
  PyObject* running = nullptr;
  int force = 0;
  int allow_foreign = 0;
  int overwrite_drive = 0;
  int read_only = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O&|$sOpppp:Board", words(kNames), PyUnicode_FSConverter, &path,
                                   &policy, &running, &force, &allow_foreign, &overwrite_drive, &read_only)) {
    return -1;
  }
  const Ref owned_path{path};
  BoardOptions options{.force = force != 0,
                       .allow_foreign = allow_foreign != 0,
                       .overwrite_drive = overwrite_drive != 0,
                       .read_only = read_only != 0,
                       .between_units = run_signal_handlers};
  if (!parse_policy(policy, options.policy) || !parse_slot(running, options.running_slot)) return -1;
  BoardObject* self = self_of(object);
  if (self->board != nullptr) {
    PyErr_SetString(PyExc_TypeError, "a board is opened once: make another");
    return -1;
  }
  auto board = std::unique_ptr<DeskBoard>{new (std::nothrow) DeskBoard{options}};
  if (board == nullptr) {
    PyErr_NoMemory();
    return -1;
  }
  const Event error = board->open(PyBytes_AsString(owned_path.get()));
  if (PyErr_Occurred() != nullptr) return -1;
  if (error.code != Status::ok) {
    raise_of(*board, error);
    return -1;
  }
  self->board = board.release();
  return 0;
}

void board_dealloc(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  delete self_of(object)->board;
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
  Py_DECREF(type);
}

PyObject* board_close(PyObject* object, PyObject*) {
  BoardObject* self = self_of(object);
  if (self->board == nullptr || !self->board->is_open()) return none();
  const Call call{object};
  if (!call) return nullptr;
  const Event error = call.board().close();
  return error.code == Status::ok ? none() : raise(error);
}

PyObject* board_closed(PyObject* object, void*) {
  const BoardObject* self = self_of(object);
  return boolean(self->board == nullptr || !self->board->is_open());
}

// ---- verbs

PyObject* board_flash(PyObject* object, PyObject* arguments, PyObject* keywords) {
  static constexpr const char* kNames[] = {"buffer", "offset", nullptr};
  Buffer buffer;
  PyObject* offset_object = nullptr;
  std::uint32_t offset = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "y*|O:flash", words(kNames), buffer.out(), &offset_object)) {
    return nullptr;
  }
  if (offset_object != nullptr && !read_u32(offset_object, "offset", offset)) return nullptr;
  const Call call{object};
  if (!call.can_use_other_slot() || !fits(buffer)) return nullptr;
  return call.answer(offset_object == nullptr ? call.updater().flash(buffer.bytes())
                                              : call.updater().flash(buffer.bytes(), offset));
}

PyObject* board_begin(PyObject* object, PyObject* arguments, PyObject* keywords) {
  static constexpr const char* kNames[] = {"identity", "length", "header", nullptr};
  Buffer identity;
  Buffer header;
  PyObject* length = nullptr;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|y*Oy*:begin", words(kNames), identity.out(), &length,
                                   header.out())) {
    return nullptr;
  }
  UpdateRequest request{.identity = identity.bytes(), .header = header.bytes()};
  if (length != nullptr && length != Py_None && !read_u32(length, "length", request.length_bytes)) return nullptr;
  const Call call{object};
  if (!call.can_use_other_slot() || !fits(identity) || !fits(header)) return nullptr;
  return call.answer(call.updater().begin(request));
}

/// switch() and rollback() take a slot or none.
template <class WithSlot, class Without>
PyObject* call_with_slot(PyObject* object, PyObject* arguments, PyObject* keywords, const char* format, WithSlot with,
                         Without without) {
  static constexpr const char* kNames[] = {"slot", nullptr};
  PyObject* name = nullptr;
  SlotIndex slot = kUnknownSlot;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, format, words(kNames), &name) || !parse_slot(name, slot)) {
    return nullptr;
  }
  const Call call{object};
  if (!call.can_use_other_slot()) return nullptr;
  return call.answer(slot == kUnknownSlot ? without(call.updater()) : with(call.updater(), slot));
}

PyObject* board_switch(PyObject* object, PyObject* arguments, PyObject* keywords) {
  return call_with_slot(
      object, arguments, keywords, "|O:switch", [](Updater& u, SlotIndex slot) { return u.switch_slot(slot); },
      [](Updater& u) { return u.switch_slot(); });
}

PyObject* board_rollback(PyObject* object, PyObject* arguments, PyObject* keywords) {
  return call_with_slot(
      object, arguments, keywords, "|O:rollback", [](Updater& u, SlotIndex slot) { return u.rollback(slot); },
      [](Updater& u) { return u.rollback(); });
}

PyObject* board_confirm(PyObject* object, PyObject*) {
  const Call call{object};
  return call.can_update() ? call.answer(call.updater().confirm()) : nullptr;
}

PyObject* board_boot_guard(PyObject* object, PyObject* arguments, PyObject* keywords) {
  static constexpr const char* kNames[] = {"most_boots", nullptr};
  unsigned char most_boots = kDefaultMostTries;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|b:boot_guard", words(kNames), &most_boots)) return nullptr;
  const Call call{object};
  return call.can_update() ? call.answer(call.updater().boot_guard(most_boots)) : nullptr;
}

PyObject* board_abandon(PyObject* object, PyObject*) {
  const Call call{object};
  return call.can_use_other_slot() ? call.answer(call.updater().abandon()) : nullptr;
}

PyObject* board_reset(PyObject* object, PyObject*) {
  const Call call{object};
  if (!call) return nullptr;
  if (call.board().options().read_only) return raise(Status::read_only);
  const Event error = call.board().reset();
  if (PyErr_Occurred() != nullptr) return nullptr;
  return error.code == Status::ok ? slot_name(call.updater().status().running_slot) : raise_of(call.board(), error);
}

PyObject* board_erase_filesystem(PyObject* object, PyObject* arguments, PyObject* keywords) {
  static constexpr const char* kNames[] = {"extended", nullptr};
  PyObject* extended = Py_None;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:erase_filesystem", words(kNames), &extended))
    return nullptr;
  const int truth = extended == Py_None ? -1 : PyObject_IsTrue(extended);
  if (truth < 0 && PyErr_Occurred() != nullptr) return nullptr;
  const Call call{object};
  if (!call) return nullptr;
  if (call.board().options().read_only) return raise(Status::read_only);
  const Result<DriveState> now = look_at_drive(call.board().flash(), call.board().layout());
  if (!now) return raise_of(call.board(), now.error());
  const Event event = call.board().erase_filesystem(truth < 0 ? *now == DriveState::extended : truth != 0);
  return event.failed() ? raise_of(call.board(), event) : none();
}

// ---- looking

PyObject* board_status(PyObject* object, PyObject*) {
  const Call call{object};
  return call ? status_report(call.board()) : nullptr;
}

PyObject* board_missing(PyObject* object, PyObject*) {
  const Call call{object};
  return call.can_update() ? missing_report(call.board()) : nullptr;
}

PyObject* board_boots(PyObject* object, PyObject* argument) {
  Buffer image;
  if (PyObject_GetBuffer(argument, image.out(), PyBUF_SIMPLE) != 0) return nullptr;
  const Call call{object};
  return call ? boolean(call.board().boots(image.bytes())) : nullptr;
}

PyCFunction with_keywords(PyObject* (*function)(PyObject*, PyObject*, PyObject*)) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

constexpr char kTypeDoc[] =
    "A board's flash in a file, and the updater of the application that runs on it.\n\n"
    "Acts as a device that has just booted, until reset(). Use `with dualbank.open(path) as board:`.";
constexpr char kBeginDoc[] =
    "begin($self, identity=b'', length=None, header=b'')\n--\n\n"
    "Says what the update will be, before its bytes; flash() alone needs no begin().\n\n"
    "identity: whatever names this image and no other (a hash, an ETag); the same one goes on after a power cut.\n"
    "length: in bytes, where it is known. header: the first 288 bytes or more, checked before anything is written.\n"
    "After it the bytes may come in any order, the first ones last.";
constexpr char kFlashDoc[] =
    "flash($self, buffer, offset=...)\n--\n\n"
    "Writes bytes of the new image to the next-update slot.\n\n"
    "buffer: any contiguous buffer. offset: where the bytes belong, counted from the image's start; any order, twice "
    "if\n"
    "need be. Without an offset they go after the last byte written; at 0 when there is none, or when they begin an "
    "image.\n"
    "The first 288 bytes are checked before anything is written.";
constexpr char kSwitchDoc[] =
    "switch($self, slot=None)\n--\n\n"
    "Checks the new image and makes it boot next; a reset runs it.";
constexpr char kConfirmDoc[] = "confirm($self)\n--\n\nThe running image works and stays. Twice is no error.";
constexpr char kRollbackDoc[] =
    "rollback($self, slot=None)\n--\n\n"
    "Makes the other good image boot next: after a switch the running one again, else the one before it.";
constexpr char kBootGuardDoc[] =
    "boot_guard($self, most_boots=3)\n--\n\n"
    "Counts this boot of an image on trial, where the bootloader cannot; call it once a boot, before anything else.\n\n"
    "most_boots: how many of them it gets to confirm itself. Raises trial_failed when they are used up and the other "
    "good\n"
    "image boots next: reset then, and on no other error. Does nothing where the image is not on trial, or the "
    "bootloader\n"
    "counts.";
constexpr char kAbandonDoc[] =
    "abandon($self)\n--\n\n"
    "Ends the update under way. Its slot needs a new update before it can boot.";
constexpr char kResetDoc[] =
    "reset($self)\n--\n\n"
    "Resets the board, on the desk: does what the bootloader does next, and goes on as what then runs.\n"
    "Returns the name of the slot that runs now.";
constexpr char kEraseFilesystemDoc[] =
    "erase_filesystem($self, extended=None)\n--\n\n"
    "Makes the CIRCUITPY drive anew, empty, as CircuitPython's storage.erase_filesystem() does. The board is not "
    "reset.\n\n"
    "extended: whether it goes on in the slot that does not run; flash(), switch() and the like are refused then. "
    "None\n"
    "keeps what is, and does not extend a drive that had no file system. A slot that boots next, is being updated or "
    "is "
    "the\n"
    "fallback of a trial is not taken, unless the board was opened with force.";
constexpr char kCloseDoc[] =
    "close($self)\n--\n\n"
    "Gives the flash file back. An update under way can go on after the next open(). Twice is no error.";

PyMethodDef methods[] = {
    {"begin", with_keywords(board_begin), METH_VARARGS | METH_KEYWORDS, kBeginDoc},
    {"flash", with_keywords(board_flash), METH_VARARGS | METH_KEYWORDS, kFlashDoc},
    {"switch", with_keywords(board_switch), METH_VARARGS | METH_KEYWORDS, kSwitchDoc},
    {"confirm", board_confirm, METH_NOARGS, kConfirmDoc},
    {"rollback", with_keywords(board_rollback), METH_VARARGS | METH_KEYWORDS, kRollbackDoc},
    {"boot_guard", with_keywords(board_boot_guard), METH_VARARGS | METH_KEYWORDS, kBootGuardDoc},
    {"abandon", board_abandon, METH_NOARGS, kAbandonDoc},
    {"reset", board_reset, METH_NOARGS, kResetDoc},
    {"erase_filesystem", with_keywords(board_erase_filesystem), METH_VARARGS | METH_KEYWORDS, kEraseFilesystemDoc},
    {"close", board_close, METH_NOARGS, kCloseDoc},
    {"_status", board_status, METH_NOARGS, "_status(): what `status --json` says, as a dict."},
    {"_missing", board_missing, METH_NOARGS, "_missing(): [(from, to), ...]"},
    {"_boots", board_boots, METH_O, "_boots(image): does the slot that boots next hold this image?"},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"closed", board_closed, nullptr, "True after close().", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>(kTypeDoc)},
    {Py_tp_init, reinterpret_cast<void*>(board_init)},
    {Py_tp_dealloc, reinterpret_cast<void*>(board_dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {0, nullptr},
};

PyType_Spec spec{"_dualbank.Board", sizeof(BoardObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

}  // namespace

bool add_board_type(PyObject* module) {
  const Ref type{PyType_FromSpec(&spec)};
  return type && PyModule_AddObjectRef(module, "Board", type.get()) == 0;
}

}  // namespace dualbank::python
