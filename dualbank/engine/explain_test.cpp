#include "dualbank/engine/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank {
namespace {

struct Listed {
  std::uint8_t number;
  std::string name, what, cure;
};

const std::vector<Listed>& all_statuses() {
  static const std::vector<Listed> list{
#define DUALBANK_STATUS(number, name, what, cure) {number, #name, what, cure},
#include "dualbank/formats/status_list.inc"
#undef DUALBANK_STATUS
  };
  return list;
}

struct Placeholder {
  std::string name, kind;
};

// The placeholders of a sentence, found in another way than the code under test does.
std::vector<Placeholder> placeholders(const std::string& text) {
  std::vector<Placeholder> found;
  for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    const std::string inside = text.substr(open + 1, close - open - 1);
    const std::size_t colon = inside.find(':');
    found.push_back({inside.substr(0, colon), colon == std::string::npos ? "" : inside.substr(colon + 1)});
  }
  return found;
}

std::vector<Placeholder> distinct(const Listed& row) {
  std::vector<Placeholder> names;
  for (const Placeholder& p : placeholders(row.what + row.cure)) {
    if (std::ranges::none_of(names, [&](const Placeholder& n) { return n.name == p.name; })) names.push_back(p);
  }
  return names;
}

ValueKind kind_named(const std::string& kind) {
  if (kind == "x") return ValueKind::hexadecimal;
  if (kind == "chip") return ValueKind::chip;
  if (kind == "slot") return ValueKind::slot;
  if (kind == "size") return ValueKind::size;
  if (kind == "state") return ValueKind::state;
  EXPECT_EQ(kind, "") << "an unknown kind of placeholder";
  return ValueKind::number;
}

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

std::string explained(const Event& e) {
  std::array<char, 512> text{};
  return explain(e, text);
}
std::string what(const Event& e) {
  std::array<char, 512> text{};
  return explain_what(e, text);
}
std::string cure(const Event& e) {
  std::array<char, 512> text{};
  return explain_cure(e, text);
}

std::uint32_t slot_value(SlotIndex slot) { return static_cast<std::uint32_t>(slot); }

TEST(StatusList, NumbersAndNamesAreUsedOnce) {
  std::set<int> numbers;
  std::set<std::string> names;
  for (const Listed& row : all_statuses()) {
    EXPECT_TRUE(numbers.insert(row.number).second) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  }
}

TEST(StatusList, SentencesHaveSoundPlaceholdersOfAtMostThreeValues) {
  for (const Listed& row : all_statuses()) {
    const std::string text = row.what + row.cure;
    EXPECT_EQ(std::ranges::count(text, '{'), std::ranges::count(text, '}')) << row.name;
    EXPECT_LE(distinct(row).size(), 3U) << row.name;
    for (const Placeholder& p : placeholders(text)) {
      EXPECT_FALSE(p.name.empty()) << row.name;
      kind_named(p.kind);
    }
  }
}

TEST(StatusList, EveryErrorSaysWhatToDo) {
  for (const Listed& row : all_statuses()) {
    EXPECT_FALSE(row.what.empty()) << row.name;
    const bool is_error = row.number != 0 && row.number < 200;
    EXPECT_TRUE(!is_error || !row.cure.empty()) << row.name;
  }
}

