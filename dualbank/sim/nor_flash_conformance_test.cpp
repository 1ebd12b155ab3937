#include <gtest/gtest.h>

#include "dualbank/sim/nor_flash.hpp"
#include "tests/conformance/flash_conformance.hpp"

namespace dualbank::tests {
namespace {

template <Geometry kGeometry>
class NorProvider {
 public:
  Flash& flash() { return flash_; }

 private:
  sim::NorFlash flash_{kGeometry};
};

using NorProviders = testing::Types<
    NorProvider<Geometry{.size_bytes = 0x2'0000, .erase_units = 0x1'1000}>,
    NorProvider<Geometry{.size_bytes = 0x3'0000, .erase_units = 0x1'9000}>,
    NorProvider<Geometry{.size_bytes = 0x1400, .erase_units = 0x600, .page_bytes = 64, .write_unit_bytes = 4}>,
    NorProvider<Geometry{.size_bytes = 0x4000, .write_unit_bytes = 2, .erased = std::byte{0}}>,
    NorProvider<Geometry{
        .size_bytes = 0x4000, .erase_units = 0x800, .page_bytes = 8, .write_unit_bytes = 8, .can_reprogram = false}>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Nor, FlashConformance, NorProviders);

}  // namespace
}  // namespace dualbank::tests
