#include "dualbank/formats/elf.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "dualbank/formats/chip.hpp"
#include "tests/support/elf_builder.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::bytes_of;
using tests::ByteVector;
using tests::ElfBuilder;

Event error_of(const ByteVector& file) { return ElfFile::parse(file).error(); }

Event expected(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

ByteVector content(const ElfPart& part) { return {part.bytes.begin(), part.bytes.end()}; }

void put(ByteVector& file, std::size_t at, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) file[at + static_cast<std::size_t>(i)] = static_cast<std::byte>(value >> (8 * i));
}

// A whole file by hand: header, four bytes of code, one program header.
TEST(ElfFile, ReadsTheSmallestFileThereIs) {
  const ByteVector file = bytes_of({
      0x7F, 'E',  'L',  'F',  0x01, 0x01, 0x01, 0,    0,    0, 0, 0, 0,    0,    0,    0,     // ident
      0x02, 0x00, 0xF3, 0x00, 0x01, 0x00, 0x00, 0x00,                                         // executable, RISC-V
      0x00, 0x00, 0x38, 0x40, 0x38, 0x00, 0x00, 0x00, 0,    0, 0, 0, 0x00, 0x00, 0x00, 0x00,  // entry, phoff, shoff
      0x34, 0x00, 0x20, 0x00, 0x01, 0x00, 0x28, 0x00, 0,    0, 0, 0,                          // sizes and counts
      0x13, 0x00, 0x00, 0x00,                                                                 // nop
      0x01, 0x00, 0x00, 0x00, 0x34, 0x00, 0x00, 0x00,                                         // PT_LOAD at 0x34
      0x00, 0x00, 0x38, 0x40, 0x00, 0x00, 0x00, 0x10, 0x04, 0, 0, 0, 0x00, 0x01, 0x00, 0x00,
      0x05, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
  });
  const auto elf = ElfFile::parse(file);
  ASSERT_TRUE(elf) << static_cast<int>(elf.error().code);
  EXPECT_EQ(elf->machine, elf_machine::kRiscV);
  EXPECT_EQ(elf->entry_address, 0x40380000u);
  ASSERT_EQ(elf->parts().size(), 1u);
  EXPECT_EQ(elf->parts()[0].address, 0x40380000u) << "where it runs, not where it is stored (0x10000000)";
  EXPECT_EQ(content(elf->parts()[0]), bytes_of({0x13, 0, 0, 0}));
}

TEST(ElfFile, TakesAllocatedSectionsWithBytes) {
  const auto file =
      ElfBuilder()
          .entry(0x42000100)
          .section(0x42000020, bytes_of("code"))
          .section({.address = 0x3FC80000, .data = {}, .type = 8, .flags = 3, .memory_bytes = 0x1000})  // .bss
          .section({.address = 0, .data = bytes_of("debug"), .flags = 0})
          .section({.address = 0x3FC90000, .data = bytes_of("init"), .type = 14, .flags = 3})
          .build();
  const auto elf = ElfFile::parse(file);
  ASSERT_TRUE(elf);
  EXPECT_EQ(elf->entry_address, 0x42000100u);
  ASSERT_EQ(elf->parts().size(), 2u);
  EXPECT_EQ(elf->parts()[0].address, 0x42000020u);
  EXPECT_EQ(content(elf->parts()[0]), bytes_of("code"));
  EXPECT_EQ(elf->parts()[1].address, 0x3FC90000u);
  EXPECT_EQ(content(elf->parts()[1]), bytes_of("init"));
}

TEST(ElfFile, PrefersSectionsToSegments) {
  const auto file =
      ElfBuilder().segment(0x42000000, bytes_of("ELF header and code")).section(0x42000020, bytes_of("code")).build();
  const auto elf = ElfFile::parse(file);
  ASSERT_EQ(elf->parts().size(), 1u);
  EXPECT_EQ(elf->parts()[0].address, 0x42000020u);
}

TEST(ElfFile, WithoutSectionHeadersTakesLoadableSegments) {
  const auto file = ElfBuilder()
                        .segment(0x42000020, bytes_of("code"), 0x10000020)
                        .segment({.address = 0x1000, .data = bytes_of("note"), .type = 4})
                        .segment(0x3FC80000, {})
                        .build();
  const auto elf = ElfFile::parse(file);
  ASSERT_EQ(elf->parts().size(), 1u);
  EXPECT_EQ(elf->parts()[0].address, 0x42000020u);
  EXPECT_EQ(content(elf->parts()[0]), bytes_of("code"));
}

TEST(ElfFile, PartsLieWithinTheFile) {
  const auto file = ElfBuilder().section(0x1000, bytes_of("abcd")).build();
  const auto elf = ElfFile::parse(file);
  EXPECT_EQ(elf->parts()[0].bytes.data(), file.data() + 52);
}

