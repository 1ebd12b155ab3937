#include "dualbank/sim/story.hpp"

#include <algorithm>
#include <functional>
#include <memory>

#include "dualbank/formats/app_descriptor.hpp"
#include "dualbank/sim/device.hpp"
#include "dualbank/sim/model_subject.hpp"

namespace dualbank::sim {
namespace {

/// What is known of a subject beyond its being one.
struct Names {
  std::function<std::string()> boots;  ///< "ota_0 boots (1.0)", asked before the first operation after a boot
  std::function<std::string()> call;   ///< that is made now; empty: none
  std::function<std::string(std::uint32_t)> place;
};

std::string plural(std::uint64_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string{one} + (count == 1 ? "" : "s");
}

std::string read_words(Reads reads) {
  constexpr std::array<std::string_view, kReads> kWords{
      "", "bits between 0 and 1 read as erased at first", "bits between 0 and 1 read as programmed at first",
      "bits between 0 and 1 read as erased at first, and it resets once more",
      "bits between 0 and 1 read as programmed at first, and it resets once more"};
  return std::string{kWords[static_cast<std::size_t>(reads)]};
}

class Teller {
 public:
  Teller(Subject& subject, Names names, Story& story) : subject_(subject), names_(std::move(names)), story_(story) {}

  void tell(const CutPath& path) {
    NorFlash& flash = subject_.flash();
    subject_.expect_many_cuts(are_many(path));
    subject_.start();
    flash.reboot();
    flash.witness([this](const Op& op, Bytes) { hear(op); });
    Reads reads = Reads::drawn;
    for (std::size_t i = 0; i <= path.size() && story_.problem.empty(); ++i) {
      session(i, reads);
      if (i < path.size()) {
        tear_ = &path[i].tear;
        flash.cut_at(path[i].operation, path[i].tear);
      }
      story_.problem = subject_.run(reads);
      end_group();
      if (i < path.size() && story_.problem.empty() && flash.power_on()) {
        story_.lines.push_back("It comes to its end before operation " + std::to_string(path[i].operation) +
                               ": this cut is never made.");
        break;
      }
      if (flash.power_on()) continue;
      reads = path[i].reads;
      flash.reboot();
    }
    flash.witness({});
    story_.lines.push_back(story_.problem.empty() ? "All is well: " + names_.boots() + " in the end."
                                                  : "WRONG: " + story_.problem + ".");
  }

 private:
  struct Group {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint64_t bytes = 0;
    OpKind kind = OpKind::program;
    std::string call;
    std::string place;
  };

  void session(std::size_t number, Reads reads) {
    std::string line = number == 0 ? "The power is on." : "The power comes back";
    if (number != 0) line += reads == Reads::drawn ? "." : ": " + read_words(reads) + ".";
    story_.lines.push_back(std::move(line));
    operation_ = 0;
    boots_ = 0;
  }

  void hear(const Op& op) {
    if (subject_.flash().boots() != boots_) {
      end_group();
      boots_ = subject_.flash().boots();
      story_.lines.push_back("  " + names_.boots());
    }
    Group group{operation_++, 1, op.size_bytes, op.kind, names_.call(), names_.place(op.address)};
    const bool same = !op.cut && group_.count != 0 && group_.kind == group.kind && group_.call == group.call &&
                      group_.place == group.place;
    if (same) {
      ++group_.count;
      group_.bytes += group.bytes;
      return;
    }
    end_group();
    group_ = std::move(group);
    if (op.cut) end_group(": " + tear_words(op, *tear_, subject_.flash().geometry()));
  }

  void end_group(const std::string& ending = {}) {
    if (group_.count == 0) return;
    std::string numbers = std::to_string(group_.first);
    if (group_.count > 1) numbers += ".." + std::to_string(group_.first + group_.count - 1);
    std::string line = "    " + numbers;
    line.resize(std::max<std::size_t>(line.size() + 1, 14), ' ');
    if (!group_.call.empty()) line += group_.call + " ";
    line +=
        (group_.kind == OpKind::erase ? "erases " : "programs ") + plural(group_.bytes, "byte") + " of " + group_.place;
    story_.lines.push_back(line + ending);
    group_ = {};
  }

