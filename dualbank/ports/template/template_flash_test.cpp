// The port on a computer: the vendor's functions on an array, and the suite that every port passes. On the device the
// same suite runs with the vendor's own functions where GoogleTest does; else try its list of cases by hand.
#include "dualbank/ports/template/template_flash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/conformance/flash_conformance.hpp"

namespace {

std::vector<std::byte> chip;
int answer = 0;

}  // namespace

extern "C" {
int vendor_flash_read(std::uint32_t address, void* out, std::uint32_t size_bytes) {
  std::memcpy(out, chip.data() + address, size_bytes);
  return answer;
}

int vendor_flash_program(std::uint32_t address, const void* bytes, std::uint32_t size_bytes) {
  const auto* from = static_cast<const std::byte*>(bytes);
  for (std::uint32_t i = 0; i < size_bytes; ++i) chip[address + i] &= from[i];
  return answer;
}

int vendor_flash_erase(std::uint32_t address, std::uint32_t size_bytes) {
  std::fill_n(chip.begin() + address, size_bytes, std::byte{0xFF});
  return answer;
}
}

namespace dualbank::tests {
namespace {

struct TemplateProvider {
  TemplateProvider() {
    chip.assign(port.geometry().size_bytes, std::byte{0xFF});
    answer = 0;
  }
  Flash& flash() { return port; }

  ports::TemplateFlash port;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Template, FlashConformance, TemplateProvider);

TEST(TemplateFlash, PassesTheVendorsErrorsOn) {
  TemplateProvider provider;
  std::byte b{};
  answer = -1;
  EXPECT_EQ(provider.port.read(0, {&b, 1}), Status::flash_read_failed);
  EXPECT_EQ(provider.port.program(0, {&b, 1}), Status::flash_program_failed);
  EXPECT_EQ(provider.port.erase(0, 0x1000), Status::flash_erase_failed);
}

}  // namespace
}  // namespace dualbank::tests
