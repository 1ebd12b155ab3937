#include <gtest/gtest.h>

#include "dualbank/engine/flash_checks.hpp"
#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"
#include "tests/conformance/flash_conformance.hpp"
#include "tests/support/wired_chip.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kWindowBytes = 0x2'0000;

/// The last part of a chip that is too large for tests that write all of it.
class LastPart final : public Flash {
 public:
  explicit LastPart(Flash& chip) : Flash(chip.geometry()), chip_(chip) {
    from_ = geometry_.size_bytes - kWindowBytes;
    geometry_.size_bytes = kWindowBytes;
  }
  Status read(std::uint32_t address, MutableBytes out) override {
    if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok) return s;
    return chip_.read(from_ + address, out);
  }
  Status program(std::uint32_t address, Bytes bytes) override {
    if (const Status s = check_range(geometry_, address, bytes.size()); s != Status::ok) return s;
    return chip_.program(from_ + address, bytes);
  }
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    if (const Status s = check_erase(geometry_, address, size_bytes); s == Status::flash_out_of_range) return s;
    return chip_.erase(from_ + address, size_bytes);
  }
  Status sync() override { return chip_.sync(); }

 private:
  Flash& chip_;
  std::uint32_t from_ = 0;
};

template <sim::SpiNorModel (*kModel)(), std::uint32_t kSizeBytes>
class ChipProvider {
 public:
  ChipProvider() { EXPECT_EQ(flash_.open(), Status::ok); }
  ~ChipProvider() {
    for (const sim::SpiViolation& v : chip_.violations()) {
      EXPECT_EQ(v.kind, sim::SpiViolation::Kind::sets_bits) << "at " << v.address;  // as one of the tests does
    }
  }
  Flash& flash() {
    if (flash_.geometry().size_bytes <= kWindowBytes) return flash_;
    if (!part_) part_.emplace(flash_);
    return *part_;
  }

 private:
  sim::SpiNorChip chip_{kModel().with_size(kSizeBytes), kClockHz};
  ChipBus bus_{chip_};
  ports::SpiNorFlash flash_{bus_, {.clock_hz = kClockHz}};
  std::optional<LastPart> part_;
};

using SpiNorProviders =
    testing::Types<ChipProvider<sim::w25q32, kWindowBytes>, ChipProvider<sim::is25wp256, kWindowBytes>,
                   ChipProvider<sim::is25wp256, 0x200'0000>, ChipProvider<sim::w25q256, 0x200'0000>>;
INSTANTIATE_TYPED_TEST_SUITE_P(SpiNor, FlashConformance, SpiNorProviders);

}  // namespace
}  // namespace dualbank::tests
