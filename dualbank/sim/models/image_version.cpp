#include "dualbank/sim/models/image_version.hpp"

#include <array>
#include <cstdlib>

#include "dualbank/formats/app_descriptor.hpp"

namespace dualbank::sim {

std::optional<int> image_version(Flash& flash, std::uint32_t address) {
  std::array<std::byte, kAppDescriptorBytes> bytes{};
  if (flash.read(address + kAppDescriptorOffset, bytes) != Status::ok) return std::nullopt;
  return std::atoi(AppDescriptor::parse(bytes).version.data());
}

}  // namespace dualbank::sim
