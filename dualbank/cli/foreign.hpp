// Images of other platforms, which only --allow-foreign lets in.
#pragma once

#include "dualbank/cli/output.hpp"
#include "dualbank/formats/app_image.hpp"

namespace dualbank::cli {

/// A note, and "warnings" of the JSON, for each thing that an image lacks which is verified of others.
void warn_of_foreign(Output& out, const ImageInfo& image);

}  // namespace dualbank::cli
