// ELF files of any bytes: their parts lie within the file, and an image that is made of one verifies.
#include "dualbank/formats/elf.hpp"

#include <array>
#include <vector>

#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/image_writer.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {

void elf(Bytes input) {
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
  constexpr std::uint32_t kMostBytes = 0x10'0000;
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

}  // namespace dualbank::fuzz
