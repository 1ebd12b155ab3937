#include "dualbank/sim/firmware_image.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "dualbank/formats/app_descriptor.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/image_writer.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kRamAddress = 0x3FC9'0000;
constexpr std::uint32_t kShortest = 512;

// xorshift64: the same filling for the same version, on every machine.
class Filling {
 public:
  Filling(std::string_view version, std::uint64_t filling) : state_(0xCBF2'9CE4'8422'2325 + filling) {
    for (const char c : version) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3;
  }
  std::byte next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::byte>(state_ >> 24);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

std::vector<std::byte> firmware_image(std::string_view version, std::uint32_t length_bytes, std::uint64_t filling_of,
                                      std::uint32_t secure_version) {
  if (length_bytes < kShortest || length_bytes % 16 != 0) {
    throw std::invalid_argument("firmware_image: the length must be a multiple of 16, 512 at least");
  }
  AppDescriptor descriptor{.secure_version = secure_version};
  std::copy_n(version.begin(), std::min<std::size_t>(version.size(), 31), descriptor.version.begin());
  constexpr std::string_view kProject = "sim";
  std::copy(kProject.begin(), kProject.end(), descriptor.project_name.begin());

  constexpr std::uint32_t kAround = kImageHeaderBytes + kSegmentHeaderBytes + 16 + kImageHashBytes;
  std::vector<std::byte> payload(length_bytes - kAround);
  descriptor.store(payload);
  Filling filling{version, filling_of};
  std::generate(payload.begin() + kAppDescriptorBytes, payload.end(), [&] { return filling.next(); });

  std::vector<std::byte> image(length_bytes);
  const auto written =
      write_image({.chip_id = kFirmwareChip, .payload = payload, .payload_address = kRamAddress}, image);
  if (!written || *written != length_bytes) throw std::logic_error("firmware_image: not the length that was planned");
  return image;
}

}  // namespace dualbank::sim
