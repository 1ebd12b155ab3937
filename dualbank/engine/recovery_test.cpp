#include "dualbank/engine/recovery.hpp"

#include <algorithm>
#include <memory>

#include "dualbank/engine/board_boot.hpp"
#include "dualbank/sim/draw.hpp"
#include "tests/support/boot_board.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kRam = 0x8040'0000;

ByteVector image_of(std::uint32_t seed, std::size_t length = 0x3450) {
  return ImageBuilder().chip(kNoVendorChip).load_address(kRam).entry(kRam).seed(seed).length(length).build();
}

class RecoveryTest : public BootTest {
 protected:
  RecoveryTest() {
    settings_ = {.policy = Policy::dualbank, .chip_id = kNoVendorChip, .memory = regions_};
    restart();
  }

  void restart() { recovery_ = std::make_unique<Recovery>(flash_, layout_, images_, kNoVendorChip, room_); }

  /// What comes back over the line; the last reply.
  SerialReply take(Bytes line) {
    SerialReply reply{.sequence = 0};
    for (const std::byte b : line) {
      const Bytes framed = recovery_->take(b);
      if (framed.empty()) continue;
      ++replies_;
      ByteVector copy(framed.begin() + 1, framed.end() - 1);
      const Bytes body = open_serial_frame(copy);
      EXPECT_TRUE(is_serial_reply(body));
      EXPECT_EQ(read_serial_reply(body, reply, device_), Event{});
    }
    return reply;
  }
  SerialReply ask(SerialRequest request) {
    request.sequence = ++sequence_;
    return take(framed(request));
  }
  static ByteVector framed(const SerialRequest& request) {
    ByteVector body(kSerialBeginBytes + request.bytes.size());
    const Bytes written = write_serial_request(request, body);
    ByteVector line(serial_framed_bytes(written.size()));
    const Bytes frame = write_serial_frame(written, line);
    return {frame.begin(), frame.end()};
  }
  SerialReply begin(const ByteVector& image) {
    return ask({.verb = SerialVerb::begin,
                .length_bytes = static_cast<std::uint32_t>(image.size()),
                .identity = Bytes{image}.last(32),
                .bytes = Bytes{image}.first(kSerialHeaderBytes)});
  }
  /// As a host does it: what is missing, piece by piece, and no more than `most` pieces.
  SerialReply send(const ByteVector& image, std::size_t most = SIZE_MAX) {
    static_cast<void>(ask({.verb = SerialVerb::hello}));
    SerialReply reply = begin(image);
    for (; most > 0 && !reply.state.missing.empty() && !reply.event.failed(); --most) {
      const Range gap = reply.state.missing;
      const std::size_t size = std::min<std::size_t>(gap.length(), device_.largest_piece_bytes);
      reply = ask({.verb = SerialVerb::data, .offset = gap.from, .bytes = Bytes{image}.subspan(gap.from, size)});
    }
    return reply;
  }
  SlotIndex next_boot() {
    const auto booted = run_bootloader(flash_, layout_, settings_, buffer_);
    EXPECT_TRUE(booted.has_value());
    return booted->decision.slot;
  }

  ByteVector ram_ = ByteVector(0x8000);
  std::array<LoadRegion, 1> regions_{{{kRam, ram_}}};
  BootableCheck images_{flash_, settings_};
  ByteVector room_ = ByteVector(2048);
  std::unique_ptr<Recovery> recovery_;
  SerialDevice device_;
  std::uint32_t sequence_ = 0;
  int replies_ = 0;
};

TEST_F(RecoveryTest, SaysWhoItIsAndWhatItTakes) {
  const SerialReply reply = ask({.verb = SerialVerb::hello});
  EXPECT_TRUE(reply.state.recovery);
  EXPECT_EQ(int{reply.state.running_slot}, int{kNoSlot});
  EXPECT_EQ(int{reply.state.next_update_slot}, 0);
  EXPECT_EQ(reply.state.missing, (Range{0, kSlotBytes}));
  EXPECT_STREQ(device_.name.data(), "bootloader");
  EXPECT_EQ(device_.slot_offset, layout_.slots[0].offset);
  EXPECT_EQ(device_.slot_size_bytes, kSlotBytes);
  EXPECT_EQ(device_.chip_id, kNoVendorChip);
  EXPECT_GE(device_.largest_piece_bytes, 1024U);
}

