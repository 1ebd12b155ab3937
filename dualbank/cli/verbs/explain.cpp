#include "dualbank/engine/explain.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/suggest.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

constexpr std::array kStatuses{
#define DUALBANK_STATUS(number, name, what, cure) Status::name,
#include "dualbank/formats/status_list.inc"
#undef DUALBANK_STATUS
};

Status find_status(const std::string& word) {
  const auto number = parse_number(word);
  std::vector<std::string> names;
  for (const Status status : kStatuses) {
    if (word == status_name(status) || (number && *number == static_cast<std::uint32_t>(status))) return status;
    names.emplace_back(status_name(status));
  }
  const auto near = nearest(word, names);
  throw Refused::usage(
      "unknown_code", fmt::format("there is no code '{}'", word),
      near.empty() ? "dualbank explain lists them all" : fmt::format("did you mean {}?", join_or(near)),
      {{"code", word}});
}

std::uint32_t parse_value(const std::string& word, ValueKind kind, const std::string& name) {
  if (kind == ValueKind::slot) {
    if (const auto slot = parse_slot_name(word)) return static_cast<std::uint32_t>(*slot);
  }
  if (kind == ValueKind::chip) {
    if (const Chip* chip = find_chip_by_name(word)) return chip->id;
  }
  if (const auto size = parse_size(word)) return *size;
  throw Refused::usage("bad_value", fmt::format("'{}' is not a value for {}", word, name),
                       "give a number, a chip (esp32s3) or a slot (ota_0)", {{"value", word}});
}

/// The sentence without values: their names in angle brackets.
std::string template_of(Status status) {
  std::string text;
  switch (status) {
#define DUALBANK_STATUS(number, name, what, cure) \
  case Status::name:                              \
    text = what;                                  \
    break;
#include "dualbank/formats/status_list.inc"
#undef DUALBANK_STATUS
  }
  std::string result;
  bool inside = false;
  bool kind = false;
  for (const char c : text) {
    if (c == '{')
      result += '<', inside = true, kind = false;
    else if (c == '}')
      result += '>', inside = false;
    else if (inside && c == ':')
      kind = true;
    else if (!inside || !kind)
      result += c;
  }
  return result;
}

Json list_all(Output& out) {
  Json list = Json::array();
  for (const Status status : kStatuses) {
    const Event event{status, {}};
    list.push_back({{"number", static_cast<int>(status)},
                    {"code", status_name(status)},
                    {"message", template_of(status)},
                    {"cure", cure_text(event)}});
    out.say("{:>3} {:<26} {}", static_cast<int>(status), status_name(status), template_of(status));
  }
  return list;
}

int run(Context& context) {
  Output& out = context.out;
  const auto code = context.args.operand("CODE");
  if (!code) {
    out.result()["codes"] = list_all(out);
    return kDone;
  }
  Event event{find_status(*code), {}};
  const auto& words = context.args.rest();
  const std::uint32_t count = value_count(event.code);
  if (words.size() > count) {
    throw Refused::usage("too_many_values", fmt::format("{} speaks of {} values, {} were given",
                                                        status_name(event.code), count, words.size()));
  }
  for (std::uint32_t i = 0; i < words.size(); ++i) {
    const ValueName name = value_name(event.code, i);
    event.values[i] = parse_value(words[i], name.kind, std::string(name.name.data(), name.name.size()));
  }
  const bool all = words.size() == count;
  Json json = event_json(event);
  if (!all) json["message"] = template_of(event.code);
  if (!all) json["values"] = Json::object();
  json["number"] = static_cast<int>(event.code);
  out.say("{} ({})", status_name(event.code), static_cast<int>(event.code));
  out.say("  {}", json["message"].get<std::string>());
  if (!json["cure"].get<std::string>().empty()) out.say("  what to do: {}", json["cure"].get<std::string>());
  out.result()["explanation"] = std::move(json);
  return kDone;
}

constexpr std::array kOperands{
    Operand{"CODE", Takes::status, "a code, by name or number; without one, all are listed", false},
    Operand{"VALUE", Takes::text, "the values that came with it, in order", false, true},
};
constexpr std::array<std::string_view, 2> kExamples{"dualbank explain image_wrong_chip esp32c3 esp32s3",
                                                    "dualbank explain 150"};

}  // namespace

const Verb kExplainVerb{
    "explain",
    Group::command,
    "say what a code means and what to do",
    "Codes come from the C++ library, the Python module (.code) and --json. A device may print the number and its "
    "three "
    "values alone; this makes the sentence of them.",
    kOperands,
    {},
    kExamples,
    run,
};

}  // namespace dualbank::cli
