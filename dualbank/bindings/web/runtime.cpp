// What the C++ library for WebAssembly lacks: throwing. A throw goes to the page's JavaScript as an exception of its
// own, and so ends the run, or the innermost attempt(). Nothing is unwound: each run has a memory of its own, which
// ends with it. Also the few functions of a C library that would need a system.
#include <__verbose_abort>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <typeinfo>

#include "dualbank/bindings/web/page.hpp"
#include "dualbank/cli/attempt.hpp"

using dualbank::cli::Refused;

namespace {

std::optional<Refused>& thrown() {
  static std::optional<Refused> refused;
  return refused;
}

Refused internal(const char* what) { return {"internal", what, "this is a fault of dualbank: please report it"}; }

}  // namespace

extern "C" {

[[noreturn]] __attribute__((import_module("page"), import_name("unwind"))) void page_unwind();
/// Calls dualbank_call(what); answers true where that ended with page_unwind().
__attribute__((import_module("page"), import_name("attempt"))) bool page_attempt(const void* what);

__attribute__((export_name("dualbank_call"))) void dualbank_call(const std::function<void()>* what) { (*what)(); }

void* __cxa_allocate_exception(std::size_t size_bytes) { return std::malloc(size_bytes); }

[[noreturn]] void __cxa_throw(void* object, std::type_info* type, void* (*)(void*)) {
  thrown() = *type == typeid(Refused) ? *static_cast<Refused*>(object) : internal(type->name());
  page_unwind();
}

_Noreturn void abort() {
  thrown() = internal("abort");
  page_unwind();
}

// Of a browser's environment nothing is wanted, and only what is about to abort would print.
char* getenv(const char*) { return nullptr; }
int vfprintf(FILE*, const char*, va_list) { return 0; }
int fprintf(FILE*, const char*, ...) { return 0; }
}

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) { ::abort(); }
_LIBCPP_END_NAMESPACE_STD

namespace dualbank::cli {

std::optional<Refused> attempt(const std::function<void()>& what) {
  if (!page_attempt(&what)) return std::nullopt;
  return thrown();
}

}  // namespace dualbank::cli
