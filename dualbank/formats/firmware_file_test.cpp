#include "dualbank/formats/firmware_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "dualbank/formats/app_image.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::bytes_of;
using tests::ByteVector;
using tests::ImageBuilder;
using tests::random_bytes;

void place(ByteVector& file, std::size_t offset, const ByteVector& bytes) {
  if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size(), std::byte{0xFF});
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
}

ByteVector row(int type, int subtype, std::uint32_t offset, std::uint32_t size, std::string_view label) {
  ByteVector out = bytes_of({0xAA, 0x50, type, subtype});
  for (const std::uint32_t value : {offset, size}) {
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  const ByteVector text = bytes_of(label);
  out.insert(out.end(), text.begin(), text.end());
  out.resize(32);
  return out;
}

ByteVector table_of(const std::vector<ByteVector>& rows) {
  ByteVector out;
  for (const ByteVector& r : rows) out.insert(out.end(), r.begin(), r.end());
  out.resize(0xC00, std::byte{0xFF});
  return out;
}

/// CircuitPython's layout for 8 MB with a UF2 bootloader, its MD5 as the vendor's tool computes it.
ByteVector circuitpython_8mb() {
  ByteVector md5 = bytes_of({0xEB, 0xEB});
  md5.resize(16, std::byte{0xFF});
  const ByteVector digest = bytes_of({0x67, 0x2A, 0x75, 0xDD, 0xEC, 0xBC, 0xEC, 0xE1,  //
                                      0x13, 0x6B, 0x89, 0xCF, 0x7F, 0xCC, 0x27, 0xB7});
  md5.insert(md5.end(), digest.begin(), digest.end());
  return table_of({row(1, 2, 0x9000, 0x5000, "nvs"), row(1, 0, 0xE000, 0x2000, "otadata"),
                   row(0, 0x10, 0x10000, 0x200000, "ota_0"), row(0, 0x11, 0x210000, 0x200000, "ota_1"),
                   row(0, 0, 0x410000, 0x40000, "uf2"), row(1, 0x81, 0x450000, 0x3B0000, "user_fs"), md5});
}

ByteVector bootloader(std::uint16_t chip) { return ImageBuilder().chip(chip).bootloader().build(); }

ByteVector app(std::uint16_t chip) {
  return ImageBuilder().chip(chip).version("9.2.8").project("circuitpython").build();
}

struct Joined {
  std::uint16_t chip = 9;
  std::size_t bootloader_at = 0;
};

/// As CircuitPython publishes it: bootloader, table, app, and no byte more.
ByteVector joined(const Joined& j = {}) {
  ByteVector file;
  place(file, j.bootloader_at, bootloader(j.chip));
  place(file, 0x8000, circuitpython_8mb());
  place(file, 0x10000, app(j.chip));
  return file;
}

Event error_of(const ByteVector& file) { return find_app(file).error(); }

Event expected(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

Status verify(Bytes image, std::uint16_t chip) {
  ImageVerifier verifier(ImageRules::strict(chip, 0x200000));
  const Status s = verifier.feed(image);
  return s != Status::ok ? s : verifier.done() ? Status::ok : verifier.truncated().code;
}

// ---- what it is

TEST(RecogniseFirmware, KnowsEachKind) {
  ByteVector dump = joined();
  dump.resize(0x800000, std::byte{0xFF});
  const struct {
    FirmwareKind kind;
    ByteVector file;
  } cases[] = {
      {FirmwareKind::app_image, app(9)},
      {FirmwareKind::joined, joined()},
      {FirmwareKind::whole_flash, dump},
      {FirmwareKind::bootloader_only, bootloader(9)},
      {FirmwareKind::partition_table, circuitpython_8mb()},
      {FirmwareKind::uf2, bytes_of({0x55, 0x46, 0x32, 0x0A, 0x57, 0x51, 0x5D, 0x9E})},
      {FirmwareKind::elf, bytes_of({0x7F, 'E', 'L', 'F'})},
      {FirmwareKind::unknown, random_bytes(2 << 20, 3)},
      {FirmwareKind::unknown, {}},
      {FirmwareKind::unknown, ByteVector(0x20000, std::byte{0xFF})},
      {FirmwareKind::unknown, ByteVector(0x20000, std::byte{0x00})},
      {FirmwareKind::unknown, bytes_of({0x55, 0x46, 0x32, 0x0A})},
  };
  for (const auto& c : cases) EXPECT_EQ(recognise_firmware(c.file), c.kind) << kind_name(c.kind);
}

TEST(RecogniseFirmware, TellsAJoinedFileFromAnAppOnEveryChip) {
  for (const Chip& chip : all_chips()) {
    if (!is_vendor_chip(chip.id)) continue;
    const ByteVector file = joined({.chip = chip.id, .bootloader_at = chip.bootloader_offset});
    EXPECT_EQ(file[0], chip.bootloader_offset == 0 ? std::byte{0xE9} : std::byte{0xFF}) << chip.name;
    EXPECT_EQ(recognise_firmware(file), FirmwareKind::joined) << chip.name;
    EXPECT_EQ(recognise_firmware(app(chip.id)), FirmwareKind::app_image) << chip.name;
  }
}

TEST(RecogniseFirmware, AnAppStaysAnAppWhateverItCarriesAtTheTablesPlace) {
  ByteVector file = ImageBuilder().payload(random_bytes(0x10000, 1)).build();
  place(file, 0x8000, circuitpython_8mb());
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::app_image);
}

TEST(RecogniseFirmware, AnImageWithoutDescriptorIsTakenForAnApp) {
  EXPECT_EQ(recognise_firmware(ImageBuilder().no_descriptor().build()), FirmwareKind::app_image);
  EXPECT_EQ(recognise_firmware(bytes_of({0xE9})), FirmwareKind::app_image);
}

TEST(RecogniseFirmware, AnImageOfAnotherPlatformIsNoBootloader) {
  ByteVector file = ImageBuilder().chip(kNoVendorChip).no_descriptor().payload(random_bytes(0x10000, 1)).build();
  place(file, 0x8000, bytes_of({0xAA, 0x50}));
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::app_image) << "two bytes at that place are no table";
}

