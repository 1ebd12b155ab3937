// Which platform an image was built with, as far as its app descriptor tells.
#pragma once

#include <string_view>

#include "dualbank/formats/app_image.hpp"

namespace dualbank::cli {

enum class Platform : std::uint8_t {
  unknown,
  circuitpython,
  micropython,
  arduino,
  tinyuf2,
  esp_idf,  ///< a project of its own
};

[[nodiscard]] Platform platform_of(const ImageInfo& image);
/// "CircuitPython", ..., "ESP-IDF project"; empty for unknown.
[[nodiscard]] std::string_view platform_name(Platform platform);
/// True for platforms whose own bootloader is built with rollback.
[[nodiscard]] bool comes_with_rollback(Platform platform);

}  // namespace dualbank::cli
