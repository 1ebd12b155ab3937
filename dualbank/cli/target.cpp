#include "dualbank/cli/target.hpp"

#include <utility>

#include "dualbank/cli/in_use.hpp"
#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/known_layout.hpp"
#include "dualbank/cli/refused.hpp"

namespace dualbank::cli {
namespace {

bool go_on(void*, std::uint32_t, std::uint32_t) { return !interrupted(); }

/// Errors after which a flash can still be looked at.
bool is_about_updating(Status code) {
  switch (code) {
    case Status::layout_no_otadata:
    case Status::layout_otadata_too_small:
    case Status::layout_no_slots:
    case Status::layout_one_slot:
    case Status::running_unknown:
      return true;
    default:
      return false;
  }
}

/// The port's sentence, with the path in front: a command line may name several files.
[[noreturn]] void throw_file_error(const std::string& path, const Event& event) {
  const Refused refused(event);
  Json values = refused.values();
  values["path"] = path;
  throw Refused(refused.code(), path + ": " + refused.message(), refused.cure(), std::move(values));
}

}  // namespace

Target::Target(const Context& context, Access access)
    : path_(context.target()), access_(access), trust_(context), workspace_(kWorkspaceBytes), gaps_(kGaps) {
  const bool writes = access == Access::write && !context.dry_run();
  if (!writes && is_being_written(path_)) context.out.note("{} is in use: what follows may be half written", path_);
  if (file_.open(path_.c_str(), !writes) != Status::ok) throw_file_error(path_, file_.last_event());
  watched_.emplace(file_,
                   writes || access == Access::look ? WatchedFlash::Mode::write_through : WatchedFlash::Mode::keep);
  const std::uint32_t table_offset = context.number("--table", kDefaultTableOffset);
  view_.emplace(*watched_, table_offset, context.policy);
  view_->ask(trust_.guard(), trust_.versions());
  options_ = {.workspace = workspace_,
              .gaps = gaps_,
              .between_units = go_on,
              .running_slot = context.running,
              .policy = context.policy,
              .table_offset = table_offset,
              .guard = trust_.guard(),
              .versions = trust_.versions(),
              .allow_foreign = context.args.has("--allow-foreign"),
              .allow_unconfirmed = context.force(),
              .read_only = access == Access::look};
}

Target::~Target() {
  if (updater_ && access_ == Access::write && !unavailable_.failed()) static_cast<void>(updater_->pause());
  file_.close();
}

const Event& Target::open_updater() {
  static_cast<void>(view_->layout());
  if (updater_) return unavailable_;
  updater_.emplace(*watched_, options_);
  if (updater_->open() == Status::ok) return unavailable_;
  unavailable_ = updater_->last_event();
  if (!is_about_updating(unavailable_.code)) throw Refused(unavailable_);
  return unavailable_;
}

Updater& Target::updater() {
  require(*view_, open_updater());
  return *updater_;
}

}  // namespace dualbank::cli
