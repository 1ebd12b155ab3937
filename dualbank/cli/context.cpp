#include "dualbank/cli/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/serial_line.hpp"
#include "dualbank/cli/slot_name.hpp"

namespace dualbank::cli {
namespace {

constexpr std::array<std::pair<std::string_view, Policy>, 3> kPolicyNames{
    {{"stock", Policy::stock}, {"stock-rollback", Policy::stock_rollback}, {"dualbank", Policy::dualbank}}};

Policy parse_policy(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  for (const auto& [name, policy] : kPolicyNames) {
    if (name == text) return policy;
  }
  throw Refused::usage("unknown_policy", fmt::format("there is no policy '{}'", text),
                       "use stock, stock-rollback or dualbank", {{"policy", text}});
}

SlotIndex require_slot(const std::string& text) {
  if (const auto slot = parse_slot_name(text)) return *slot;
  throw Refused::usage("bad_slot", fmt::format("'{}' is not a slot's name", text),
                       "slots are ota_0, ota_1, ..., or factory", {{"slot", text}});
}

[[noreturn]] void bad_number(std::string_view flag, const std::string& text, const char* form) {
  throw Refused::usage("bad_number", fmt::format("{} {} is not {}", flag, text, form),
                       "write it like 65536, 0x10000, 64K or 4MB", {{"option", std::string(flag)}, {"text", text}});
}

}  // namespace

std::string_view policy_name(Policy policy) {
  for (const auto& [name, value] : kPolicyNames) {
    if (value == policy) return name;
  }
  return "stock";
}

std::string shell_word(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_-./:=@%+,~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Context::Context(const Arguments& arguments, Output& output) : args(arguments), out(output) {
  const char* named = std::getenv("DUALBANK_POLICY");
  if (const auto text = args.value("--policy")) {
    policy = parse_policy(*text);
  } else if (named != nullptr && *named != '\0') {
    policy = parse_policy(named);
  }
  if (const auto text = args.value("--running")) running = require_slot(*text);
}

bool Context::on_line() const { return names_a_line(line_target()); }

std::string Context::line_target() const { return args.operand(kTarget.name).value_or(""); }

std::string Context::target() const {
  const std::string path = line_target();
  if (names_a_line(path)) {
    throw Refused("not_over_line",
                  fmt::format("{} works on a flash file, not over a serial line ({})", args.verb->name, path),
                  "over a line work: status, update, switch, confirm, rollback, abandon, reset", {{"target", path}});
  }
  if (names_a_bare_line(path)) {
    throw Refused::usage("no_serial", fmt::format("{} is a serial line, not a flash file", path),
                         fmt::format("write serial:{} for a device that speaks dualbank's own protocol; a stock ESP "
                                     "board is read into a file with esptool (esptool read-flash 0 ALL board.flash)",
                                     path),
                         {{"target", path}});
  }
  return path;
}

std::string Context::target_word() const {
  return args.target_from_environment ? std::string{} : " " + shell_word(args.operand(kTarget.name).value_or(""));
}

std::uint32_t Context::number(std::string_view flag, std::uint32_t otherwise) const {
  const auto text = args.value(flag);
  if (!text) return otherwise;
  const auto value = parse_size(*text);
  if (!value) bad_number(flag, *text, "a number of at most 32 bits");
  return *value;
}

std::uint32_t Context::size(std::string_view flag, std::uint32_t otherwise) const {
  const auto text = args.value(flag);
  if (!text) return otherwise;
  const auto value = parse_size(*text);
  if (!value) bad_number(flag, *text, "a size below 4 GiB");
  return *value;
}

SlotIndex Context::slot(std::string_view operand, SlotIndex otherwise) const {
  const auto text = args.operand(operand);
  return text ? require_slot(*text) : otherwise;
}

}  // namespace dualbank::cli
