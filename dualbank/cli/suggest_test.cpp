#include "dualbank/cli/suggest.hpp"

#include <gmock/gmock.h>

namespace dualbank::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EditDistance, CountsLettersAndTakesASwapOfNeighboursForOne) {
  EXPECT_EQ(edit_distance("status", "status"), 0U);
  EXPECT_EQ(edit_distance("stauts", "status"), 1U);
  EXPECT_EQ(edit_distance("STATUS", "status"), 0U);
  EXPECT_EQ(edit_distance("map", "maps"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, NamesTheCloseOnesBestFirst) {
  const std::vector<std::string> words{"status", "switch", "reset", "rollback"};
  EXPECT_THAT(nearest("stauts", words), ElementsAre("status"));
  EXPECT_THAT(nearest("roll", words), ElementsAre("rollback")) << "a beginning counts";
  EXPECT_THAT(nearest("board_s3_4mb", std::vector<std::string>{"board_s3_n8", "board_s3_4mbflash_2mbpsram"}),
              ElementsAre("board_s3_4mbflash_2mbpsram", "board_s3_n8"))
      << "and comes first";
  EXPECT_THAT(nearest("frobnicate", words), IsEmpty());
  EXPECT_THAT(nearest("ab", std::vector<std::string>{"ac", "ab", "aa", "ad", "ae"}, 2), ElementsAre("ab", "ac"));
}

TEST(JoinOr, ReadsLikeASentence) {
  EXPECT_EQ(join_or(std::vector<std::string>{"a"}), "a");
  EXPECT_EQ(join_or(std::vector<std::string>{"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace dualbank::cli