TEST_F(RecoveryTest, AnImageOverTheLineBoots) {
  flash_.put(layout_.slots[0].offset, random_bytes(kSlotBytes, 5));
  flash_.put(layout_.slots[1].offset, random_bytes(kSlotBytes, 6));
  ASSERT_EQ(next_boot(), kNoSlot);
  const ByteVector image = image_of(1);
  EXPECT_EQ(send(image).event.code, Status::bytes_written);
  EXPECT_EQ(ask({.verb = SerialVerb::switch_slot}).event.code, Status::switched);
  EXPECT_FALSE(recovery_->reset_asked());
  EXPECT_EQ(ask({.verb = SerialVerb::reset}).event.code, Status::ok);
  EXPECT_TRUE(recovery_->reset_asked());
  EXPECT_EQ(int{next_boot()}, 0);
  EXPECT_TRUE(std::ranges::equal(flash_.contents().subspan(layout_.slots[0].offset, image.size()), image));
}

TEST_F(RecoveryTest, WhateverTheRecordsNameItBoots) {
  put_record(1, record_bytes(2, kUndefined, kCrc2));  // ota_1
  static_cast<void>(send(image_of(1)));
  EXPECT_EQ(int{next_boot()}, 0);
}

/// The longest pieces fit, and so does the shortest room.
TEST_F(RecoveryTest, InAnyRoom) {
  for (const std::size_t size : {kRecoveryBytes, kRecoveryBytes + 1, std::size_t{1000}, std::size_t{4096}}) {
    room_ = ByteVector(size);
    restart();
    const ByteVector image = image_of(static_cast<std::uint32_t>(size));
    EXPECT_EQ(send(image).event.code, Status::bytes_written) << size;
    EXPECT_EQ(ask({.verb = SerialVerb::switch_slot}).event.code, Status::switched) << size;
  }
}

TEST_F(RecoveryTest, TheSameImageGoesOnAnotherOneStartsAnew) {
  const ByteVector image = image_of(1);
  const std::uint32_t at = send(image, 3).state.missing.from;
  EXPECT_GT(at, 0U);
  EXPECT_EQ(begin(image).state.missing.from, at);
  EXPECT_EQ(begin(image_of(2)).state.missing.from, 0U);
  EXPECT_EQ(begin(image).state.missing.from, 0U);
}

TEST_F(RecoveryTest, PiecesElsewhereAreNotWritten) {
  const ByteVector image = image_of(1);
  static_cast<void>(begin(image));
  const ByteVector before(flash_.contents().begin(), flash_.contents().end());
  EXPECT_EQ(ask({.verb = SerialVerb::data, .offset = 64, .bytes = Bytes{image}.first(64)}).state.missing.from, 0U);
  EXPECT_TRUE(std::ranges::equal(flash_.contents(), before));
}

TEST_F(RecoveryTest, OfAPieceThatIsNotTheLastItTakesWhole64Bytes) {
  const ByteVector image = image_of(1);
  static_cast<void>(begin(image));
  SerialReply reply = ask({.verb = SerialVerb::data, .offset = 0, .bytes = Bytes{image}.first(100)});
  EXPECT_EQ(reply.event, (Event{Status::bytes_written, {64, 0, 0}}));
  EXPECT_EQ(reply.state.missing.from, 64U);
  reply = ask({.verb = SerialVerb::data, .offset = 64, .bytes = Bytes{image}.subspan(64, 63)});
  EXPECT_EQ(reply.state.missing.from, 64U);
  EXPECT_EQ(send(image).event.code, Status::bytes_written);
  EXPECT_EQ(ask({.verb = SerialVerb::switch_slot}).event.code, Status::switched);
}

