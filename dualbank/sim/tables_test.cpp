// The tables of docs/POWER-CUTS.md are what the simulator says. To write them anew: DUALBANK_WRITE_DOCS=1.
#include "dualbank/sim/tables.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dualbank::sim {
namespace {

const std::string kPage = std::string{DUALBANK_SOURCE_DIR} + "/docs/POWER-CUTS.md";

std::string page() {
  std::ifstream file{kPage};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_on_page(const std::string& name, const std::string& table) {
  std::string text = page();
  const std::string begin = "<!-- table: " + name + " -->\n";
  const auto from = text.find(begin);
  ASSERT_NE(from, text.npos) << begin;
  const auto to = text.find("<!-- end -->", from);
  ASSERT_NE(to, text.npos);
  const auto at = from + begin.size();
  if (std::getenv("DUALBANK_WRITE_DOCS") != nullptr) {
    text.replace(at, to - at, table);
    std::ofstream{kPage} << text;
    return;
  }
  EXPECT_EQ(text.substr(at, to - at), table);
}

TEST(Tables, OfPromises) { expect_on_page("promises", promise_table()); }
TEST(Tables, OfStepsUnderStock) { expect_on_page("stock", step_table(Policy::stock)); }
TEST(Tables, OfStepsUnderStockRollback) { expect_on_page("stock-rollback", step_table(Policy::stock_rollback)); }
TEST(Tables, OfStepsUnderDualbank) { expect_on_page("dualbank", step_table(Policy::dualbank)); }

TEST(Tables, NoStepOfAnUpdateBootsNothing) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    EXPECT_EQ(step_table(policy).find("nothing"), std::string::npos);
  }
}

}  // namespace
}  // namespace dualbank::sim
