// CompactImages against check_bootable: good and bad are the same to both, for every image here and every byte of one.
#include "dualbank/engine/compact_images.hpp"

#include <algorithm>

#include "dualbank/sim/draw.hpp"
#include "tests/support/boot_board.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kRam = 0x8040'0000;
constexpr std::uint32_t kInPlace = 0x1001'0020;  // linked for ota_0 of the board, 16 MiB apart

class CompactImagesTest : public BootTest {
 protected:
  static ImageBuilder loaded() { return ImageBuilder().chip(kNoVendorChip).load_address(kRam).entry(kRam + 0x104); }
  static ImageBuilder in_place() { return ImageBuilder().chip(kInPlaceChip).load_address(kInPlace).entry(kInPlace); }

  template <bool kWhere>
  Status check_both(const char* what) {
    constexpr std::uint16_t kChip = CompactImages<kWhere>::chip_id();
    std::span<const LoadRegion> memory;
    if (!kWhere) memory = regions_;
    const BootSettings settings{.policy = Policy::dualbank, .chip_id = kChip, .memory = memory};
    const Event whole = check_bootable(flash_, layout_.slots[0], settings, buffer_);
    CompactImages<kWhere> images{flash_, memory};
    flash_.forget();
    const Status compact = images.check(layout_.slots[0], buffer_);
    EXPECT_EQ(compact, whole.failed() ? Status::image_refused : Status::ok)
        << what << ": " << static_cast<int>(whole.code);
    EXPECT_LE(flash_.counts().bytes_read, layout_.slots[0].size_bytes);
    EXPECT_TRUE(flash_.violations().empty()) << what;
    if (compact == Status::ok) {
      EXPECT_EQ(images.entry(), load_u32(flash_.contents(), layout_.slots[0].offset + 4));
    }
    return compact;
  }
  template <bool kWhere>
  Status check_both(const ByteVector& image, const char* what = "") {
    flash_.put(layout_.slots[0].offset, ByteVector(layout_.slots[0].size_bytes, std::byte{0xFF}));
    install(0, image);
    return check_both<kWhere>(what);
  }