/// The last piece is filled up, so that large write units and small pages do as well, and no byte behind it is lost.
TEST_F(RecoveryTest, PiecesOfAnyLengthLeaveWhatIsBehindTheRoom) {
  constexpr std::byte kGuard{0xC3};
  for (const std::size_t size : {kRecoveryBytes, std::size_t{700}, std::size_t{2048}}) {
    ByteVector memory(size + 128, kGuard);
    for (std::size_t length = std::max<std::size_t>(size - 400, kSerialHeaderBytes); length < size; ++length) {
      for (const std::size_t rest : {std::size_t{0}, std::size_t{5000}}) {  // the last piece, and one before it
        const MutableBytes room = MutableBytes{memory}.first(size);
        recovery_ = std::make_unique<Recovery>(flash_, layout_, images_, kNoVendorChip, room);
        const ByteVector image = random_bytes(length + rest, 7);
        static_cast<void>(begin(image));
        static_cast<void>(ask({.verb = SerialVerb::data, .offset = 0, .bytes = Bytes{image}.first(length)}));
        ASSERT_TRUE(all_equal(Bytes{memory}.last(128), kGuard)) << size << ' ' << length;
      }
    }
  }
}

TEST_F(RecoveryTest, AnyLengthOnAnyFlash) {
  for (const Geometry& geometry : {Geometry{.size_bytes = 0x6'0000, .erase_units = 0x1'1000},
                                   Geometry{.size_bytes = 0x6'0000, .page_bytes = 32, .write_unit_bytes = 32},
                                   Geometry{.size_bytes = 0x6'0000, .page_bytes = 512, .write_unit_bytes = 8}}) {
    for (const std::uint32_t length : {1U, 63U, 64U, 65U, 1000U, 4095U, 4097U}) {
      sim::NorFlash flash{geometry};
      flash.put(layout_.slots[0].offset, random_bytes(kSlotBytes, 5));
      Recovery recovery{flash, layout_, images_, kNoVendorChip, room_};
      const ByteVector image = random_bytes(length, length);
      const auto say = [&](SerialRequest request) {
        request.sequence = ++sequence_;
        for (const std::byte b : framed(request)) static_cast<void>(recovery.take(b));
      };
      const ByteVector identity(32);
      const ByteVector header(kSerialHeaderBytes);
      say({.verb = SerialVerb::begin, .length_bytes = length, .identity = identity, .bytes = header});
      for (std::uint32_t at = 0; at < length; at += 1024) {
        const std::uint32_t size = std::min(1024U, length - at);
        say({.verb = SerialVerb::data, .offset = at, .bytes = Bytes{image}.subspan(at, size)});
      }
      EXPECT_TRUE(std::ranges::equal(flash.contents().subspan(layout_.slots[0].offset, length), image)) << length;
      EXPECT_TRUE(flash.violations().empty()) << length;
    }
  }
}

TEST_F(RecoveryTest, AFlashThatFailsIsNamedAndAllComesAgain) {
  const ByteVector image = image_of(1);
  static_cast<void>(send(image, 2));
  flash_.fail_at(0, Status::flash_program_failed);
  const SerialReply reply = send(image, 1);
  EXPECT_EQ(reply.event.code, Status::flash_program_failed);
  EXPECT_EQ(reply.state.missing.from, 0U);
  EXPECT_EQ(send(image).event.code, Status::bytes_written);
}

TEST_F(RecoveryTest, ARequestThatComesTwiceIsDoneOnce) {
  const ByteVector image = image_of(1);
  static_cast<void>(begin(image));
  const SerialRequest piece{.verb = SerialVerb::data, .sequence = 77, .offset = 0, .bytes = Bytes{image}.first(256)};
  EXPECT_EQ(take(framed(piece)).state.missing.from, 256U);
  flash_.forget();
  EXPECT_EQ(take(framed(piece)).state.missing.from, 256U);
  EXPECT_TRUE(flash_.log().empty());
}

TEST_F(RecoveryTest, Refusals) {
  const ByteVector piece(64, std::byte{1});
  EXPECT_EQ(ask({.verb = SerialVerb::data, .bytes = piece}).event.code, Status::no_update);
  const ByteVector image = image_of(1);
  const Event too_long = ask({.verb = SerialVerb::begin,
                              .length_bytes = kSlotBytes + 1,
                              .identity = Bytes{image}.last(32),
                              .bytes = Bytes{image}.first(kSerialHeaderBytes)})
                             .event;
  EXPECT_EQ(too_long, (Event{Status::beyond_slot, {kSlotBytes + 1, 0, kSlotBytes}}));
  const std::uint32_t left = send(image, 12).state.missing.length();
  ASSERT_LT(left, device_.largest_piece_bytes + 1024U);
  for (const SerialVerb verb : {SerialVerb::confirm, SerialVerb::fail, SerialVerb::rollback, SerialVerb::abandon}) {
    EXPECT_EQ(ask({.verb = verb}).event.code, Status::serial_bad_request);
  }
  EXPECT_FALSE(recovery_->reset_asked());
}

TEST_F(RecoveryTest, BytesBeyondTheLengthAreRefused) {
  ByteVector image = image_of(1, 1024);
  static_cast<void>(begin(image));
  image.resize(1025);
  flash_.forget();
  EXPECT_EQ(ask({.verb = SerialVerb::data, .bytes = image}).event, (Event{Status::beyond_length, {1025, 0, 1024}}));
  EXPECT_TRUE(flash_.log().empty());
}

TEST_F(RecoveryTest, ABadImageIsNoSwitch) {
  ByteVector image = image_of(1);
  flip_bit(image, 8 * 1000);
  static_cast<void>(send(image));
  EXPECT_EQ(ask({.verb = SerialVerb::switch_slot}).event.code, Status::image_checksum_mismatch);
  static_cast<void>(send(ImageBuilder().chip(kNoVendorChip).load_address(kRam + 0x8000).entry(kRam + 0x8000).build()));
  EXPECT_EQ(ask({.verb = SerialVerb::switch_slot}).event.code, Status::image_outside_memory);
}

/// Any noise: no reset, nothing outside the slot is touched, and an image comes through afterwards.
TEST_F(RecoveryTest, NoiseOnTheLineDoesNoHarm) {
  install(1, random_bytes(kSlotBytes, 9));
  const ByteVector before(flash_.contents().begin(), flash_.contents().end());
  const ByteVector image = image_of(1);
  sim::Random draw(4);
  for (int i = 0; i < 3000; ++i) {
    ByteVector line = framed({.verb = static_cast<SerialVerb>(draw.below(14)),
                              .sequence = static_cast<std::uint32_t>(i + 1),
                              .offset = draw.below(0x4000) & ~63U,
                              .length_bytes = draw.below(2 * kSlotBytes),
                              .identity = Bytes{image}.last(32),
                              .bytes = Bytes{image}.first(kSerialHeaderBytes)});
    for (std::uint32_t damage = 1 + draw.below(4); damage > 0; --damage) {
      flip_bit(line, draw.below(static_cast<std::uint32_t>(8 * line.size())));
    }
    static_cast<void>(take(line));
  }
  EXPECT_FALSE(recovery_->reset_asked());
  static_cast<void>(take(ByteVector(1)));
  const int replies = replies_;
  static_cast<void>(send(image));
  EXPECT_GT(replies_, replies);
  EXPECT_EQ(ask({.verb = SerialVerb::switch_slot}).event.code, Status::switched);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (i - layout_.slots[0].offset >= kSlotBytes) {
      ASSERT_EQ(flash_.contents()[i], before[i]) << i;
    }
  }
}

}  // namespace
}  // namespace dualbank::tests
