// ELF files of any bytes: their parts lie within the file, and an image that is made of one verifies.
#include "dualbank/formats/elf.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/image_writer.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {

namespace {

void look_at(Bytes input) {
  for (const auto address : {ElfFile::Address::run, ElfFile::Address::load}) {
    const auto file = ElfFile::parse(input, address);
    if (!file) continue;
    require(!file->parts().empty(), "a file without parts is refused");
    for (const ElfPart& part : file->parts()) {
      require(!part.bytes.empty() && part.bytes.data() >= input.data() &&
                  part.bytes.data() + part.bytes.size() <= input.data() + input.size(),
              "a part lies in the file");
    }
  }
  constexpr std::uint32_t kMostBytes = 0x1'4000;
  for (const std::uint16_t chip : {std::uint16_t{5}, std::uint16_t{9}}) {
    const ImageRecipe recipe{.chip_id = chip, .elf = input, .slot_bytes = kMostBytes};
    const auto plan = plan_image(recipe);
    if (!plan || plan->length_bytes > kMostBytes) continue;
    std::vector<std::byte> image(plan->length_bytes);
    const auto length = write_image(recipe, image);
    require(length.has_value() && *length == plan->length_bytes, "what is planned is made");
    ImageVerifier verifier{ImageRules::strict(chip, kMostBytes, 0)};
    require(verifier.feed(image) == Status::ok && verifier.done(), "an image that is made verifies");
  }
}

// A file whose headers are right and whose segments, sections among them, are the input's: few bytes, many files.
std::vector<std::byte> file_of(Draw draw) {
  constexpr std::uint32_t kHeaderBytes = 52;
  constexpr std::uint32_t kEntryBytes = 32;
  constexpr std::uint32_t kSectionBytes = 40;
  const std::uint8_t how = draw.byte();
  const std::uint32_t segments = how & 7U;
  const std::uint32_t sections = how >> 3 & 7U;
  const std::uint32_t data = kHeaderBytes + segments * kEntryBytes + sections * kSectionBytes;
  std::vector<std::byte> file(data + 512);
  const auto put16 = [&](std::uint32_t at, std::uint32_t value) {
    file[at] = static_cast<std::byte>(value);
    file[at + 1] = static_cast<std::byte>(value >> 8);
  };
  const auto put32 = [&](std::uint32_t at, std::uint32_t value) {
    put16(at, value);
    put16(at + 2, value >> 16);
  };
  constexpr std::array<std::uint32_t, 8> kRegions{0x3C00'0020, 0x3C01'0000, 0x4200'0020, 0x4201'0000,
                                                  0x3FC8'8000, 0x4037'4000, 0x0000'0000, 0x2000'0000};
  const auto address = [&] { return kRegions[draw.byte() & 7U] + draw.byte() * 4U; };
  put32(0, kElfMagic);
  file[4] = file[5] = file[6] = std::byte{1};
  put16(16, 2);
  put16(18, (how & 64) != 0 ? elf_machine::kXtensa : elf_machine::kRiscV);
  put32(20, 1);
  put32(24, address());
  put32(28, kHeaderBytes);
  put32(32, sections == 0 ? 0 : kHeaderBytes + segments * kEntryBytes);
  put16(40, kHeaderBytes);
  put16(42, kEntryBytes);
  put16(44, segments);
  put16(46, kSectionBytes);
  put16(48, sections);
  for (std::uint32_t i = 0; i < segments; ++i) {
    const std::uint32_t at = kHeaderBytes + i * kEntryBytes;
    put32(at, draw.byte() & 1U);
    put32(at + 4, data + draw.byte());
    const std::uint32_t where = address();
    put32(at + 8, where);
    put32(at + 12, where);
    put32(at + 16, draw.byte());
    put32(at + 20, draw.byte());
  }
  for (std::uint32_t i = 0; i < sections; ++i) {
    const std::uint32_t at = kHeaderBytes + segments * kEntryBytes + i * kSectionBytes;
    put32(at + 4, draw.byte() & 15U);
    put32(at + 8, draw.byte() & 7U);
    put32(at + 12, address());
    put32(at + 16, data + draw.byte());
    put32(at + 20, draw.byte());
  }
  std::ranges::copy(draw.bytes(512), file.begin() + data);
  return file;
}

}  // namespace

void elf(Bytes input) {
  look_at(input);
  look_at(file_of(Draw{input}));
}

}  // namespace dualbank::fuzz
