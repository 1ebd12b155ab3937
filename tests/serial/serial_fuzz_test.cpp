// Whatever arrives on the line leaves a board that boots, and the slot that runs as it was. DUALBANK_FUZZ_FRAMES says
// how many frames.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/sanitized.hpp"
#include "tests/support/serial_host.hpp"

namespace dualbank {
namespace {

using tests::body_of;
using tests::ByteVector;
using tests::firmware;
using tests::frame_of;
using tests::SerialBoard;

constexpr std::uint32_t kDefaultFrames = tests::kSanitized ? 20'000 : 100'000;

std::uint32_t frames_wanted() {
  const char* said = std::getenv("DUALBANK_FUZZ_FRAMES");
  return said == nullptr ? kDefaultFrames : static_cast<std::uint32_t>(std::strtoul(said, nullptr, 10));
}

/// The bodies of a whole session: what a host sends that knows what it does.
std::vector<ByteVector> session_of(SerialBoard& board, const ByteVector& image) {
  std::vector<ByteVector> bodies;
  bodies.push_back(body_of({.verb = SerialVerb::hello}));
  bodies.push_back(body_of(board.begin_of(image)));
  for (std::uint32_t at = 0; at < image.size(); at += 1024) bodies.push_back(body_of(board.piece_of(image, at)));
  for (const SerialVerb verb :
       {SerialVerb::missing, SerialVerb::switch_slot, SerialVerb::status, SerialVerb::reset, SerialVerb::hello,
        SerialVerb::confirm, SerialVerb::rollback, SerialVerb::abandon, SerialVerb::fail}) {
    bodies.push_back(body_of({.verb = verb}));
  }
  return bodies;
}

class Fuzzer {
 public:
  explicit Fuzzer(std::uint32_t seed) : draw_(seed) {
    board_.board.may_boot({0, 1});
    for (const char* version : {"2.0", "3.0"}) {
      const auto bodies = session_of(board_, firmware(version));
      session_.insert(session_.end(), bodies.begin(), bodies.end());
    }
    keep_running();
  }

  void run(std::uint32_t frames) {
    for (std::uint32_t i = 0; i < frames; ++i) {
      ByteVector reply = board_.send(next());
      replies_ += reply.empty() ? 0 : 1;
      if (board_.server->reset_asked() || below(5000) == 0) reset();
      if (i % 1000 == 999) intact();
      if (testing::Test::HasFatalFailure()) return;
    }
    intact();
  }
  [[nodiscard]] std::uint32_t replies() const { return replies_; }
  [[nodiscard]] std::uint32_t resets_into_other() const { return into_other_; }
  [[nodiscard]] std::uint64_t checks() const { return board_.board.checks; }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(draw_() % limit); }

  ByteVector noise(std::uint32_t most) {
    ByteVector bytes(1 + below(most));
    for (std::byte& b : bytes) b = static_cast<std::byte>(draw_());
    return bytes;
  }

  void spoil(ByteVector& bytes) {
    for (std::uint32_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
      const std::uint32_t at = below(static_cast<std::uint32_t>(bytes.size()));
      switch (below(5)) {
        case 0:
          bytes[at] = static_cast<std::byte>(draw_());
          break;
        case 1:
          bytes[at] ^= static_cast<std::byte>(1U << below(8));
          break;
        case 2:
          bytes.resize(at);
          break;
        case 3:
          bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        default:
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(draw_()));
      }
    }
  }

  /// A half goes through a session in order; the rest is damaged before or after its CRC was computed, out of order, or
  /// noise.
  ByteVector next() {
    const std::uint32_t dice = below(20);
    if (dice < 10) at_ = (at_ + 1) % session_.size();
    ByteVector body = session_[dice < 16 ? at_ : below(static_cast<std::uint32_t>(session_.size()))];
    if (below(50) != 0) store_u32(body, 4, ++sequence_);
    if (dice >= 10 && dice < 14) spoil(body);
    if (dice == 18) return noise(2000);
    if (dice == 19) body = noise(1200);
    if (body.empty()) return {};
    ByteVector line = frame_of(body);
    if (dice == 14 || dice == 15) spoil(line);
    return line;
  }

  void keep_running() { kept_ = board_.board.slot_bytes(running_, board_.board.extent(running_).size_bytes); }

  void intact() {
    ASSERT_TRUE(board_.board.holds(running_, kept_)) << "slot " << int{running_};
    ASSERT_TRUE(board_.board.verifies(running_));
    ASSERT_NE(board_.board.boots(), kNoSlot);
    board_.board.flash.forget();
  }

  void reset() {
    intact();
    const SlotIndex before = running_;
    running_ = board_.board.boots();
    if (running_ != before) ++into_other_;
    keep_running();
    board_.boot(running_);
  }

  std::mt19937 draw_;
  SerialBoard board_;
  std::vector<ByteVector> session_;
  std::size_t at_ = 0;
  SlotIndex running_ = 0;
  ByteVector kept_;
  std::uint32_t sequence_ = 0;
  std::uint32_t replies_ = 0;
  std::uint32_t into_other_ = 0;
};

TEST(SerialFuzz, WhateverArrivesTheBoardBootsAndWhatRunsStays) {
  const std::uint32_t frames = frames_wanted();
  Fuzzer fuzzer(20'261'123);
  fuzzer.run(frames);
  EXPECT_GT(fuzzer.checks(), frames / 10) << "the flash was written all the while";
  EXPECT_GT(fuzzer.replies(), frames / 3);
  EXPECT_GT(fuzzer.resets_into_other(), frames / 5000) << "updates went through";
  RecordProperty("replies", static_cast<int>(fuzzer.replies()));
}

}  // namespace
}  // namespace dualbank
