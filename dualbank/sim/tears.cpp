#include "dualbank/sim/tears.hpp"

#include <algorithm>
#include <charconv>

namespace dualbank::sim {
namespace {

using Kind = Tear::Kind;

std::uint32_t units_of(const Op& op, const Geometry& geometry) {
  return op.size_bytes / (op.kind == OpKind::erase ? geometry.page_bytes : geometry.write_unit_bytes);
}

std::vector<std::uint32_t> lengths(std::uint32_t units, Thoroughness thoroughness) {
  std::vector<std::uint32_t> found;
  if (thoroughness == Thoroughness::every || thoroughness == Thoroughness::most) {
    for (std::uint32_t n = 1; n < units; ++n) found.push_back(n);
    return found;
  }
  // A record is 4 bytes of seq, 24 that nobody reads but for the state, 4 of CRC; a cell is 12 bytes and a check of 4.
  if (thoroughness == Thoroughness::some) found = {1, 3, 4, 8, 12, 13, 24, 28, 29, units / 2, units - 1};
  if (thoroughness == Thoroughness::few) found = {1, units / 2, units - 1};
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::erase_if(found, [units](std::uint32_t n) { return n == 0 || n >= units; });
  return found;
}

std::uint32_t subsets(Thoroughness thoroughness, bool settles) {
  if (thoroughness == Thoroughness::most) return settles ? 2200 : 24;
  return thoroughness == Thoroughness::every ? 24 : thoroughness == Thoroughness::some ? 3 : 1;
}

}  // namespace

TearClass tear_class(const Op& op, const Tear& tear) {
  if (tear.kind == Kind::before) return TearClass::before;
  if (tear.kind == Kind::after) return TearClass::after;
  if (op.kind == OpKind::program) {
    if (tear.marginal) return TearClass::program_marginal;
    if (tear.kind == Kind::prefix) return TearClass::program_prefix;
    return tear.kind == Kind::suffix ? TearClass::program_reversed : TearClass::program_bits;
  }
  if (tear.marginal) return TearClass::erase_marginal;
  if (tear.programs_first) return TearClass::erase_zeroed;
  if (tear.kind == Kind::prefix) return TearClass::erase_prefix;
  return tear.kind == Kind::suffix ? TearClass::erase_suffix : TearClass::erase_bits;
}

std::string_view tear_class_name(TearClass tear_class) {
  constexpr std::array<std::string_view, kTearClasses> kNames{"before",          "after",
                                                              "program, prefix", "program, reversed prefix",
                                                              "program, bits",   "program, marginal",
                                                              "erase, prefix",   "erase, suffix",
                                                              "erase, bits",     "erase, programs first",
                                                              "erase, marginal"};
  return kNames[static_cast<std::size_t>(tear_class)];
}

std::vector<Tear> tears_of(const Op& op, const Geometry& geometry, Thoroughness thoroughness) {
  enum class Form : std::uint8_t { plain, zeroed, still_programs };
  std::vector<Tear> tears{{.kind = Kind::before}, {.kind = Kind::after}};
  const std::vector<std::uint32_t> counts = lengths(units_of(op, geometry), thoroughness);
  for (const Form form : {Form::plain, Form::zeroed, Form::still_programs}) {
    if (form != Form::plain && op.kind != OpKind::erase) break;
    for (const bool marginal : {false, true}) {
      const auto add = [&](Kind kind, std::uint32_t units, std::uint32_t seed) {
        tears.push_back({.kind = kind,
                         .units = units,
                         .seed = seed,
                         .programs_first = form != Form::plain,
                         .still_programs = form == Form::still_programs,
                         .marginal = marginal});
      };
      // Nothing done yet: the first unit is in flight and marginal, or the sector is all zero.
      if (marginal || form == Form::zeroed) add(Kind::prefix, 0, marginal ? 1 : 0);
      for (const std::uint32_t n : counts) {
        add(Kind::prefix, n, marginal ? n : 0);
        if (thoroughness == Thoroughness::few && n != counts[counts.size() / 2]) continue;
        add(Kind::suffix, n, marginal ? n : 0);
      }
      for (std::uint32_t seed = 1; seed <= subsets(thoroughness, !marginal && form == Form::plain); ++seed)
        add(Kind::bits, 0, seed);
    }
  }
  return tears;
}

std::string tear_code(const Tear& tear) {
  std::string code;
  switch (tear.kind) {
    case Kind::before:
      return "b";
    case Kind::after:
      return "a";
    case Kind::prefix:
      code = "p" + std::to_string(tear.units);
      break;
    case Kind::suffix:
      code = "s" + std::to_string(tear.units);
      break;
    case Kind::bits:
      code = "x" + std::to_string(tear.seed);
      break;
  }
  if (tear.programs_first) code += tear.still_programs ? "zw" : "z";
  if (tear.marginal) code += "m";
  if (tear.marginal && tear.kind != Kind::bits) code += std::to_string(tear.seed);
  return code;
}

bool parse_tear(std::string_view& text, Tear& tear) {
  const auto number = [](std::string_view& rest, std::uint32_t& value) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc{}) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
  };
  const auto flag = [](std::string_view& rest, char letter) {
    if (!rest.starts_with(letter)) return false;
    rest.remove_prefix(1);
    return true;
  };
  std::string_view rest = text;
  Tear found{};
  if (flag(rest, 'b')) {
    found.kind = Kind::before;
  } else if (flag(rest, 'a')) {
    found.kind = Kind::after;
  } else {
    if (flag(rest, 'p')) {
      found.kind = Kind::prefix;
    } else if (flag(rest, 's')) {
      found.kind = Kind::suffix;
    } else if (flag(rest, 'x')) {
      found.kind = Kind::bits;
    } else {
      return false;
    }
    if (!number(rest, found.kind == Kind::bits ? found.seed : found.units)) return false;
    found.programs_first = flag(rest, 'z');
    found.still_programs = found.programs_first && flag(rest, 'w');
    found.marginal = flag(rest, 'm');
    if (found.marginal && found.kind != Kind::bits && !number(rest, found.seed)) return false;
  }
  text = rest;
  tear = found;
  return true;
}

}  // namespace dualbank::sim
