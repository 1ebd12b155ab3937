// What docs/PERFORMANCE.md promises, and that its tables are what is measured. To write them anew:
// DUALBANK_WRITE_DOCS=1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "bench/report.hpp"

namespace dualbank::bench {
namespace {

const std::vector<Table>& tables() {
  static const std::vector<Table> measured = measure();
  return measured;
}

std::string read(const std::string& name) {
  std::ifstream file{std::string{DUALBANK_SOURCE_DIR} + "/docs/" + name};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool writes_docs() { return std::getenv("DUALBANK_WRITE_DOCS") != nullptr; }

void write(const std::string& name, const std::string& text) {
  std::ofstream{std::string{DUALBANK_SOURCE_DIR} + "/docs/" + name} << text;
}

TEST(Bench, ThePageHasTheTablesAsTheyAreMeasured) {
  const std::string begin = "<!-- table: bench -->\n";
  std::string page = read("PERFORMANCE.md");
  const auto from = page.find(begin);
  const auto to = page.find("<!-- end -->", from);
  ASSERT_NE(from, page.npos);
  ASSERT_NE(to, page.npos);
  const std::string wanted = as_markdown(tables());
  const auto at = from + begin.size();
  if (writes_docs()) write("PERFORMANCE.md", page.replace(at, to - at, wanted));
  EXPECT_EQ(read("PERFORMANCE.md").substr(at, wanted.size()), wanted);
}

TEST(Bench, SoHasThePlot) {
  if (writes_docs()) write("performance.svg", as_svg(tables()));
  EXPECT_EQ(read("performance.svg"), as_svg(tables()));
}

TEST(Bench, InOrderWithALengthItIsWithin5PercentOfWhatCanBeDoneAsBytesCome) {
  for (const Table& table : tables()) {
    EXPECT_LE(table.of("dualbank, told").to_as_it_comes, 1.05) << table.part->name << " " << table.update->name;
  }
}

TEST(Bench, InAnyOrderWithoutALengthWithin10Percent) {
  for (const Table& table : tables()) {
    if (table.update->name == "other" || table.update->name == "tenth") {
      EXPECT_LE(table.of("dualbank, shuffled").to_as_it_comes, 1.10) << table.part->name << " " << table.update->name;
    }
  }
}

TEST(Bench, NothingBlocksATwentiethAsLongAsTheEraseOfAWholeSlot) {
  for (const Table& table : tables()) {
    const double theirs = static_cast<double>(table.of("CircuitPython dualbank").cost.longest_us);
    for (const Row& row : table.rows) {
      if (row.way->kind != Kind::ours) continue;
      EXPECT_GE(theirs, 20.0 * static_cast<double>(row.cost.longest_us)) << row.way->name << " " << table.part->name;
    }
  }
}

TEST(Bench, TheSameImageAgainWritesNothingToTheSlot) {
  for (const sim::Part& part : parts()) {
    for (const Way& way : dualbank_ways()) {
      if (way.name == "dualbank, no workspace") continue;
      Bench bench{part, updates()[2]};
      ASSERT_EQ(updates()[2].name, "same");
      way.run(bench, updates()[2]);
      for (const sim::Op& op : bench.flash.log()) ASSERT_LT(op.address, kRunningOffset) << way.name;
    }
  }
}

TEST(Bench, EveryWayLeavesTheImageInASlot) {
  for (const auto& ways : {limits(), dualbank_ways(), peer_ways()}) {
    for (const Way& way : ways) {
      for (const Update& update : updates()) {
        Bench bench{parts()[0], update};
        way.run(bench, update);
        const auto holds = [&](std::uint32_t slot) {
          return std::ranges::equal(update.image, bench.flash.contents().subspan(slot, update.image.size()));
        };
        EXPECT_TRUE(holds(kSlotOffset) || holds(kRunningOffset)) << way.name << " " << update.name;
      }
    }
  }
}

}  // namespace
}  // namespace dualbank::bench
