// Images of any bytes: in pieces of any size they are judged alike, and never is a byte beyond the slot wanted.
#include "dualbank/formats/app_image.hpp"

#include <algorithm>
#include <vector>

#include "dualbank/formats/image_writer.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

struct Verdict {
  Event error;
  bool done = false;
  std::uint32_t wanted = 0;

  bool operator==(const Verdict&) const = default;
};

Verdict verify(Bytes image, const ImageRules& rules, Draw sizes) {
  ImageVerifier verifier{rules};
  std::uint32_t fed = 0;
  while (verifier.wanted() > 0 && fed < image.size()) {
    require(verifier.wanted() <= rules.slot_bytes - fed, "no byte beyond the slot is wanted");
    const std::uint32_t most = std::min(verifier.wanted(), static_cast<std::uint32_t>(image.size()) - fed);
    const std::uint32_t size = sizes.empty() ? most : std::min<std::uint32_t>(most, 1U + sizes.byte());
    static_cast<void>(verifier.feed(image.subspan(fed, size)));
    fed += size;
  }
  require(!verifier.done() || !verifier.error().failed(), "an image with an error is not verified");
  return {verifier.error(), verifier.done(), verifier.wanted()};
}

}  // namespace

void app_image(Bytes input) {
  Draw draw{input};
  const std::uint8_t how = draw.byte();
  constexpr std::array<std::uint16_t, 4> kChips{kAnyChip, 0, 5, 9};
  ImageRules rules = (how & 4) != 0 ? ImageRules::strict(kChips[how & 3], 0x1'0000, 0x1'0000)
                                    : ImageRules::vendor(kChips[how & 3], 0x1'0000, 0x1'0000);
  if ((how & 8) != 0) rules.slot_bytes = 1024;
  const Draw sizes{draw.bytes(16)};
  Bytes image = draw.rest();
  // Bytes that are an image, but for one that is flipped or none.
  std::vector<std::byte> made;
  if ((how & 16) != 0 && !image.empty() && image.size() < 4096) {
    const ImageRecipe recipe{.chip_id = 9, .payload = image, .payload_address = 0x3FC8'8000};
    if (const auto bytes = image_bytes_needed(recipe)) {
      made.resize(*bytes);
      require(write_image(recipe, made).has_value(), "bytes for the RAM make an image");
      Draw place{sizes};
      const std::uint32_t at = place.word();
      if (at < made.size()) made[at] ^= std::byte{1};
      const Verdict verdict = verify(made, ImageRules::strict(9, 0x1'0000, 0x1'0000), Draw{{}});
      require(verdict.done == (at >= made.size()), "an image verifies until a bit of it flips");
      image = made;
    }
  }
  const Verdict whole = verify(image, rules, Draw{{}});
  require(verify(image, rules, sizes) == whole, "the size of the pieces changes nothing");
  if (image.size() < kImageStartBytes || rules.slot_bytes < kImageStartBytes) return;
  const auto start = check_image_start(image.first(kImageStartBytes), rules);
  if (!start) require(!whole.done, "what the start refuses does not verify");
}

}  // namespace dualbank::fuzz
