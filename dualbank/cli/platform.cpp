#include "dualbank/cli/platform.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "dualbank/cli/describe.hpp"

namespace dualbank::cli {
namespace {

// The name given to project() in each platform's top CMakeLists.txt; Arduino's libraries come from that builder.
constexpr std::array<std::pair<std::string_view, Platform>, 4> kProjects{{
    {"circuitpython", Platform::circuitpython},
    {"micropython", Platform::micropython},
    {"arduino-lib-builder", Platform::arduino},
    {"tinyuf2", Platform::tinyuf2},
}};

}  // namespace

Platform platform_of(const ImageInfo& image) {
  if (!image.has_descriptor) return Platform::unknown;
  std::string project = printable(image.descriptor.project_name);
  std::transform(project.begin(), project.end(), project.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [name, platform] : kProjects) {
    if (project == name) return platform;
  }
  return image.descriptor.idf_version[0] != '\0' ? Platform::esp_idf : Platform::unknown;
}

std::string_view platform_name(Platform platform) {
  switch (platform) {
    case Platform::circuitpython:
      return "CircuitPython";
    case Platform::micropython:
      return "MicroPython";
    case Platform::arduino:
      return "Arduino";
    case Platform::tinyuf2:
      return "TinyUF2";
    case Platform::esp_idf:
      return "ESP-IDF project";
    case Platform::unknown:
      break;
  }
  return "";
}

bool comes_with_rollback(Platform platform) { return platform == Platform::micropython; }

}  // namespace dualbank::cli
