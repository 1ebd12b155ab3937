// The adversary: runs a device and cuts its power before, inside and after every flash operation, and again in what the
// device does afterwards.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dualbank/sim/cut_path.hpp"
#include "dualbank/sim/digest_set.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/tears.hpp"

namespace dualbank::sim {

/// What is swept: a device, and the world around it that remembers what it was told.
class Subject {
 public:
  /// What is known outside of the device, and stays when its power goes.
  using Memory = std::array<std::uint64_t, 8>;

  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] virtual NorFlash& flash() = 0;
  /// Everything as at the beginning.
  virtual void start() = 0;
  /// The power has come back: boots and goes on, to the end of what there is to do. Says what is wrong, nothing when
  /// all is well. Returns early, with nothing to say, when the power goes.
  [[nodiscard]] virtual std::string run(Reads reads) = 0;
  [[nodiscard]] virtual Memory memory() const = 0;
  virtual void remember(const Memory& memory) = 0;
  /// Does an operation there touch boot records or journal?
  [[nodiscard]] virtual bool is_metadata(std::uint32_t address) const = 0;
  /// So many cuts may come that its journal cannot keep them all: then an update may have to begin again.
  virtual void expect_many_cuts(bool expected) { static_cast<void>(expected); }
  /// Index of what the device is at, for counting: see call_names().
  [[nodiscard]] virtual std::size_t call_at(const Memory& memory) const = 0;

  /// While it is not null a run may end, all being well, where it comes into a state from which another one has gone
  /// on.
  void end_where_known(DigestSet* lived) { lived_ = lived; }

 protected:
  Subject() = default;

  DigestSet* lived_ = nullptr;
};

/// How thorough to be, at one depth.
struct Level {
  Thoroughness metadata = Thoroughness::every;
  Thoroughness data = Thoroughness::every;
  bool cuts_data = true;    ///< else only operations on boot records and journal are cut
  bool nests_data = false;  ///< cuts in what follows a cut in data, too
};

struct CutCounts {
  std::uint64_t cuts = 0;      ///< power cuts that were followed by a run
  std::uint64_t distinct = 0;  ///< of all that were tried, those that left contents which none before had left
  std::uint64_t runs = 0;
  std::array<std::uint64_t, kTearClasses> by_class{};
  std::array<std::uint64_t, 32> by_call{};
  std::array<std::uint64_t, 8> by_depth{};

  void add(const CutCounts& other);
};

struct Failure {
  CutPath path;
  std::string problem;
};

/// Contents that have been seen, shared by all that sweep at the same time.
struct Seen {
  DigestSet contents;  ///< of a flash right after a cut
  DigestSet states;    ///< the same with what the world remembers: need not be run again
  DigestSet lived;     ///< in the middle of a run, with all that the device has in RAM: likewise
};

class CutTree {
 public:
  CutTree(Subject& subject, Seen& seen) : subject_(subject), seen_(seen) {}

  /// Cuts everywhere, `levels.size()` deep. Of the first level only operations `share`, `share + shares`, ...
  void sweep(const std::vector<Level>& levels, std::uint32_t share = 0, std::uint32_t shares = 1);
  /// A supply that breaks down at the same place again and again. Behind each first cut in boot records or journal (of
  /// these `share`, `share + shares`, ...): `times` cuts at one of the first operations after the power came back. Of
  /// all pairs of operation and tear one in `one_in`.
  void again(std::uint32_t times, std::uint32_t share = 0, std::uint32_t shares = 1, std::uint32_t one_in = 1);
  /// A few lives with `depth` cuts each, at operations and with tears drawn from `seed`.
  void wander(std::uint64_t seed, std::uint32_t lives, std::uint32_t depth);
  /// Does exactly these cuts, through NorFlash::cut_at. What is wrong, nothing when all is well.
  [[nodiscard]] std::string replay(const CutPath& path);
  /// The shortest path found that still goes wrong. Precondition: `path` does.
  [[nodiscard]] CutPath shrink(CutPath path);

  [[nodiscard]] const CutCounts& counts() const { return counts_; }
  [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }
  void stop_after(std::size_t failures) { most_failures_ = failures; }
  /// Looked at between cuts; true ends the sweep.
  void stop_when(const std::atomic<bool>* stop) { stop_ = stop; }

 private:
  struct Step {
    NorFlash::Snapshot before;
    Op op;
    std::vector<std::byte> data;
    Subject::Memory memory;
  };

  [[nodiscard]] std::vector<Step> record(Reads reads, std::string& problem);
  void explore(std::size_t depth, Reads reads);
  void cut(const Step& step, std::uint32_t index, const Tear& tear, std::size_t depth, bool every_reading);
  [[nodiscard]] bool new_state(Reads reads, std::size_t depth);
  [[nodiscard]] std::string live(const CutPath& path);
  void break_down(std::uint32_t times, std::uint32_t operation, const Tear& tear);
  void count_cut(const Op& op, const Tear& tear, std::size_t call);
  void fail(std::string problem);
  [[nodiscard]] bool stopped() const {
    return failures_.size() >= most_failures_ || (stop_ != nullptr && stop_->load(std::memory_order_relaxed));
  }

  Subject& subject_;
  Seen& seen_;
  std::vector<Level> levels_;
  std::uint32_t share_ = 0;
  std::uint32_t shares_ = 1;
  CutPath path_;
  CutCounts counts_{};
  std::vector<Failure> failures_;
  std::size_t most_failures_ = 1;
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace dualbank::sim
