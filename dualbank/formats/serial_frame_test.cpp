#include "dualbank/formats/serial_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string_view>
#include <vector>

#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;
using tests::bytes_of;
using tests::ByteVector;

ByteVector framed(Bytes body) {
  ByteVector line(serial_framed_bytes(body.size()));
  const Bytes frame = write_serial_frame(body, line);
  return {frame.begin(), frame.end()};
}

ByteVector opened(ByteVector between) {
  const Bytes body = open_serial_frame(between);
  return {body.begin(), body.end()};
}

ByteVector opened_frame(const ByteVector& frame) { return opened({frame.begin() + 1, frame.end() - 1}); }

std::vector<ByteVector> feed(SerialFrameReader& reader, const ByteVector& line) {
  std::vector<ByteVector> bodies;
  for (const std::byte b : line) {
    const Bytes body = reader.take(b);
    if (!body.empty()) bodies.emplace_back(body.begin(), body.end());
  }
  return bodies;
}

ByteVector text(std::string_view words) {
  ByteVector bytes(words.size());
  std::transform(words.begin(), words.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(SerialFrame, TheseBytes) {
  // CRC-32 of 11 00 22, by another program: 37C551B1.
  EXPECT_EQ(framed(bytes_of({0x11, 0x00, 0x22})),
            bytes_of({0x00, 0x02, 0x11, 0x06, 0x22, 0xB1, 0x51, 0xC5, 0x37, 0x00}));
}

TEST(SerialFrame, EveryLengthComesBackAndHasNoZeroWithin) {
  std::mt19937 draw(1);
  for (std::size_t size = 1; size <= 1300; ++size) {
    for (const unsigned zeros_in : {2U, 300U, 100000U}) {  // about every second byte, one in 300, none
      ByteVector body(size);
      for (std::byte& b : body) b = static_cast<std::byte>(draw() % zeros_in == 0 ? 0 : 1 + draw() % 255);
      const ByteVector frame = framed(body);
      ASSERT_LE(frame.size(), serial_framed_bytes(size));
      ASSERT_EQ(frame.front(), std::byte{0});
      ASSERT_EQ(frame.back(), std::byte{0});
      ASSERT_EQ(std::count(frame.begin(), frame.end(), std::byte{0}), 2) << size;
      ASSERT_EQ(opened_frame(frame), body) << size;
    }
  }
}

TEST(SerialFrame, GroupsOf254Bytes) {
  for (const std::size_t size : {249U, 250U, 251U, 253U, 254U, 255U, 503U, 504U, 505U, 508U}) {
    const ByteVector body(size, std::byte{0x55});
    EXPECT_EQ(opened_frame(framed(body)), body) << size;
    const ByteVector zeros(size);
    EXPECT_EQ(opened_frame(framed(zeros)), zeros) << size;
  }
}

TEST(SerialFrame, NoDamageOfOneOrTwoBytesPasses) {
  ByteVector body = text("an update of some length");
  body[7] = std::byte{0};
  const ByteVector frame = framed(body);
  const ByteVector between(frame.begin() + 1, frame.end() - 1);
  for (std::size_t at = 0; at < between.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      ByteVector damaged = between;
      if (damaged[at] == static_cast<std::byte>(value)) continue;
      damaged[at] = static_cast<std::byte>(value);
      ASSERT_THAT(opened(damaged), IsEmpty()) << at << " " << value;
      damaged[(at + 5) % damaged.size()] ^= std::byte{0x81};
      ASSERT_THAT(opened(damaged), IsEmpty()) << at << " " << value;
    }
  }
}

TEST(SerialFrame, CutAnywhereIsNone) {
  const ByteVector frame = framed(text("hello"));
  for (std::size_t size = 0; size + 2 < frame.size(); ++size) {
    EXPECT_THAT(opened({frame.begin() + 1, frame.begin() + 1 + static_cast<std::ptrdiff_t>(size)}), IsEmpty()) << size;
  }
}

TEST(SerialFrame, TheCrcOfNothingIsNoFrame) {
  EXPECT_THAT(opened(bytes_of({0x01, 0x01, 0x01, 0x01, 0x01})), IsEmpty());
}

TEST(SerialFrameReader, TextAndFramesShareALine) {
  ByteVector room(serial_encoded_bytes(40));
  SerialFrameReader reader(room);
  const ByteVector line = text("boot: ota_0\r\n") + framed(text("one")) + text("hello, ") + text("world") +
                          framed(text("two")) + framed(text("three"));
  EXPECT_THAT(feed(reader, line), ElementsAreArray({text("one"), text("two"), text("three")}));
  EXPECT_EQ(reader.dropped(), 2U);
}

TEST(SerialFrameReader, ALongFrameIsDroppedAndTheNextIsNot) {
  ByteVector room(serial_encoded_bytes(20));
  SerialFrameReader reader(room);
  const ByteVector just(20, std::byte{7});
  const ByteVector over(21, std::byte{7});
  const ByteVector far(5000, std::byte{7});
  EXPECT_THAT(feed(reader, framed(over) + framed(far) + framed(just)), ElementsAreArray({just}));
  EXPECT_EQ(reader.dropped(), 2U);
}

TEST(SerialFrameReader, ALostZeroCostsTwoFramesAtMost) {
  ByteVector room(serial_encoded_bytes(40));
  SerialFrameReader reader(room);
  ByteVector first = framed(text("one"));
  first.pop_back();
  ByteVector second = framed(text("two"));
  second.erase(second.begin());
  EXPECT_THAT(feed(reader, first + second + framed(text("three"))), ElementsAreArray({text("three")}));
  EXPECT_EQ(reader.dropped(), 1U);
}

}  // namespace
}  // namespace dualbank
