#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "bench/ways.hpp"
#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank::bench {
namespace {

constexpr std::uint32_t kGranule = 0x1000;

struct Manner {
  std::uint32_t piece_bytes = 1024;
  bool tells_length = false;
  bool shuffled = false;
  bool has_workspace = true;
  Likeness likeness = Likeness::unknown;
  bool trusts_blank = false;
};

bool came_back(void* bench, std::uint32_t, std::uint32_t) {
  static_cast<Bench*>(bench)->yield();
  return true;
}

void require(Status status, const Updater& updater) {
  std::array<char, 200> text{};
  if (status != Status::ok) throw std::runtime_error(explain(updater.last_event(), text));
}

/// Offsets of the pieces behind the first one, in an order that has nothing to do with theirs.
std::vector<std::uint32_t> offsets_of(const Update& update, const Manner& manner) {
  std::vector<std::uint32_t> offsets;
  for (std::uint32_t at = 0; at < update.image.size(); at += manner.piece_bytes) offsets.push_back(at);
  if (!manner.shuffled) return offsets;
  std::uint64_t state = 42;
  for (std::size_t i = offsets.size() - 1; i > 1; --i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    std::swap(offsets[i], offsets[1 + (state >> 33) % i]);
  }
  return offsets;
}

void update_by(Bench& bench, const Update& update, const Manner& manner) {
  std::array<std::byte, kGranule> workspace{};
  std::array<Range, 64> gaps{};
  Updater updater{bench.flash,
                  {.workspace = manner.has_workspace ? MutableBytes{workspace} : MutableBytes{},
                   .gaps = gaps,
                   .trust_blank = manner.trusts_blank,
                   .between_units = came_back,
                   .between_units_context = &bench,
                   .running_slot = 0}};
  require(updater.open(), updater);
  const auto length = static_cast<std::uint32_t>(update.image.size());
  require(updater.begin({.length_bytes = manner.tells_length ? length : kUnknownLength,
                         .header = Bytes{update.image}.first(kImageStartBytes),
                         .likeness = manner.likeness}),
          updater);
  for (const std::uint32_t at : offsets_of(update, manner)) {
    const Bytes piece = Bytes{update.image}.subspan(at, std::min(manner.piece_bytes, length - at));
    require(updater.flash(piece, at), updater);
    bench.yield();
  }
  require(updater.switch_slot(), updater);
}

constexpr std::array kWays{
    Way{"dualbank, told", "pieces of 1 KiB in order; length and likeness are said", Kind::ours,
        [](Bench& b, const Update& u) {
          update_by(b, u,
                    {.tells_length = true,
                     .likeness = u.alike ? Likeness::similar : Likeness::different,
                     .trusts_blank = true});
        }},
    Way{"dualbank", "pieces of 1 KiB in order; nothing is said", Kind::ours,
        [](Bench& b, const Update& u) { update_by(b, u, {}); }},
    Way{"dualbank, one call", "the whole image in one buffer", Kind::ours,
        [](Bench& b, const Update& u) {
          update_by(b, u, {.piece_bytes = static_cast<std::uint32_t>(u.image.size()), .tells_length = true});
        }},
    Way{"dualbank, shuffled", "pieces of 4 KiB in any order; likeness is said, and no length", Kind::ours,
        [](Bench& b, const Update& u) {
          update_by(b, u,
                    {.piece_bytes = kGranule,
                     .shuffled = true,
                     .likeness = u.alike ? Likeness::similar : Likeness::different});
        }},
    Way{"dualbank, no workspace", "pieces of 1 KiB in order, without 4 KiB of RAM", Kind::ours,
        [](Bench& b, const Update& u) { update_by(b, u, {.tells_length = true, .has_workspace = false}); }},
};

}  // namespace

std::span<const Way> dualbank_ways() { return kWays; }

}  // namespace dualbank::bench
