// update over a serial line.
#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/foreign.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/progress.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/serial_client.hpp"
#include "dualbank/cli/serial_report.hpp"
#include "dualbank/cli/serial_verbs.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/formats/sha256.hpp"

namespace dualbank::cli {
namespace {

/// As for a flash file: checked as a whole for the slot that takes it, before a byte is sent.
ImageInfo check(Context& context, const SerialDevice& device, const Firmware& firmware) {
  ImageRules rules = ImageRules::strict(device.chip_id, device.slot_size_bytes, device.slot_offset);
  if (context.args.has("--allow-foreign")) {
    rules.need_hash = false;
    rules.need_descriptor = false;
  }
  const ImageInfo info = verify_image(firmware.app, rules);
  if (firmware.app.size() < kSerialHeaderBytes) {
    throw Refused(Event{Status::image_too_short,
                        {static_cast<std::uint32_t>(firmware.app.size()), std::uint32_t{kSerialHeaderBytes}}});
  }
  warn_of_foreign(context.out, info);
  return info;
}

struct Sent {
  std::uint64_t bytes = 0;
  std::uint64_t there_before = 0;
};

class Sender {
 public:
  Sender(Context& context, SerialClient& client, const Firmware& firmware)
      : context_(context), client_(client), image_(firmware.app), length_(static_cast<std::uint32_t>(image_.size())) {}

  Sent send() {
    const Sha256Digest identity = sha256(image_);
    const Event begun = client_.require({.verb = SerialVerb::begin,
                                         .length_bytes = length_,
                                         .identity = identity,
                                         .bytes = image_.first(kSerialHeaderBytes)});
    const std::string name = slot_name(client_.state().next_update_slot);
    done_ = length_ - std::min<std::uint64_t>(length_, total_length(missing_over_line(client_)));
    const Sent sent{.bytes = length_ - done_, .there_before = done_};
    if (begun.code == Status::update_resumed && done_ > 0) {
      context_.out.note("going on: {} of {} bytes are in {} already", done_, length_, name);
    }
    static_cast<void>(client_.require({.verb = SerialVerb::missing}));
    Progress progress(context_.out, fmt::format("writing {}", name), length_);
    for (Range gap = client_.state().missing; gap.from < std::min(gap.to, length_); gap = client_.state().missing) {
      progress.show(done_);
      send_piece(gap);
    }
    return sent;
  }
  [[nodiscard]] std::uint64_t done() const { return done_; }
  [[nodiscard]] std::uint32_t length() const { return length_; }

 private:
  void send_piece(const Range& gap) {
    const std::uint32_t most = std::max<std::uint32_t>(client_.device().largest_piece_bytes, 1);
    const std::uint32_t size = std::min({gap.length(), most, length_ - gap.from});
    const Event event =
        client_.ask({.verb = SerialVerb::data, .offset = gap.from, .bytes = image_.subspan(gap.from, size)});
    if (event.failed() && event.code != Status::stopped) throw Refused(event);
    const Range left = client_.state().missing;
    stuck_ = left.from == gap.from && left.to == gap.to ? stuck_ + 1 : 0;
    if (stuck_ == kMostStuck) {
      throw Refused(
          "line_no_progress",
          fmt::format("the device says that {} bytes at {} are written, and that they are missing", size, gap.from),
          "reset the device; the same command goes on", {{"offset", gap.from}, {"size", size}});
    }
    if (stuck_ == 0) done_ += size;
  }

  static constexpr unsigned kMostStuck = 8;

  Context& context_;
  SerialClient& client_;
  Bytes image_;
  std::uint32_t length_;
  std::uint64_t done_ = 0;
  unsigned stuck_ = 0;
};

Sent send_image(Context& context, SerialClient& client, const Firmware& firmware) {
  Sender sender(context, client, firmware);
  try {
    return sender.send();
  } catch (const Refused& refused) {
    if (refused.exit_code() != kInterrupted) throw;
    Refused said("interrupted", fmt::format("interrupted: {} of {} bytes are done", sender.done(), sender.length()),
                 fmt::format("the same command goes on; dualbank abandon{} gives it up", context.target_word()),
                 {{"done", sender.done()}, {"total", sender.length()}});
    said.set_exit_code(kInterrupted);
    throw said;
  }
}

}  // namespace

int update_over_line(Context& context) {
  refuse_options_for_files(context);
  SerialClient client(context);
  const Firmware firmware =
      load_for_slot(context, client.device().chip_id, {client.device().slot_offset, client.device().slot_size_bytes});
  const ImageInfo info = check(context, client.device(), firmware);
  const SlotIndex slot = client.state().next_update_slot;
  Json& result = context.out.result();
  result["device"] = device_json(client.device());
  result["slot"] = slot_json(slot);
  result["image"] = image_json(info, true);
  result["dry_run"] = context.dry_run();
  if (context.dry_run()) {
    context.out.done("would do: send {} ({} bytes) to {}", image_label(info), firmware.app.size(), slot_name(slot));
    return kDone;
  }
  context.out.detail("{} goes to {} of {}", image_label(info), slot_name(slot), device_label(client.device()));
  const Sent sent = send_image(context, client, firmware);
  const Event event = client.require({.verb = SerialVerb::switch_slot});
  result["sent"] = sent.bytes;
  result["there_before"] = sent.there_before;
  result["repeats"] = client.repeats();
  report_event(context, event);
  if (client.repeats() > 0) context.out.detail("{} requests had to be repeated", client.repeats());
  say_next(context, "reset", {}, "the device boots it");
  return kDone;
}

}  // namespace dualbank::cli
