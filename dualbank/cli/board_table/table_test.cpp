#include "dualbank/cli/board_table/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "dualbank/cli/boards.hpp"

namespace dualbank::cli::board_table {
namespace {

using testing::HasSubstr;

// The lines are counted in the tests: a change here moves them.
constexpr const char* kSmall = R"(# a comment
releases 9.0 9.2 10.0

[layouts]
4MB | 4MB | 9.0-9.2
  nvs,     data, nvs,   0x9000,   20K
  otadata, data, ota,   0xe000,   8K
  ota_0,   app,  ota_0, 0x10000,  1408K
  ota_1,   app,  ota_1, 0x170000, 1408K
4MB-one | 4MB | 10.0-10.0
  otadata, data, ota,   0xe000,   8K
  ota_0,   app,  ota_0, 0x10000,  2816K
  why: for a reason
  note: which is short

[boards]
metro  | esp32s3 | 4MB | 4MB | 9.0-10.0 | -       | Metro "One" \ S3
  also: the metro
pico_w | esp32c3 | 8MB | 4MB | 9.0-9.2  | 4MB-one | Pico | W
)";

std::string small() {
  std::string text = kSmall;
  text.erase(text.rfind(" | W"), 4);
  return text;
}

/// The small table with a text in it replaced, once.
std::string with(const std::string& from, const std::string& to) {
  std::string text = small();
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

struct Complaint {
  unsigned line = 0;
  std::string what;
};

Complaint complaint(const std::string& text) {
  try {
    static_cast<void>(read_table(text));
  } catch (const TableError& error) {
    return {error.line(), error.what()};
  }
  return {0, "no complaint"};
}

void expect_complaint(const std::string& text, unsigned line, const std::string& what) {
  const Complaint got = complaint(text);
  EXPECT_EQ(got.line, line) << got.what << "\n" << text;
  EXPECT_THAT(got.what, HasSubstr(what));
}

TEST(BoardTable, IsReadFieldForField) {
  const Table table = read_table(small());
  EXPECT_THAT(table.releases, testing::ElementsAre("9.0", "9.2", "10.0"));
  ASSERT_EQ(table.layouts.size(), 2U);
  EXPECT_EQ(table.layouts[0].slot_count, 2U);
  EXPECT_EQ(table.layouts[1].slot_count, 1U);
  EXPECT_EQ(table.layouts[1].why, "for a reason");
  EXPECT_EQ(table.layouts[1].note, "which is short");
  EXPECT_FALSE(table.layouts[0].has_factory);
  ASSERT_EQ(table.boards.size(), 2U);
  EXPECT_EQ(table.boards[0].name, "Metro \"One\" \\ S3");
  EXPECT_EQ(table.boards[0].also, std::vector<std::string>{"the metro"});
  EXPECT_EQ(table.boards[1].id, "pico_w");
  EXPECT_EQ(table.boards[1].chip, "esp32c3");
  EXPECT_EQ(table.boards[1].flash_bytes, 8U << 20);
  EXPECT_EQ(table.boards[1].later_layout, "4MB-one");
  EXPECT_EQ(table.boards[1].releases.last, "9.2");
}

TEST(BoardTable, WithLineEndsOfWindowsIsTheSame) {
  std::string text;
  for (const char c : small()) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(cpp_of(read_table(text)), cpp_of(read_table(small())));
}

TEST(BoardTable, BecomesCppWithQuotesEscaped) {
  const std::string cpp = cpp_of(read_table(small()));
  EXPECT_THAT(cpp, HasSubstr(R"({"metro", "Metro \"One\" \\ S3", "esp32s3", 4194304U, "4MB")"));
  EXPECT_THAT(cpp, HasSubstr(R"(ota_1,app,ota_1,0x170000,1408K\n")"));
}

TEST(BoardTable, NamesTheLineOfABadForm) {
  expect_complaint(with("[layouts]", "[layout]"), 4, "there is no section [layout]");
  expect_complaint(with("releases 9.0", "release 9.0"), 2, "only the line 'releases");
  expect_complaint(with("# a comment", "releases 9.0"), 2, "a second line");
  expect_complaint(with("releases 9.0 9.2 10.0\n", "\n"), 5, "is not among the releases");
  expect_complaint("", 1, "'releases' is missing");
  expect_complaint(with("[boards]", "[boards]\n  note: of nothing"), 17, "there is no entry above");
  expect_complaint(with("4MB | 4MB | 9.0-9.2", "4MB | 4MB"), 5, "2 fields, but there are 3: name | flash | releases");
  expect_complaint(with("| Pico", "| Pico | W"), 19, "8 fields, but there are 7");
  expect_complaint(with("| Pico", "|"), 19, "the field 'name' is empty");
  expect_complaint(with("  also: the metro", "  alias: the metro"), 18, "there is also: or note:");
  expect_complaint(with("  also: the metro", "  also:"), 18, "also: has no text");
  expect_complaint(with("  note: which", "  note: a\n  note: which"), 15, "a second note:");
}

TEST(BoardTable, NamesTheLineOfABadValue) {
  for (const char* size : {"5MB", "512K", "256MB", "x", "4GB"}) {
    expect_complaint(with("4MB | 4MB | 9.0", std::string("4MB | ") + size + " | 9.0"), 5, "is no size of a flash");
  }
  expect_complaint(with("4MB | 9.0-9.2", "4MB | 9.0-9.1"), 5, "'9.1' is not among the releases 9.0, 9.2, 10.0");
  expect_complaint(with("4MB | 9.0-9.2", "4MB | 9.2-9.0"), 5, "the first release is the later one");
  expect_complaint(with("4MB | 9.0-9.2", "4MB | 9.0"), 5, "is no range of releases");
  expect_complaint(with("esp32c3", "esp32x3"), 19, "there is no chip 'esp32x3'");
  expect_complaint(with("esp32c3", "ESP32-C3"), 19, "there is no chip 'ESP32-C3'");
  expect_complaint(with("esp32c3", "generic"), 19, "there is no chip 'generic'");
}

TEST(BoardTable, NamesTheLineOfALayoutThatIsNoPartitionTable) {
  expect_complaint(with("nvs,     data, nvs,   0x9000", "nvs,     dat,  nvs,   0x9000"), 6, "the type (column 2)");
  expect_complaint(with("0x170000, 1408K", "0x160000, 1408K"), 9, "before 0x170000");
  expect_complaint(with("0x170000, 1408K", "0x170001, 1408K"), 9, "not a multiple");
  expect_complaint(with("0x170000, 1408K", "0x170000, 1410K"), 9, "not a multiple");
  expect_complaint(with("0x170000, 1408K", "0x170000, 4096K"), 9, "beyond the flash of 4 MiB");
  expect_complaint(with("  ota_1,   app,  ota_1", "  ota_0,   app,  ota_1"), 9, "line 8 has the same name");
  expect_complaint(with("  ota_1,   app,  ota_1", "  ota_1,   app,  ota_2"), 5, "layout 4MB: ");
  expect_complaint(with("  ota_1,   app,  ota_1", "  ota_1,   app,  ota_0"), 5, "layout 4MB: ");
  expect_complaint(with("  otadata, data, ota,   0xe000,   8K\n  ota_0,   app,  ota_0, 0x10000,  1408K",
                        "  # none\n  ota_0,   app,  ota_0, 0x10000,  1408K"),
                   5, "has OTA slots, but no otadata");
  expect_complaint(with("  ota_0,   app,  ota_0, 0x10000,  2816K", "  x, data, fat, 0x10000, 2816K"), 10,
                   "has no app partition");
  expect_complaint(with("4MB-one | 4MB | 10.0-10.0", "4MB-none | 4MB | 9.0-9.0\n4MB-one | 4MB | 10.0-10.0"), 10,
                   "layout 4MB-none has no partitions");
}

TEST(BoardTable, NamesTheLineOfALayoutThatDoesNotSayWhyItHasOneSlot) {
  expect_complaint(with("  why: for a reason\n", ""), 10, "no second slot, and no why:");
  expect_complaint(with("0x170000, 1408K", "0x170000, 1408K\n  why: not"), 5, "has two slots");
}

TEST(BoardTable, NamesBothLinesOfANameThatIsThereTwice) {
  expect_complaint(with("4MB-one | 4MB", "4mb | 4MB"), 10, "layout 4mb is there already: line 5");
  expect_complaint(with("pico_w |", "Metro  |"), 19, "'metro' is a board already: line 17");
  expect_complaint(with("| Pico", "| metro \"one\" \\ s3"), 19, "is a board already: line 17");
  expect_complaint(with("| Pico", "| The Metro"), 19, "'the metro' is a board already: line 17");
  expect_complaint(with("  also: the metro", "  also: METRO"), 17, "'metro' is a board already: line 17");
}

TEST(BoardTable, NamesTheLineOfABoardWhoseLayoutsDoNotFit) {
  expect_complaint(with("8MB | 4MB |", "8MB | 8MB |"), 19, "there is no layout '8MB'");
  expect_complaint(with("8MB | 4MB |", "8MB | 4MB-one |"), 19, "layout 4MB-one has no second slot");
  expect_complaint(with("8MB | 4MB |", "2MB | 4MB |"), 19, "layout 4MB is larger than its flash");
  expect_complaint(with("9.0-9.2  | 4MB-one", "9.0-9.2  | -"), 19, "say which it has after 9.2");
  expect_complaint(with("9.0-9.2  | 4MB-one", "9.0-9.2  | 4MB"), 19, "'4MB' is no layout with one slot");
  expect_complaint(with("9.0-9.2  | 4MB-one", "9.0-10.0 | 4MB-one"), 19, "there is no release after 10.0");
}

// The file of this repository, as it was built in.
TEST(BoardTable, OfTheCommandIsTheFile) {
  std::ifstream file(DUALBANK_SOURCE_DIR "/dualbank/cli/boards.txt");
  const Table table = read_table(std::string{std::istreambuf_iterator<char>(file), {}});
  ASSERT_EQ(table.boards.size(), all_boards().size());
  ASSERT_EQ(table.layouts.size(), all_layouts().size());
  for (std::size_t i = 0; i < table.boards.size(); ++i) {
    const Board& board = all_boards()[i];
    EXPECT_EQ(board.id, table.boards[i].id);
    EXPECT_EQ(board.name, table.boards[i].name);
    EXPECT_EQ(board.also.size(), table.boards[i].also.size());
    EXPECT_EQ(&find_board(board.name), &board);
    EXPECT_EQ(find_layout(board.layout).slot_count, 2U);
    EXPECT_EQ(why_not_later(board).empty(), board.later_layout.empty());
  }
}

}  // namespace
}  // namespace dualbank::cli::board_table
