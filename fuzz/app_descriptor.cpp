// Descriptors of any bytes: text that ends, and the same again.
#include "dualbank/formats/app_descriptor.hpp"

#include <algorithm>
#include <array>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {

void app_descriptor(Bytes input) {
  std::array<std::byte, kAppDescriptorBytes> bytes{};
  std::ranges::copy(input.first(std::min<std::size_t>(input.size(), bytes.size())), bytes.begin());
  static_cast<void>(AppDescriptor::present(input));
  const AppDescriptor descriptor = AppDescriptor::parse(bytes);
  require(descriptor.version.back() == 0 && descriptor.project_name.back() == 0 && descriptor.time.back() == 0 &&
              descriptor.date.back() == 0 && descriptor.idf_version.back() == 0,
          "every text ends");
  std::array<std::byte, kAppDescriptorBytes> first{}, second{};
  descriptor.store(first);
  require(AppDescriptor::present(first), "what is stored is a descriptor");
  AppDescriptor::parse(first).store(second);
  require(first == second, "a descriptor is read as it was written");
}

}  // namespace dualbank::fuzz
