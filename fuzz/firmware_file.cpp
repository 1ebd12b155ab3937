// Files of any bytes: whatever is taken for an app lies within the file.
#include "dualbank/formats/firmware_file.hpp"

#include "fuzz/target.hpp"

namespace dualbank::fuzz {

void firmware_file(Bytes input) {
  // A table this near lets short inputs be joined files.
  for (const std::uint32_t table : {0x400U, kUsualTableOffset}) {
    const FirmwareKind kind = recognise_firmware(input, table);
    require(kind_name(kind) != nullptr, "every kind has a name");
    const auto view = find_app(input, table);
    if (!view) {
      require(view.error().failed(), "what is not found has a reason");
      continue;
    }
    require(view->kind == kind, "both say the same kind");
    if (view->app.empty()) continue;
    require(view->app.data() == input.data() + view->app_offset, "the app is where it is said to be");
    require(view->app_offset + view->app.size() <= input.size(), "the app ends with the file at the latest");
  }
}

}  // namespace dualbank::fuzz
