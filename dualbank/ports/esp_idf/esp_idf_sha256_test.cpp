// On the stand-ins of tests/stand_ins/esp_idf, with an accelerator that computes as formats does.
#include "dualbank/ports/esp_idf/esp_idf_sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/esp_idf_sha.hpp"

namespace dualbank::tests {
namespace {

constexpr Sha256State kStart{0x6A09'E667, 0xBB67'AE85, 0x3C6E'F372, 0xA54F'F53A,
                             0x510E'527F, 0x9B05'688C, 0x1F83'D9AB, 0x5BE0'CD19};

std::vector<std::byte> noise(std::size_t size, std::uint32_t seed) {
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>((seed = seed * 1'664'525 + 1'013'904'223) >> 24);
  return bytes;
}

class EspIdfSha256Test : public testing::Test {
 protected:
  EspIdfSha256Test() { esp_idf_sha = {}; }
  ~EspIdfSha256Test() override { EXPECT_FALSE(esp_idf_sha.taken); }
};

TEST_F(EspIdfSha256Test, TheStandardsExampleByTheWord) {
  std::array<std::byte, kSha256BlockBytes> abc{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}, std::byte{0x80}};
  abc.back() = std::byte{24};
  Sha256State state = kStart;
  ports::esp_idf_sha256_blocks(state, abc.data(), 1);
  EXPECT_EQ(state, (Sha256State{0xBA78'16BF, 0x8F01'CFEA, 0x4141'40DE, 0x5DAE'2223, 0xB003'61A3, 0x9617'7A9C,
                                0xB410'FF61, 0xF200'15AD}));
  EXPECT_EQ(esp_idf_sha.state[0], 0xBA);  // the registers are a digest's bytes
  EXPECT_EQ(esp_idf_sha.state[31], 0xAD);
}

TEST_F(EspIdfSha256Test, TheStateIsThatOfThePortableOneForAnyCountAndPlace) {
  Sha256State state = kStart;
  Sha256State portable = kStart;
  std::uint32_t calls = 0;
  for (std::size_t count = 0; count <= 20; ++count) {
    for (const std::size_t offset : {0U, 1U, 2U, 3U}) {
      const auto bytes = noise(count * kSha256BlockBytes + offset, ++calls);
      ports::esp_idf_sha256_blocks(state, bytes.data() + offset, count);
      sha256_blocks(portable, bytes.data() + offset, count);
      ASSERT_EQ(state, portable) << count << " blocks, " << offset;
      ASSERT_FALSE(esp_idf_sha.taken);
    }
  }
  EXPECT_EQ(esp_idf_sha.times_taken, calls);
  EXPECT_EQ(esp_idf_sha.blocks, 4 * 20 * 21 / 2U);
}

TEST_F(EspIdfSha256Test, NothingIsLeftInTheAcceleratorFromCallToCall) {
  const auto one = noise(4 * kSha256BlockBytes, 1);
  const auto other = noise(4 * kSha256BlockBytes, 2);
  Sha256State states[2]{kStart, kStart};
  for (std::size_t i = 0; i < 4; ++i) {
    ports::esp_idf_sha256_blocks(states[0], one.data() + i * kSha256BlockBytes, 1);
    ports::esp_idf_sha256_blocks(states[1], other.data() + i * kSha256BlockBytes, 1);
    esp_idf_sha.state.fill(0xA5);  // somebody else's
  }
  Sha256State portable[2]{kStart, kStart};
  sha256_blocks(portable[0], one.data(), 4);
  sha256_blocks(portable[1], other.data(), 4);
  EXPECT_EQ(states[0], portable[0]);
  EXPECT_EQ(states[1], portable[1]);
}

TEST_F(EspIdfSha256Test, ItHasTheAcceleratorForItsScopeOnly) {
  {
    const ports::EspIdfSha sha;
    EXPECT_TRUE(esp_idf_sha.taken);
    EXPECT_TRUE(esp_idf_sha.has_mode);
  }
  EXPECT_FALSE(esp_idf_sha.taken);
}

}  // namespace
}  // namespace dualbank::tests