TEST(ElfFile, HoldsUpTo64Parts) {
  ElfBuilder builder;
  for (std::uint32_t i = 0; i < 64; ++i) builder.section(0x1000 * i, bytes_of("data"));
  EXPECT_EQ(ElfFile::parse(builder.build())->parts().size(), 64u);
  builder.section(0x100000, bytes_of("data"));
  EXPECT_EQ(error_of(builder.build()), expected(Status::elf_too_many_parts, 64));
}

// ---- every bad file has its own error

TEST(ElfErrors, NoElfFile) {
  EXPECT_EQ(error_of(bytes_of({0xE9, 1, 2, 3, 4})), expected(Status::elf_no_magic, 0x030201E9));
  EXPECT_EQ(error_of({}), expected(Status::elf_no_magic));
  EXPECT_EQ(error_of(bytes_of({0x7F, 'E'})), expected(Status::elf_no_magic));
}

TEST(ElfErrors, AFileForAPc) {
  ByteVector file = ElfBuilder().section(0x1000, bytes_of("code")).build();
  file[4] = std::byte{2};
  EXPECT_EQ(error_of(file), expected(Status::elf_not_32_bit, 2));
}

TEST(ElfErrors, BigEndian) {
  ByteVector file = ElfBuilder().section(0x1000, bytes_of("code")).build();
  file[5] = std::byte{2};
  EXPECT_EQ(error_of(file), expected(Status::elf_not_little_endian, 2));
}

TEST(ElfErrors, ObjectFilesAndLibrariesHaveNoFinalAddresses) {
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{0, 1, 3, 4}) {
    EXPECT_EQ(error_of(ElfBuilder().type(type).section(0, bytes_of("code")).build()),
              expected(Status::elf_no_segments));
  }
}

TEST(ElfErrors, NothingToLoad) {
  EXPECT_EQ(error_of(ElfBuilder().build()), expected(Status::elf_no_segments));
  const auto only_debug = ElfBuilder().section({.address = 0, .data = bytes_of("debug"), .flags = 0}).build();
  EXPECT_EQ(error_of(only_debug), expected(Status::elf_no_segments));
  const auto no_load = ElfBuilder().segment({.address = 0, .data = bytes_of("note"), .type = 4}).build();
  EXPECT_EQ(error_of(no_load), expected(Status::elf_no_segments));
}

TEST(ElfErrors, CutAnywhereIsAnErrorAndNeverReadBeyond) {
  const ByteVector whole = ElfBuilder()
                               .segment(0x1000, bytes_of("segment"))
                               .section(0x1000, bytes_of("code"))
                               .section(0x2000, bytes_of("data"))
                               .build();
  ASSERT_TRUE(ElfFile::parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const Status code = error_of(cut).code;
    EXPECT_EQ(code, size < 4 ? Status::elf_no_magic : Status::elf_truncated) << size;
  }
}

TEST(ElfErrors, TruncatedNamesWhatIsMissing) {
  ByteVector file = ElfBuilder().segment(0x1000, bytes_of("code")).build();  // 52 + 4 + 32
  EXPECT_EQ(error_of({file.begin(), file.begin() + 20}), expected(Status::elf_truncated, 20, 52, 0));
  EXPECT_EQ(error_of({file.begin(), file.begin() + 80}), expected(Status::elf_truncated, 80, 32, 56));
  put(file, 56 + 16, 0xFFFFFFF0, 4);
  EXPECT_EQ(error_of(file), expected(Status::elf_truncated, 88, 0xFFFFFFF0, 52));
  put(file, 28, 0xFFFFFFFF, 4);
  EXPECT_EQ(error_of(file), expected(Status::elf_truncated, 88, 32, 0xFFFFFFFF));
}

TEST(ElfErrors, TablesWithEntriesOfAnotherSize) {
  ByteVector segments = ElfBuilder().segment(0x1000, bytes_of("code")).build();
  put(segments, 42, 56, 2);
  EXPECT_EQ(error_of(segments), expected(Status::elf_bad_table, 56, 32));
  ByteVector sections = ElfBuilder().section(0x1000, bytes_of("code")).build();
  put(sections, 46, 0, 2);
  EXPECT_EQ(error_of(sections), expected(Status::elf_bad_table, 0, 40));
}

TEST(MachineOfChip, IsXtensaOnTheOldChipsAndRiscVOnTheNewOnes) {
  for (const Chip& chip : all_chips()) {
    const bool xtensa = chip.id == 0 || chip.id == 2 || chip.id == 9;
    const std::uint16_t machine = !is_vendor_chip(chip.id) ? 0 : xtensa ? 94 : 243;
    EXPECT_EQ(machine_of_chip(chip.id), machine) << chip.name;
  }
  EXPECT_EQ(machine_of_chip(kAnyChip), 0);
  EXPECT_EQ(machine_of_chip(7), 0);
}

}  // namespace
}  // namespace dualbank
