// CPython's stable interface (abi3, 3.11 on) and an owner for its references.
#pragma once

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <cstdint>
#include <span>
#include <utility>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::python {

/// Owns one reference, or none. `PyObject*` results are new references; nullptr means that a Python error is set.
class Ref {
 public:
  constexpr Ref() = default;
  explicit constexpr Ref(PyObject* owned) : object_(owned) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { Py_XDECREF(object_); }

  [[nodiscard]] PyObject* get() const { return object_; }
  [[nodiscard]] PyObject* release() { return std::exchange(object_, nullptr); }
  [[nodiscard]] explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

/// Owns what `y*` filled in: any contiguous buffer.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (view_.obj != nullptr) PyBuffer_Release(&view_);
  }

  [[nodiscard]] Py_buffer* out() { return &view_; }
  [[nodiscard]] Bytes bytes() const {
    return {static_cast<const std::byte*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

[[nodiscard]] inline PyObject* none() { return Py_NewRef(Py_None); }
[[nodiscard]] inline PyObject* boolean(bool value) { return PyBool_FromLong(value ? 1 : 0); }
[[nodiscard]] inline PyObject* number(std::uint32_t value) { return PyLong_FromUnsignedLong(value); }
[[nodiscard]] inline PyObject* text(const char* value) { return PyUnicode_FromString(value); }

/// dict[key] = value, taking over the reference. False, with the error set, also when `value` is nullptr.
[[nodiscard]] inline bool put(const Ref& dict, const char* key, PyObject* value) {
  const Ref owned{value};
  return owned && PyDict_SetItemString(dict.get(), key, owned.get()) == 0;
}

}  // namespace dualbank::python
