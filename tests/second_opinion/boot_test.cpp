// What dualbank says that a dump boots, and what it says that the bootloader writes, against a second, independent
// implementation, over the bytes of whole flashes. The states are drawn from classes: of random bytes nearly all have a
// bad CRC and would show nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "tests/second_opinion/flashes.hpp"
#include "tests/second_opinion/stock_bootloader.hpp"
#include "tests/support/sanitized.hpp"

namespace second_opinion {
namespace {

using dualbank::Policy;

/// The bytes that both look at, as a flash for dualbank.
class MemoryFlash final : public dualbank::Flash {
 public:
  explicit MemoryFlash(std::size_t size) : Flash({.size_bytes = static_cast<std::uint32_t>(size)}), bytes(size, 0xFF) {}

  dualbank::Status read(std::uint32_t address, dualbank::MutableBytes out) override {
    if (address > bytes.size() || out.size() > bytes.size() - address) return dualbank::Status::flash_out_of_range;
    std::memcpy(out.data(), bytes.data() + address, out.size());
    return dualbank::Status::ok;
  }
  dualbank::Status program(std::uint32_t address, dualbank::Bytes data) override {
    for (std::size_t i = 0; i < data.size(); ++i) bytes.at(address + i) &= std::to_integer<unsigned char>(data[i]);
    return dualbank::Status::ok;
  }
  dualbank::Status erase(std::uint32_t address, std::uint32_t size) override {
    std::fill_n(bytes.begin() + address, size, static_cast<unsigned char>(0xFF));
    return dualbank::Status::ok;
  }
  dualbank::Status sync() override { return dualbank::Status::ok; }

  Memory bytes;
};

/// How often what ran (2: ota_2 or a later one) after how many writes.
using Seen = std::map<std::pair<int, std::size_t>, std::size_t>;

struct Draw {
  std::uint64_t state = 1;

  std::uint32_t below(std::uint32_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>((state >> 33) % limit);
  }
};

/// A flash with a table and slots, on which records are changed.
class Board {
 public:
  Board(const Shape& shape, Draw& draw)
      : shape_(shape), chip_(shape.c6 ? esp32c6() : esp32s3()), flash_(shape.flash_size()) {
    shape.put_table(flash_.bytes);
    table_ = read_table(flash_.bytes, shape.table_at, static_cast<std::uint32_t>(flash_.bytes.size()));
    for (const Place& place : shape.app_places()) {
      const ImageKind kind = kImageKinds[draw.below(kImageKinds.size())];
      put_image(flash_.bytes, place, kind, shape.c6);
      described_ += std::string(name_of(kind)) + " ";
      good_.emplace_back(place.offset, image_verifies(flash_.bytes, place, chip_));
    }
    const auto layout = dualbank::read_layout(flash_, shape.table_at);
    EXPECT_EQ(layout.has_value(), table_.ok);
    if (layout) layout_ = *layout;
  }

  void put_records(const Memory& first, const Memory& second) {
    for (std::uint32_t i = 0; i < 2 && i * 0x1000 < table_.otadata.size; ++i) {
      const Memory& record = i == 0 ? first : second;
      std::copy(record.begin(), record.end(), flash_.bytes.begin() + table_.otadata.offset + i * 0x1000);
    }
  }

  /// Bytes behind the records, as a journal leaves them: no bootloader looks at them.
  void put_journal(Draw& draw) {
    for (std::uint32_t at = 32; at + 32 < table_.otadata.size; at += 32 + draw.below(600)) {
      if (at % 0x1000 >= 32) flash_.bytes.at(table_.otadata.offset + at) = static_cast<unsigned char>(draw.below(256));
    }
  }

  /// Empty when both agree.
  std::string difference(Policy policy) {
    const auto verifies = [&](const Place& place) {
      return std::any_of(good_.begin(), good_.end(),
                         [&](const auto& g) { return g.first == place.offset && g.second; });
    };
    const Boot expected = boot(flash_.bytes, table_, policy == Policy::stock_rollback, verifies);
    const auto found = dualbank::predict_boot(flash_, layout_, {.policy = policy, .chip_id = chip_.id}, buffer_);
    if (!found) return "no answer";
    ++seen[{std::min(expected.runs, 2), expected.writes.size()}];
    const int runs = found->slot == dualbank::kNoSlot        ? kInvalid
                     : found->slot == dualbank::kFactorySlot ? kFactory
                     : found->slot == dualbank::kTestSlot    ? kTest
                                                             : found->slot;
    if (runs != expected.runs) return "boots " + std::to_string(runs) + ", not " + std::to_string(expected.runs);
    if (found->write_count != expected.writes.size()) return "number of writes";
    if (expected.writes.empty()) return "";
    return compare_writes(*found, expected);
  }

  Seen seen;

  friend std::ostream& operator<<(std::ostream& to, const Board& board) {
    return to << board.shape_ << ": " << board.described_;
  }

