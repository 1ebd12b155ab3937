// Corpora and findings of the fuzzers: each input is played once, and what was found stays mended.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

std::vector<std::filesystem::path> files_of(std::string_view target) {
  std::vector<std::filesystem::path> files;
  for (const char* kind : {"corpus", "findings"}) {
    const auto folder = std::filesystem::path(DUALBANK_SOURCE_DIR) / "fuzz" / kind / target;
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, NoInputBreaksAPromise) {
  const auto files = files_of(GetParam().name);
  EXPECT_GE(files.size(), 3U) << "a corpus: tools/fuzz --merge";
  GetParam().run({});
  for (const auto& file : files) {
    SCOPED_TRACE(file.string());
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    GetParam().run(std::as_bytes(std::span{bytes}));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Replay, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(Require, EndsTheProgramWhereAPromiseIsBroken) {
  require(true, "fine");
  EXPECT_DEATH(require(false, "never two"), "broken: never two");
}

}  // namespace
}  // namespace dualbank::fuzz