TEST(RecogniseFirmware, ABootloaderAtItsPlaceWithoutATable) {
  ByteVector file;
  place(file, 0x1000, bootloader(0));
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::bootloader_only);
  file[0x500] = std::byte{0};
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::unknown) << "what stands before it is no blank flash";
}

TEST(RecogniseFirmware, AFlashWithoutBootloaderIsKnownByItsTable) {
  ByteVector file(0x8000, std::byte{0xFF});
  place(file, 0x8000, circuitpython_8mb());
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::joined);
  file[0x8000 + 5] = std::byte{1};
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::joined)
      << "the table is damaged, and says so when the app is asked for";
  file[0] = std::byte{0};
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::unknown);
}

TEST(RecogniseFirmware, LooksForTheTableWhereItIsTold) {
  ByteVector file = bootloader(9);
  place(file, 0x10000, circuitpython_8mb());
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::bootloader_only);
  EXPECT_EQ(recognise_firmware(file, 0x10000), FirmwareKind::joined);
}

TEST(RecogniseFirmware, EveryKindHasAName) {
  EXPECT_STREQ(kind_name(FirmwareKind::app_image), "app image");
  EXPECT_STREQ(kind_name(FirmwareKind::joined), "joined file");
  EXPECT_STREQ(kind_name(FirmwareKind::whole_flash), "whole flash");
  EXPECT_STREQ(kind_name(FirmwareKind::bootloader_only), "bootloader");
  EXPECT_STREQ(kind_name(FirmwareKind::partition_table), "partition table");
  EXPECT_STREQ(kind_name(FirmwareKind::uf2), "UF2 file");
  EXPECT_STREQ(kind_name(FirmwareKind::elf), "ELF file");
  EXPECT_STREQ(kind_name(FirmwareKind::unknown), "unknown file");
}

// ---- the app in it

TEST(FindApp, InAnAppImageIsAllOfIt) {
  const ByteVector file = app(5);
  const auto view = find_app(file);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->kind, FirmwareKind::app_image);
  EXPECT_EQ(view->app.data(), file.data());
  EXPECT_EQ(view->app.size(), file.size());
  EXPECT_EQ(view->chip_id, 5);
  EXPECT_FALSE(view->has_signature);
}

TEST(FindApp, LeavesOutWhatFollowsTheImage) {
  const std::size_t length = app(5).size();
  const ByteVector file =
      ImageBuilder().chip(5).version("9.2.8").project("circuitpython").trailing(random_bytes(100, 1)).build();
  ASSERT_EQ(file.size(), length + 100);
  EXPECT_EQ(find_app(file)->app.size(), length);
  EXPECT_EQ(verify(find_app(file)->app, 5), Status::ok);
}

TEST(FindApp, LeavesOutWhatFollowsAnImageWithoutHash) {
  const ByteVector bare = ImageBuilder().no_hash().build();
  const ByteVector file = ImageBuilder().no_hash().trailing(random_bytes(64, 1)).build();
  EXPECT_EQ(find_app(file)->app.size(), bare.size());
}

