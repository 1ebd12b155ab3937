// The extension module `_dualbank`: the board, its error, and looking at images.
#include <vector>

#include "dualbank/bindings/python/board_type.hpp"
#include "dualbank/bindings/python/errors.hpp"
#include "dualbank/bindings/python/python.hpp"
#include "dualbank/bindings/python/report.hpp"
#include "dualbank/bindings/python/vendor_board_type.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/firmware_file.hpp"
#include "dualbank/formats/uf2.hpp"

namespace dualbank::python {
namespace {

/// (report or None, error or None) of an app image, read to its end.
PyObject* look_at_image(PyObject*, PyObject* arguments) {
  Buffer buffer;
  int foreign = 0;
  if (!PyArg_ParseTuple(arguments, "y*|p:look_at_image", buffer.out(), &foreign)) return nullptr;
  // As a switch demands it; where it goes is not known here.
  ImageVerifier verifier{foreign != 0 ? ImageRules::vendor(kAnyChip, kUnknownLength)
                                      : ImageRules::strict(kAnyChip, kUnknownLength)};
  const Status status = verifier.feed(buffer.bytes());
  Event fault = status == Status::ok ? Event{} : verifier.error();
  if (status == Status::ok && !verifier.done()) fault = verifier.truncated();
  const bool valid = fault.code == Status::ok;
  const bool started = find_chip(verifier.info().header.chip_id) != nullptr;
  Ref report{started ? image_report(verifier.info(), valid) : none()};
  Ref error{valid ? none() : make_error(fault)};
  return report && error ? PyTuple_Pack(2, report.get(), error.get()) : nullptr;
}

PyObject* bytes_object(Bytes bytes) {
  return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()), static_cast<Py_ssize_t>(bytes.size()));
}

PyObject* joined_uf2(Bytes file) {
  Result<Uf2Reader> opened = Uf2Reader::open(file);
  if (!opened) return raise(opened.error());
  Uf2Reader reader = *opened;
  std::vector<std::byte> app;
  app.reserve(reader.total_bytes());
  for (Uf2Piece piece = reader.next(); !piece.payload.empty(); piece = reader.next()) {
    app.insert(app.end(), piece.payload.begin(), piece.payload.end());
  }
  return bytes_object(app);
}

/// (kind, app): what kind of file this is, and the app image in it.
PyObject* find_app_in(PyObject*, PyObject* argument) {
  Buffer buffer;
  if (PyObject_GetBuffer(argument, buffer.out(), PyBUF_SIMPLE) != 0) return nullptr;
  const FirmwareKind kind = recognise_firmware(buffer.bytes());
  Ref app;
  if (kind == FirmwareKind::uf2) {
    app = Ref{joined_uf2(buffer.bytes())};
  } else {
    const Result<FirmwareView> view = find_app(buffer.bytes());
    if (!view) return raise(view.error());
    app = Ref{bytes_object(view->app)};
  }
  const Ref name{text(kind_name(kind))};
  return app && name ? PyTuple_Pack(2, name.get(), app.get()) : nullptr;
}

PyObject* kind_of_file(PyObject*, PyObject* argument) {
  Buffer buffer;
  if (PyObject_GetBuffer(argument, buffer.out(), PyBUF_SIMPLE) != 0) return nullptr;
  return text(kind_name(recognise_firmware(buffer.bytes())));
}

PyMethodDef functions[] = {
    {"look_at_image", look_at_image, METH_VARARGS,
     "look_at_image(buffer, foreign=False): (report or None, error or None) of an app image."},
    {"find_app", find_app_in, METH_O, "find_app(file): (kind, app image) of a firmware file, or Error."},
    {"kind_of_file", kind_of_file, METH_O, "kind_of_file(file): \"app image\", \"joined file\", \"whole flash\" ..."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition{
    PyModuleDef_HEAD_INIT,
    "_dualbank",
    "The C++ half of the package dualbank.",
    -1,
    functions,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

}  // namespace
}  // namespace dualbank::python

PyMODINIT_FUNC PyInit__dualbank() {
  using namespace dualbank::python;
  Ref module{PyModule_Create(&definition)};
  if (!module || !add_error_type(module.get()) || !add_board_type(module.get()) ||
      !add_vendor_board_type(module.get()) ||
      PyModule_AddStringConstant(module.get(), "__version__", DUALBANK_VERSION) != 0) {
    return nullptr;
  }
  return module.release();
}