 private:
  std::string compare_writes(const dualbank::BootDecision& found, const Boot& expected) {
    const std::uint32_t at = table_.otadata.offset;
    const Memory before = slice(flash_.bytes, at, 0x2000);
    Memory after = before;
    for (const auto& [sector, bytes] : expected.writes) {
      std::fill_n(after.begin() + sector * 0x1000, 0x1000, static_cast<unsigned char>(0xFF));
      std::copy(bytes.begin(), bytes.end(), after.begin() + sector * 0x1000);
    }
    const dualbank::Status done = dualbank::perform_boot_writes(flash_, layout_, found);
    const bool same = done == dualbank::Status::ok && slice(flash_.bytes, at, 0x2000) == after;
    std::copy(before.begin(), before.end(), flash_.bytes.begin() + at);
    return same ? "" : "what is written";
  }

  Shape shape_;
  Chip chip_;
  MemoryFlash flash_;
  Table table_{};
  dualbank::Layout layout_{};
  std::string described_;
  std::vector<std::pair<std::uint32_t, bool>> good_;
  std::array<std::byte, 4096> buffer_{};
};

class SecondOpinion : public testing::Test {
 protected:
  void check(Board& board, const RecordClass& first, const RecordClass& second) {
    board.put_records(first.bytes(), second.bytes());
    for (const Policy policy : {Policy::stock, Policy::stock_rollback}) {
      ++states;
      const std::string what = board.difference(policy);
      if (what.empty() || ++failures > 5) continue;
      ADD_FAILURE() << what << (policy == Policy::stock ? " (stock) " : " (stock-rollback) ") << first << " " << second
                    << " on " << board;
    }
  }
  void TearDown() override { EXPECT_EQ(failures, 0u) << "of " << states << " states"; }

  Seen seen;
  std::size_t states = 0;
  std::size_t failures = 0;
};

TEST_F(SecondOpinion, AgreesOnEveryPairOfRecords) {
  Draw draw{7};
  for (const bool factory : {false, true}) {
    Shape shape{.slots = 2, .factory = factory, .test = factory};
    Board board{shape, draw};
    const auto records = record_classes(2);
    for (const RecordClass& first : records) {
      if (dualbank::tests::kSanitized && draw.below(10) != 0) continue;
      for (const RecordClass& second : records) check(board, first, second);
    }
  }
  if (!dualbank::tests::kSanitized) {
    EXPECT_GT(states, 300'000u);
  }
}

TEST_F(SecondOpinion, AgreesOnAMillionDrawnStates) {
  Draw draw{11};
  const auto shapes = all_shapes();
  const std::uint32_t boards = dualbank::tests::kSanitized ? 60 : 1000;
  for (std::uint32_t i = 0; i < boards; ++i) {
    const Shape& shape = shapes[i % shapes.size()];
    Board board{shape, draw};
    const auto records = record_classes(shape.slots);
    for (int pair = 0; pair < 1000; ++pair) {
      if (pair % 100 == 99) board.put_journal(draw);
      const auto count = static_cast<std::uint32_t>(records.size());
      check(board, records[draw.below(count)], records[draw.below(count)]);
    }
    for (const auto& [what, times] : board.seen) seen[what] += times;
  }
  if (!dualbank::tests::kSanitized) {
    EXPECT_GT(states, 1'000'000u);
    for (const int runs : {0, 1, 2, kFactory, kTest, kInvalid}) {
      for (const std::size_t writes : {0u, 1u, 2u}) EXPECT_GT((seen[{runs, writes}]), 500u) << runs << " " << writes;
    }
  }
}

TEST(SecondOpinionTables, BothReadTheSameTablesAndRefuseTheSame) {
  std::size_t read = 0;
  std::size_t refused = 0;
  for (const Shape& shape : all_shapes()) {
    for (const TableFault fault : kTableFaults) {
      MemoryFlash flash{shape.flash_size()};
      shape.put_table(flash.bytes);
      put_fault(flash.bytes, shape, fault);
      const Table table = read_table(flash.bytes, shape.table_at, static_cast<std::uint32_t>(flash.bytes.size()));
      const auto layout = dualbank::read_layout(flash, shape.table_at);
      ASSERT_EQ(layout.has_value(), table.ok) << shape << " fault " << static_cast<int>(fault);
      ++(table.ok ? read : refused);
      if (!table.ok) continue;
      EXPECT_EQ(layout->slot_count, table.ota_rows);
      EXPECT_EQ(layout->otadata.offset, table.otadata.offset);
      EXPECT_EQ(layout->factory.offset, table.factory.offset);
      EXPECT_EQ(layout->test.size_bytes, table.test.size);
    }
  }
  EXPECT_GT(read, 50u);
  EXPECT_GT(refused, 50u);
}

}  // namespace
}  // namespace second_opinion
