#include "dualbank/cli/foreign.hpp"

namespace dualbank::cli {

void warn_of_foreign(Output& out, const ImageInfo& image) {
  Json warnings = Json::array();
  if (!image.header.has_hash)
    warnings.push_back("the image has no SHA-256: only a checksum of one byte tells whether it is whole");
  if (!image.has_descriptor)
    warnings.push_back("the image has no app descriptor: nothing tells its name, version or secure version");
  if (warnings.empty()) return;
  for (const Json& warning : warnings) out.note("warning: {}", warning.get<std::string>());
  out.result()["warnings"] = warnings;
}

}  // namespace dualbank::cli
