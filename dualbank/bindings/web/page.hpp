// What the page's JavaScript gives to the engine: the file it was handed, and how a run ends early.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::web {

/// The one file's bytes, whatever it is called. Verbs that write change them in place.
[[nodiscard]] MutableBytes file();

/// What the command says, and says beside it.
void answer(std::string json);
void note(std::string_view text);

enum class Operation : std::uint32_t { program, erase };

/// Tells the page of an operation on the flash before it is done. Answers how many of its bytes get there before the
/// power goes: all of them where it stays.
extern "C" __attribute__((import_module("page"), import_name("operation"))) std::uint32_t page_operation(
    Operation operation, std::uint32_t address, std::uint32_t size_bytes);

/// The power goes: does not come back.
extern "C" [[noreturn]] __attribute__((import_module("page"), import_name("cut"))) void page_cut();

}  // namespace dualbank::web
