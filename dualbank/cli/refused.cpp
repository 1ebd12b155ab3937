#include "dualbank/cli/refused.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "dualbank/cli/slot_name.hpp"
#include "dualbank/engine/explain.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank::cli {
namespace {

Json value_json(std::uint32_t value, ValueKind kind) {
  switch (kind) {
    case ValueKind::chip:
      if (find_chip(static_cast<std::uint16_t>(value)) == nullptr) return value;
      return chip_name(static_cast<std::uint16_t>(value));
    case ValueKind::slot:
      return slot_json(static_cast<SlotIndex>(static_cast<std::int32_t>(value)));
    case ValueKind::state:
      return state_name(static_cast<RecordState>(value));
    case ValueKind::number:
    case ValueKind::hexadecimal:
    case ValueKind::size:
      break;
  }
  return value;
}

Json values_json(const Event& event) {
  Json values = Json::object();
  for (std::uint32_t i = 0; i < value_count(event.code); ++i) {
    const ValueName name = value_name(event.code, i);
    values[std::string(name.name.data(), name.name.size())] = value_json(event.values[i], name.kind);
  }
  return values;
}

/// The engine's cures speak of calls; here they are commands.
constexpr std::array<std::pair<Status, std::string_view>, 18> kCommandCures{{
    {Status::on_trial, "dualbank confirm FLASH keeps it, dualbank rollback FLASH goes back to the other image"},
    {Status::slot_is_running, "name another slot, or say with --running which one runs"},
    {Status::running_unknown,
     "install a first image: dualbank update FLASH IMAGE; or say with --running which slot runs"},
    {Status::header_first, "send the image from offset 0 first, or use dualbank update FLASH IMAGE"},
    {Status::beyond_length, "give the image that the update was begun with, or end it: dualbank abandon FLASH"},
    {Status::different_bytes, "give the same image, or end the update under way: dualbank abandon FLASH"},
    {Status::too_many_gaps, "send first what is missing: dualbank missing FLASH"},
    {Status::no_update, "dualbank update FLASH IMAGE starts one"},
    {Status::update_incomplete, "dualbank update FLASH IMAGE sends what is missing and switches"},
    {Status::slot_unfinished, "dualbank update FLASH IMAGE writes it again"},
    {Status::no_rollback_target, "dualbank update FLASH IMAGE puts an image there"},
    {Status::length_mismatch, "end the update under way (dualbank abandon FLASH), then update again"},
    {Status::storage_extended,
     "dualbank erase-filesystem FLASH --no-extended empties the drive (on the board: "
     "storage.erase_filesystem(extended=False)); --overwrite-drive loses what is on it"},
    {Status::drive_one_slot, "make it without: dualbank erase-filesystem FLASH --no-extended"},
    {Status::drive_slot_boots, "dualbank reset FLASH, or dualbank rollback FLASH, then extend the drive"},
    {Status::drive_slot_updating, "dualbank update FLASH IMAGE finishes it, dualbank abandon FLASH ends it"},
    {Status::image_no_hash, "build it with a hash (dualbank make-image adds one), or allow it with --allow-foreign"},
    {Status::image_no_descriptor, "build it with ESP-IDF's app descriptor, or allow it with --allow-foreign"},
}};

}  // namespace

std::string what_text(const Event& event) {
  std::array<char, 400> text{};
  return explain_what(event, text);
}

std::string cure_text(const Event& event) {
  for (const auto& [code, cure] : kCommandCures) {
    if (code == event.code) return std::string(cure);
  }
  std::array<char, 400> text{};
  return explain_cure(event, text);
}

Json event_json(const Event& event) {
  return {{"code", status_name(event.code)},
          {"message", what_text(event)},
          {"cure", cure_text(event)},
          {"values", values_json(event)}};
}

Refused::Refused(const Event& event)
    : code_(status_name(event.code)),
      message_(what_text(event)),
      cure_(cure_text(event)),
      values_(values_json(event)),
      status_(event.code) {}

Refused::Refused(std::string code, std::string message, std::string cure, Json values)
    : code_(std::move(code)), message_(std::move(message)), cure_(std::move(cure)), values_(std::move(values)) {}

Refused Refused::usage(std::string code, std::string message, std::string cure, Json values) {
  Refused refused(std::move(code), std::move(message), std::move(cure), std::move(values));
  refused.exit_code_ = kUsage;
  return refused;
}

void Refused::name_target(const std::string& word) {
  constexpr std::string_view kPlaceholder = " FLASH";
  for (std::size_t at = cure_.find(kPlaceholder); at != std::string::npos;
       at = cure_.find(kPlaceholder, at + word.size())) {
    cure_.replace(at, kPlaceholder.size(), word);
  }
}

Json Refused::json() const { return {{"code", code_}, {"message", message_}, {"cure", cure_}, {"values", values_}}; }

void require(const Event& event) {
  if (event.failed()) throw Refused(event);
}

}  // namespace dualbank::cli