  Subject& subject_;
  Names names_;
  Story& story_;
  const Tear* tear_ = nullptr;
  std::uint32_t operation_ = 0;
  std::uint32_t boots_ = 0;
  Group group_{};
};

std::string place_in(const Layout& layout, std::uint32_t address) {
  const auto inside = [address](const Extent& extent) { return address - extent.offset < extent.size_bytes; };
  if (inside(layout.otadata)) {
    const std::uint32_t half = layout.otadata.size_bytes / 2;
    return "the sector of boot record " + std::to_string((address - layout.otadata.offset) / half);
  }
  for (SlotIndex slot = 0; slot < layout.slot_count; ++slot) {
    if (inside(layout.extent_of(slot))) return place_name(slot);
  }
  return inside(layout.factory) ? "factory" : "address " + std::to_string(address);
}

std::string version_in(const Board& board, SlotIndex slot) {
  const Bytes start = board.contents_of(slot).subspan(kAppDescriptorOffset);
  return AppDescriptor::present(start) ? " (" + std::string{AppDescriptor::parse(start).version.data()} + ")" : "";
}

void tell_device(const Scenario& scenario, const CutPath& path, Story& story) {
  Device device{scenario};
  const Board& board = device.board();
  const Names names{.boots =
                        [&] {
                          const SlotIndex slot = board.decide().slot;
                          return place_name(slot) + " boots" + (slot == kNoSlot ? "" : version_in(board, slot));
                        },
                    .call =
                        [&] {
                          const std::size_t call = device.call_at(device.memory());
                          return call < kCalls ? std::string{call_name(static_cast<Call>(call))} : std::string{};
                        },
                    .place = [&](std::uint32_t address) { return place_in(board.layout(), address); }};
  Teller{device, names, story}.tell(path);
}

void tell_model(const ModelKind& kind, const CutPath& path, Story& story) {
  const std::unique_ptr<Model> model = kind.make();
  ModelSubject subject{*model};
  constexpr std::uint32_t kSector = 0x1000;
  const Names names{.boots = [&] { return subject.what_boots(); },
                    .call = [] { return std::string{}; },
                    .place = [](std::uint32_t address) { return "sector " + std::to_string(address / kSector); }};
  Teller{subject, names, story}.tell(path);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string tear_words(const Op& op, const Tear& tear, const Geometry& geometry) {
  const bool erases = op.kind == OpKind::erase;
  const std::uint32_t unit = erases ? geometry.page_bytes : geometry.write_unit_bytes;
  const std::string units = plural(op.size_bytes / unit, erases ? "page" : unit == 1 ? "byte" : "word");
  const std::string done = tear.still_programs ? "programmed to zero before the erase"
                           : erases            ? "erased"
                                               : "programmed";
  std::string words;
  switch (tear.kind) {
    case Tear::Kind::before:
      return "the power goes before it";
    case Tear::Kind::after:
      return "the power goes right after it";
    case Tear::Kind::prefix:
      words = "the power goes when the first " + std::to_string(tear.units) + " of " + units + " are " + done;
      break;
    case Tear::Kind::suffix:
      words = "the power goes when the last " + std::to_string(tear.units) + " of " + units + " are " + done;
      break;
    case Tear::Kind::bits:
      words = "the power goes when some of its bits are " + done;
      break;
  }
  if (tear.programs_first && !tear.still_programs) words += ", after all bits were programmed to zero";
  if (tear.marginal) words += ", and bits are left between 0 and 1";
  return words;
}

bool tell(std::string_view replay_id, Story& story, std::string& problem) {
  story = {};
  const auto at = replay_id.rfind('@');
  if (at == std::string_view::npos) {
    problem = "there is no @ in it: it is a scenario or a model, an @, and cuts";
    return false;
  }
  const std::string_view subject = trimmed(replay_id.substr(0, at));
  const std::string_view cuts = trimmed(replay_id.substr(at + 1));
  CutPath path;
  if (!parse_path(cuts, path)) {
    problem = "\"" + std::string{cuts} +
              "\" is no list of cuts: each is the number of an operation and b, a, pN, sN or xN, joined by +";
    return false;
  }
  if (const ModelKind* kind = find_model(subject); kind != nullptr) {
    tell_model(*kind, path, story);
    return true;
  }
  Scenario scenario;
  if (!parse_scenario(subject, scenario, problem)) return false;
  tell_device(scenario, path, story);
  return true;
}

}  // namespace dualbank::sim
