// The models of models/ under the adversary: a sweep that finds nothing wrong with those that lose is worth nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dualbank/sim/cut_tree.hpp"
#include "dualbank/sim/models/model.hpp"
#include "dualbank/sim/scenario_sweep.hpp"

namespace dualbank::sim {

struct ModelKind {
  std::string_view name;
  std::string_view says;  ///< for people: what it does, and what becomes of it
  bool survives;          ///< every power cut
  std::unique_ptr<Model> (*make)();
};

/// Those that lose first.
[[nodiscard]] std::span<const ModelKind> models();
/// Null when there is none of that name.
[[nodiscard]] const ModelKind* find_model(std::string_view name);

/// A model that lives until it has nothing more to do. It has lost when the power stays from then on, and the version
/// that it was to install still never boots after a few more resets.
class ModelSubject final : public Subject {
 public:
  explicit ModelSubject(const Model& model) : model_(model), flash_(model.geometry()) {}

  [[nodiscard]] NorFlash& flash() override { return flash_; }
  void start() override;
  [[nodiscard]] std::string run(Reads reads) override;
  [[nodiscard]] Memory memory() const override { return {}; }
  void remember(const Memory&) override {}
  /// It keeps its marks in the slots too: no place is mere data.
  [[nodiscard]] bool is_metadata(std::uint32_t) const override { return true; }
  [[nodiscard]] std::size_t call_at(const Memory&) const override { return 0; }

  [[nodiscard]] const Model& model() const { return model_; }
  /// Of a power session that a run begins now: "version 1 boots".
  [[nodiscard]] std::string what_boots() const;

 private:
  const Model& model_;
  NorFlash flash_;
};

/// Cuts a model at every operation: `quick` and `all` once, `full` twice with about 10 tears each. Failures are named
/// "MODEL @ CUTS". Of `plan` size, jobs and most_failures count.
[[nodiscard]] SweepReport sweep_model(const ModelKind& kind, const SweepPlan& plan, const SweepProgress& progress = {});

}  // namespace dualbank::sim