  ByteVector ram_ = ByteVector(0x1000, std::byte{0xEE});
  ByteVector more_ram_ = ByteVector(0x400);
  std::array<LoadRegion, 2> regions_{{{kRam, ram_}, {0x2000'0000, more_ram_}}};
};

TEST_F(CompactImagesTest, LoadsWhatItChecksAndReadsTheFlashOnce) {
  const ByteVector data = random_bytes(0x100, 7);
  const ByteVector image = loaded().segment(0x2000'0000, data).build();
  install(0, image);
  CompactImages<false> images{flash_, regions_};
  flash_.forget();
  ASSERT_EQ(images.check(layout_.slots[0], buffer_), Status::ok);
  EXPECT_EQ(flash_.counts().bytes_read, image.size());
  EXPECT_EQ(images.entry(), kRam + 0x104);
  EXPECT_TRUE(std::ranges::equal(Bytes{ram_}.first(0x100), Bytes{image}.subspan(32, 0x100)));
  EXPECT_TRUE(std::ranges::equal(Bytes{more_ram_}.first(0x100), data));
}

TEST_F(CompactImagesTest, GoodAndBadOnes) {
  EXPECT_EQ(check_both<false>(loaded().build()), Status::ok);
  EXPECT_EQ(check_both<false>(loaded().no_hash().build()), Status::ok);
  EXPECT_EQ(check_both<false>(loaded().segment(0, random_bytes(64, 1)).build(), "padding"), Status::ok);
  EXPECT_EQ(check_both<false>(loaded().segment(kRam, {}).build(), "an empty segment"), Status::ok);
  EXPECT_EQ(check_both<false>(loaded().segment(kRam, random_bytes(64, 1)).build(), "one over the other"), Status::ok);
  EXPECT_NE(check_both<false>(loaded().chip(kS3).build(), "chip"), Status::ok);
  EXPECT_NE(check_both<false>(in_place().build(), "chip"), Status::ok);
  EXPECT_NE(check_both<false>(loaded().entry(kRam + 0x900).build(), "entry"), Status::ok);
  EXPECT_NE(check_both<false>(loaded().load_address(kRam + 0xF00).build(), "too long for the memory"), Status::ok);
  EXPECT_NE(check_both<false>(loaded().segment(0x3000'0000, random_bytes(4, 1)).build(), "no memory"), Status::ok);
  EXPECT_NE(check_both<false>(loaded().wrong_checksum().build(), "checksum"), Status::ok);
  EXPECT_NE(check_both<false>(loaded().wrong_hash().build(), "hash"), Status::ok);
  EXPECT_NE(check_both<false>({}, "empty"), Status::ok);
  EXPECT_EQ(check_both<true>(in_place().build()), Status::ok);
  EXPECT_NE(check_both<true>(loaded().build(), "chip"), Status::ok);
  EXPECT_NE(check_both<true>(in_place().load_address(kInPlace + 0x1'0000).build(), "the other slot"), Status::ok);
  EXPECT_EQ(check_both<true>(in_place().load_address(kInPlace + 0x100'0000).build(), "16 MiB on"), Status::ok);
  EXPECT_NE(check_both<true>(in_place().segment(0x2000'0000, random_bytes(64, 1)).build(), "RAM"), Status::ok);
  EXPECT_EQ(check_both<true>(in_place().segment(0, random_bytes(64, 1)).build(), "padding"), Status::ok);
}

TEST_F(CompactImagesTest, SlotsOfEverySize) {
  for (const bool hash : {true, false}) {
    ImageBuilder builder = loaded();
    if (!hash) builder.no_hash();
    const ByteVector image = builder.build();
    install(0, image);
    for (std::uint32_t size = 0; size < image.size() + 64; ++size) {
      layout_.slots[0].size_bytes = size;
      const Status s = check_both<false>("slot");
      EXPECT_EQ(s == Status::ok, size >= image.size()) << size;
    }
    layout_.slots[0].size_bytes = kSlotBytes;
  }
}

TEST_F(CompactImagesTest, EveryBitOfAnImage) {
  const ByteVector image = loaded().payload(random_bytes(16, 1)).segment(0x2000'0000, random_bytes(20, 2)).build();
  for (std::size_t bit = 0; bit < 8 * image.size(); ++bit) {
    ByteVector changed = image;
    flip_bit(changed, bit);
    const bool says_no_hash = bit == std::size_t{8} * 23;  // and the checksum does not cover it
    EXPECT_EQ(check_both<false>(changed) == Status::ok, says_no_hash) << bit;
  }
}

/// Headers of any content behind which checksum and hash are right: what lies in them decides.
TEST_F(CompactImagesTest, AnyHeaders) {
  sim::Random draw(11);
  int good = 0;
  for (int i = 0; i < 3000; ++i) {
    const bool in_place = draw.below(2) == 0;
    const std::uint32_t base = in_place ? kInPlace : kRam;
    ImageBuilder builder = in_place ? CompactImagesTest::in_place() : loaded();
    if (draw.below(3) == 0) builder.no_hash();
    builder.load_address(base + (draw.below(4) == 0 ? 4 * draw.below(0x400) : 0));
    builder.entry(base + draw.below(0x200));
    for (std::uint32_t more = draw.below(4); more > 0; --more) {
      const std::uint32_t places[]{0, base, 0x2000'0000, kRam + 0xE00, 0x20, 0x1F, 0xFFFF'FFFF};
      builder.segment(places[draw.below(7)], random_bytes(4 * draw.below(40), more));
    }
    const ByteVector image = builder.build();
    good += (in_place ? check_both<true>(image) : check_both<false>(image)) == Status::ok ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(good, 300);
}

TEST_F(CompactImagesTest, AnErrorOfTheFlashIsNoBadImage) {
  install(0, loaded().build());
  CompactImages<false> images{flash_, regions_};
  for (std::uint32_t n = 0; n < 5; ++n) {
    flash_.fail_read_at(n, Status::flash_read_failed);
    EXPECT_EQ(images.check(layout_.slots[0], buffer_), Status::flash_read_failed) << n;
  }
}

}  // namespace
}  // namespace dualbank::tests
