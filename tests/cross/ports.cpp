// The ports that no other program here uses, compiled for a device; the Pico SDK's headers are stand-ins.
#include "dualbank/ports/rp2040/rp2040_flash.hpp"
#include "dualbank/ports/template/template_flash.hpp"

namespace {

constinit dualbank::ports::Rp2040Flash rp2040{0x20'0000};
constinit dualbank::ports::TemplateFlash mine;

}  // namespace

extern "C" dualbank::Flash* flash_of(bool is_rp2040) {
  if (is_rp2040) return &rp2040;
  return &mine;
}