TEST(Explain, EveryStatusMakesWholeTextsWithoutBraces) {
  for (const Listed& row : all_statuses()) {
    for (const std::uint32_t value : {0U, 1U, 0x10000U, 0xFFFF'FFFFU}) {
      const Event e = event(static_cast<Status>(row.number), value, value, value);
      for (const std::string& text : {explained(e), what(e), cure(e)}) {
        EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
        EXPECT_EQ(text.find("  "), std::string::npos) << text;
      }
    }
  }
}

TEST(Explain, EveryTextFitsIntoTwoHundredCharacters) {
  for (const Listed& row : all_statuses()) {
    const Event e = event(static_cast<Status>(row.number), 123'456, 234'567, 345'678);
    EXPECT_LE(explained(e).size(), 200U) << explained(e);
  }
}

TEST(Explain, EveryValueShowsInTheText) {
  for (const Listed& row : all_statuses()) {
    const auto names = distinct(row);
    for (std::size_t i = 0; i < names.size(); ++i) {
      Event one = event(static_cast<Status>(row.number));
      Event other = one;
      one.values[i] = 2;  // of every kind something else than 5: chips esp32s2 and esp32c3, states valid and unknown
      other.values[i] = 5;
      EXPECT_NE(explained(one), explained(other)) << row.name << " " << names[i].name;
    }
  }
}

TEST(Explain, IsTheSentenceThenTheCure) {
  for (const Listed& row : all_statuses()) {
    const Event e = event(static_cast<Status>(row.number), 1, 2, 3);
    EXPECT_EQ(explained(e), row.cure.empty() ? what(e) : what(e) + ": " + cure(e));
  }
}

TEST(Explain, SaysTheseInFull) {
  EXPECT_EQ(explained(event(Status::ok)), "done");
  EXPECT_EQ(explained(event(Status::image_wrong_chip, 9, 5)),
            "the image is for esp32s3, this board is esp32c3: give the image that was built for esp32c3");
  EXPECT_EQ(
      explained(event(Status::image_too_long, 0x20'0001, 0x20'0000)),
      "the image needs 2,097,153 bytes, the slot holds 2 MiB: use a smaller firmware or a layout with larger slots");
  EXPECT_EQ(explained(event(Status::on_trial, 1)),
            "ota_1 runs on trial and is not confirmed: confirm() it, or rollback() to the other image, then update");
  EXPECT_EQ(explained(event(Status::table_missing, 0x8000, 0xE903)),
            "there is no partition table at 0x8000: it starts with 0xE903, not with AA 50: name its place if it is "
            "elsewhere (--table), or check that this is a whole flash");
  EXPECT_EQ(explained(event(Status::opened, 0, 1, slot_value(kNoSlot))),
            "ota_0 runs, ota_1 boots next, no slot takes the next update");
}

struct Sentence {
  Event event;
  const char* what;
};

// The placeholders of each kind at the start, in the middle and at the end of a sentence.
TEST(Explain, PutsValuesIntoTheirPlaces) {
  const Sentence sentences[] = {
      {event(Status::stopped, 0x1'0000, 0x18'0000),
       "stopped after 64 KiB of 1.5 MiB, as the hook between flash operations asked"},
      {event(Status::flash_read_failed, 4096, 0x9000), "reading 4 KiB at 0x9000 failed"},
      {event(Status::flash_out_of_range, 256, 0x40'0000, 0x40'0000),
       "256 bytes at 0x400000 is outside the flash of 4 MiB"},
      {event(Status::table_bad_row, 3, 0xAB50),
       "row 3 of the partition table starts with 0xAB50, which is neither a partition nor the end"},
      {event(Status::table_beyond_flash, 5, 0x80'1000, 0x80'0000),
       "partition 5 ends at 0x801000, beyond the flash of 8 MiB"},
      {event(Status::table_too_long, 97, 96), "the table needs 97 rows; 96 fit"},
      {event(Status::table_rows_after_md5, 7), "row 7 of the partition table stands after its MD5 row"},
      {event(Status::csv_unknown_type, 12), "CSV line 12: the type (column 2) is neither a known word nor a number"},
      {event(Status::csv_bad_number, 2, 4), "CSV line 2: column 4 is no number"},
      {event(Status::csv_number_out_of_range, 9, 5, 0xFFFF'FFFF),
       "CSV line 9: the number in column 5 is not within 0 to 0xFFFFFFFF"},
      {event(Status::csv_out_of_order, 3, 0xA000, 0xB000),
       "CSV line 3: the partition starts at 0xA000, before 0xB000, where what stands before it ends"},
      {event(Status::csv_nvs_too_small, 1, 0x2000, 0x3000),
       "CSV line 1: an nvs partition has 8 KiB, but 12 KiB are needed unless it is readonly"},
      {event(Status::csv_duplicate_name, 8, 2), "CSV line 8: line 2 has the same name"},
      {event(Status::csv_beyond_flash, 6, 0x40'0000, 0x20'0000),
       "CSV line 6: the partition ends at 0x400000, beyond the flash of 2 MiB"},
      {event(Status::layout_slot_gap, 1), "the partition table has no ota_1, but slots after it"},
      {event(Status::slot_is_running, slot_value(kFactorySlot)), "factory is running and is never written"},
      {event(Status::different_bytes, 4096), "other bytes than these were already written at 4096"},
      {event(Status::switched, 1, 4), "ota_1 is checked and boots next (seq 4)"},
  };
  for (const Sentence& sentence : sentences) EXPECT_EQ(what(sentence.event), sentence.what);
}

TEST(Explain, PutsValuesIntoCures) {
  const Sentence cures[] = {
      {event(Status::image_wrong_chip, 9, 5), "give the image that was built for esp32c3"},
      {event(Status::csv_out_of_order, 3, 0xA000, 0xB000),
       "sort the lines by offset; leave the offset empty or use 0xB000 or higher"},
      {event(Status::csv_otadata_size, 4, 0x1000, 0x2000), "write 0x2000 as its size"},
      {event(Status::no_rollback_target, 1), "update first: the image goes to ota_1"},
      {event(Status::header_first, 4096, 288),
       "send the first 288 bytes first, or call begin() with identity and header"},
  };
  for (const Sentence& sentence : cures) EXPECT_EQ(cure(sentence.event), sentence.what);
}

TEST(Explain, ShowsAValueTwiceWhereTheListNamesItTwice) {
  EXPECT_EQ(explained(event(Status::flash_verify_failed, 0xABCDE)),
            "the flash reads back something else than was programmed at 0xABCDE: the sector may be worn out: check "
            "0xABCDE with another program cycle, then replace the chip");
}

std::string size_text(std::uint32_t bytes) {  // "{done:size}" stands between "after " and " of "
  const std::string text = what(event(Status::stopped, bytes, 7));
  const std::size_t from = text.find("after ") + 6;
  return text.substr(from, text.find(" of ") - from);
}

TEST(Explain, ShowsSizesInPlainWordsButNeverRounded) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(300), "300 bytes");
  EXPECT_EQ(size_text(1023), "1,023 bytes");
  EXPECT_EQ(size_text(1024), "1 KiB");
  EXPECT_EQ(size_text(4096), "4 KiB");
  EXPECT_EQ(size_text(4097), "4,097 bytes");
  EXPECT_EQ(size_text(512 * 1024), "512 KiB");
  EXPECT_EQ(size_text(0xF'FC00), "1,023 KiB");
  EXPECT_EQ(size_text(0x10'0000), "1 MiB");
  EXPECT_EQ(size_text(0x18'0000), "1.5 MiB");
  EXPECT_EQ(size_text(0x16'0000), "1,408 KiB");
  EXPECT_EQ(size_text(0x200'0000), "32 MiB");
  EXPECT_EQ(size_text(1'612'345), "1,612,345 bytes");
  EXPECT_EQ(size_text(1'000'000), "1,000,000 bytes");
  EXPECT_EQ(size_text(0x8000'0000), "2,048 MiB");
  EXPECT_EQ(size_text(0xFFFF'FFFF), "4,294,967,295 bytes");
}

std::string decimal_text(std::uint32_t value) {
  const std::string text = what(event(Status::bad_argument, value));  // "argument {value} is not ..."
  return text.substr(9, text.find(" is") - 9);
}

TEST(Explain, ShowsDecimalNumbersPlainly) {
  for (const std::uint32_t value : {0U, 1U, 9U, 10U, 99U, 100U, 1000U, 1'000'001U, 999'999'999U, 0xFFFF'FFFFU}) {
    EXPECT_EQ(decimal_text(value), std::to_string(value));
  }
}

std::string hexadecimal_text(std::uint32_t value) {
  const std::string text = what(event(Status::flash_not_erased, value));  // "programming at {address:x} would ..."
  return text.substr(15, text.find(" would") - 15);
}

TEST(Explain, ShowsAddressesInHexadecimal) {
  EXPECT_EQ(hexadecimal_text(0), "0x0");
  EXPECT_EQ(hexadecimal_text(0xF), "0xF");
  EXPECT_EQ(hexadecimal_text(0x8000), "0x8000");
  EXPECT_EQ(hexadecimal_text(0x0123'ABCD), "0x123ABCD");
  EXPECT_EQ(hexadecimal_text(0xFFFF'FFFF), "0xFFFFFFFF");
}

std::string slot_text(SlotIndex slot) {
  const std::string text = what(event(Status::slot_is_running, slot_value(slot)));
  return text.substr(0, text.find(" is"));
}

TEST(Explain, NamesSlots) {
  EXPECT_EQ(slot_text(0), "ota_0");
  EXPECT_EQ(slot_text(9), "ota_9");
  EXPECT_EQ(slot_text(15), "ota_15");
  EXPECT_EQ(slot_text(16), "unknown slot");
  EXPECT_EQ(slot_text(kFactorySlot), "factory");
  EXPECT_EQ(slot_text(kTestSlot), "test");
  EXPECT_EQ(slot_text(kNoSlot), "no slot");
  EXPECT_EQ(slot_text(kUnknownSlot), "unknown slot");
  EXPECT_EQ(what(event(Status::slot_is_running, 0x100)), "unknown slot is running and is never written");
}

TEST(Explain, NamesChipsAndSaysWhereItKnowsNone) {
  EXPECT_EQ(what(event(Status::image_wrong_chip, 0, 0x7777)), "the image is for esp32, this board is unknown chip");
}

TEST(Explain, CutsToTheRoomThatThereIs) {
  const Event e = event(Status::image_wrong_chip, 9, 5);
  const std::string whole = explained(e);
  for (std::size_t room = 1; room <= whole.size() + 2; ++room) {
    std::vector<char> text(room + 4, '#');
    const char* const start = explain(e, std::span{text}.first(room));
    EXPECT_EQ(start, text.data());
    EXPECT_EQ(std::string_view{start}, std::string_view{whole}.substr(0, room - 1)) << room;
    EXPECT_THAT(std::vector<char>(text.begin() + static_cast<std::ptrdiff_t>(room), text.end()), testing::Each('#'));
  }
}

TEST(Explain, SentenceAndCureCutToo) {
  std::array<char, 6> text{};
  EXPECT_STREQ(explain_what(event(Status::not_open), text), "the u");
  EXPECT_STREQ(explain_cure(event(Status::not_open), text), "call ");
  EXPECT_STREQ(explain_cure(event(Status::ok), text), "");
}

TEST(StatusName, IsThatOfTheList) {
  for (const Listed& row : all_statuses()) EXPECT_EQ(row.name, status_name(static_cast<Status>(row.number)));
}

TEST(StatusName, OfANumberWithoutAStatusIsUnknown) {
  const auto none = static_cast<Status>(199);
  EXPECT_STREQ(status_name(none), "unknown");
  EXPECT_EQ(explained(event(none, 1, 2, 3)), "an unknown status");
  EXPECT_EQ(value_count(none), 0U);
}

TEST(ValueName, NamesTheValuesInTheOrderOfTheList) {
  for (const Listed& row : all_statuses()) {
    const auto code = static_cast<Status>(row.number);
    const auto names = distinct(row);
    ASSERT_EQ(value_count(code), names.size()) << row.name;
    for (std::uint32_t i = 0; i < names.size(); ++i) {
      const ValueName value = value_name(code, i);
      EXPECT_EQ(std::string(value.name.begin(), value.name.end()), names[i].name) << row.name;
      EXPECT_EQ(value.kind, kind_named(names[i].kind)) << row.name;
    }
  }
}

TEST(ValueName, BeyondTheLastIsEmpty) {
  EXPECT_TRUE(value_name(Status::ok, 0).name.empty());
  EXPECT_TRUE(value_name(Status::image_wrong_chip, 2).name.empty());
  EXPECT_TRUE(value_name(Status::image_wrong_chip, 77).name.empty());
}

}  // namespace
}  // namespace dualbank
