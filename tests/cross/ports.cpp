// The ports that no other program here uses, compiled for a device; the vendors' headers are stand-ins.
#include "dualbank/ports/esp_idf/esp_idf_flash.hpp"
#include "dualbank/ports/esp_idf/esp_idf_options.hpp"
#include "dualbank/ports/rp2040/rp2040_flash.hpp"
#include "dualbank/ports/template/template_flash.hpp"

namespace {

constinit dualbank::ports::Rp2040Flash rp2040{0x20'0000};
constinit dualbank::ports::TemplateFlash mine;
constinit dualbank::ports::EspIdfFlash esp_idf;

}  // namespace

extern "C" dualbank::Flash* flash_of(bool is_rp2040) {
  if (is_rp2040) return &rp2040;
  return &mine;
}

extern "C" dualbank::Status open_esp_idf() {
  if (const dualbank::Status s = esp_idf.open(); s != dualbank::Status::ok) return s;
  dualbank::Updater updater{esp_idf, dualbank::ports::esp_idf_options()};
  return updater.open();
}