TEST(FindApp, OfATruncatedImageIsWhatThereIs) {
  const ByteVector file = ImageBuilder().truncate(400).build();
  const auto view = find_app(file);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->app.size(), 400u);
  EXPECT_EQ(verify(view->app, 9), Status::image_truncated);
  const ByteVector tiny = ImageBuilder().truncate(10).build();
  EXPECT_EQ(find_app(tiny)->app.size(), 10u);
  EXPECT_EQ(find_app(tiny)->chip_id, kAnyChip);
}

TEST(FindApp, WithHeadersThatMakeNoSenseIsTheWholeFile) {
  ByteVector file = ImageBuilder().segment_count(17).build();
  EXPECT_EQ(find_app(file)->app.size(), file.size());
  file = ImageBuilder().segment_count(2).no_hash().build();
  EXPECT_EQ(find_app(file)->app.size(), file.size());
  file = app(9);
  std::memset(file.data() + 24 + 4, 0xFF, 4);  // the first segment's length
  EXPECT_EQ(find_app(file)->app.size(), file.size());
}

TEST(FindApp, KeepsTheSignatureBehindTheImage) {
  for (const int version : {2, 3}) {
    ByteVector file = app(9);
    const std::size_t length = file.size();
    ByteVector sector = bytes_of({0xE7, version});
    sector.resize(0x1000);
    place(file, 0x1000, sector);
    EXPECT_TRUE(find_app(file)->has_signature);
    EXPECT_EQ(find_app(file)->app.size(), 0x2000U);
    file[0x1001] = std::byte{4};
    EXPECT_FALSE(find_app(file)->has_signature);
    EXPECT_EQ(find_app(file)->app.size(), length);
    file[0x1001] = std::byte{2};
    file.pop_back();
    EXPECT_FALSE(find_app(file)->has_signature) << "a part of a sector";
  }
}

TEST(FindApp, InAJoinedFileIsAt0x10000OnEveryChip) {
  for (const Chip& chip : all_chips()) {
    if (!is_vendor_chip(chip.id)) continue;
    const ByteVector file = joined({.chip = chip.id, .bootloader_at = chip.bootloader_offset});
    const auto view = find_app(file);
    ASSERT_TRUE(view) << chip.name;
    EXPECT_EQ(view->kind, FirmwareKind::joined);
    EXPECT_EQ(view->app_offset, 0x10000u);
    EXPECT_EQ(view->app.data(), file.data() + 0x10000);
    EXPECT_EQ(view->app.size(), app(chip.id).size());
    EXPECT_EQ(view->chip_id, chip.id);
    EXPECT_EQ(verify(view->app, chip.id), Status::ok) << chip.name;
  }
}

TEST(FindApp, InAWholeFlashEndsWithTheImage) {
  ByteVector file = joined();
  file.resize(0x800000, std::byte{0xFF});
  const auto view = find_app(file);
  EXPECT_EQ(view->kind, FirmwareKind::whole_flash);
  EXPECT_EQ(view->app_offset, 0x10000u);
  EXPECT_EQ(view->app.size(), app(9).size());
}

TEST(FindApp, ThatIsDamagedIsFoundAndFoundDamaged) {
  ByteVector file = joined();
  file[0x10000] = std::byte{0x00};
  ASSERT_TRUE(find_app(file));
  EXPECT_EQ(find_app(file)->app_offset, 0x10000u);
  EXPECT_EQ(find_app(file)->chip_id, kAnyChip);
  EXPECT_EQ(verify(find_app(file)->app, 9), Status::image_no_magic);

  file = joined();
  file[0x10000 + 300] ^= std::byte{1};
  EXPECT_EQ(verify(find_app(file)->app, 9), Status::image_checksum_mismatch);

  file = joined();
  file.resize(file.size() - 40);
  EXPECT_EQ(verify(find_app(file)->app, 9), Status::image_truncated);
}

TEST(FindApp, NeverReachesBeyondItsPartition) {
  ByteVector file = bootloader(9);
  place(file, 0x8000, table_of({row(0, 0x10, 0x10000, 0x1000, "ota_0"), row(0, 0x11, 0x20000, 0x1000, "ota_1")}));
  place(file, 0x10000, ImageBuilder().payload(random_bytes(0x3000, 1)).build());
  const auto view = find_app(file);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->app.size(), 0x1000u);
}

TEST(FindApp, TakesTheFactoryAppWhereOta0IsBlankOrNotThere) {
  const ByteVector table = table_of({row(0, 0, 0x10000, 0x10000, "factory"), row(0, 0x10, 0x20000, 0x10000, "ota_0"),
                                     row(0, 0x11, 0x30000, 0x10000, "ota_1")});
  ByteVector file = bootloader(9);
  place(file, 0x8000, table);
  place(file, 0x10000, app(9));
  EXPECT_EQ(find_app(file)->app_offset, 0x10000u) << "the file ends before ota_0";
  file.resize(0x28000, std::byte{0xFF});
  EXPECT_EQ(find_app(file)->app_offset, 0x10000u) << "ota_0 is blank";
  place(file, 0x20000, app(9));
  EXPECT_EQ(find_app(file)->app_offset, 0x20000u) << "ota_0 goes first";
}

TEST(FindApp, TakesTheFirstOfTheOtherAppsInTableOrder) {
  const ByteVector table = table_of({row(0, 0x30, 0x10000, 0x10000, "tee"), row(0, 0x20, 0x20000, 0x10000, "test"),
                                     row(0, 0x11, 0x30000, 0x10000, "ota_1"), row(1, 0x06, 0x40000, 0x1000, "data")});
  ByteVector file = bootloader(9);
  place(file, 0x8000, table);
  for (const std::size_t at : std::initializer_list<std::size_t>{0x10000, 0x20000, 0x30000}) place(file, at, app(9));
  EXPECT_EQ(find_app(file)->app_offset, 0x20000u);
}

TEST(FindApp, InAUf2FileComesInPieces) {
  const ByteVector file = bytes_of({0x55, 0x46, 0x32, 0x0A, 0x57, 0x51, 0x5D, 0x9E});
  const auto view = find_app(file);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->kind, FirmwareKind::uf2);
  EXPECT_TRUE(view->app.empty());
}

// ---- there is none

TEST(FindAppErrors, SayWhatTheFileIs) {
  EXPECT_EQ(error_of(bootloader(9)), expected(Status::image_is_bootloader));
  EXPECT_EQ(error_of(circuitpython_8mb()), expected(Status::file_is_partition_table));
  EXPECT_EQ(error_of(bytes_of({0x7F, 'E', 'L', 'F', 1})), expected(Status::file_is_elf));
  EXPECT_EQ(error_of({}), expected(Status::image_too_short, 0, 288));
  EXPECT_EQ(error_of(bytes_of("hello")), expected(Status::image_too_short, 5, 288));
  EXPECT_EQ(error_of(ByteVector(0x20000, std::byte{0xFF})), expected(Status::file_unknown, 0xFFFFFFFF));
  ByteVector html = bytes_of("<html>");
  html.resize(500, std::byte{' '});
  EXPECT_EQ(error_of(html), expected(Status::file_unknown, 0x6D74683C));
}

TEST(FindAppErrors, AJoinedFileWithoutItsTable) {
  ByteVector file = joined();
  std::fill(file.begin() + 0x8000, file.begin() + 0x8C00, std::byte{0x11});
  EXPECT_EQ(error_of(file), expected(Status::table_missing, 0x8000, 0x11111111));
}

TEST(FindAppErrors, AJoinedFileWithADamagedTable) {
  ByteVector file = joined();
  file[0x8000 + 0x44] ^= std::byte{1};
  EXPECT_EQ(recognise_firmware(file), FirmwareKind::joined);
  EXPECT_EQ(error_of(file).code, Status::table_md5_mismatch);
}

TEST(FindAppErrors, AJoinedFileCutWithinItsTable) {
  ByteVector file = joined();
  file.resize(0x8050);
  EXPECT_EQ(error_of(file), expected(Status::table_no_end, 2));
}

TEST(FindAppErrors, AJoinedFileCutBeforeItsApp) {
  ByteVector file = joined();
  file.resize(0x10000);
  EXPECT_EQ(error_of(file), expected(Status::file_ends_before_app, 0x10000, 0x10000));
}

TEST(FindAppErrors, AWholeFlashWithNothingInItsApps) {
  ByteVector file = bootloader(9);
  place(file, 0x8000, circuitpython_8mb());
  file.resize(0x800000, std::byte{0xFF});
  EXPECT_EQ(error_of(file), expected(Status::file_no_app, 0x8000, 3));
}

TEST(FindAppErrors, ATableWithoutApps) {
  ByteVector file = bootloader(9);
  place(file, 0x8000, table_of({row(1, 2, 0x9000, 0x5000, "nvs"), row(0, 0x10, 0x10000, 0, "none")}));
  file.resize(0x20000, std::byte{0});
  EXPECT_EQ(error_of(file), expected(Status::file_no_app, 0x8000, 0));
}

}  // namespace
}  // namespace dualbank
