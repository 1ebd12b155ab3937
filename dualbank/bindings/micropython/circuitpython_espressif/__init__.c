// The espressif port's half of CircuitPython's own module `dualbank`, in place of
// ports/espressif/common-hal/dualbank/__init__.c: its two functions as they are, with our behaviour and our texts.
#include <common-hal/dualbank/__init__.h>

#include <py/runtime.h>
#include <shared-bindings/dualbank/__init__.h>

#include "dualbank/bindings/micropython/dualbank/own_flash.h"

static dualbank_updater updater;
static dualbank_flash flash;
static bool is_open;

static void raise_unless_ok(dualbank_status status) {
  if (status == DUALBANK_OK) return;
  char text[320];
  const dualbank_event event = dualbank_last_event(&updater);
  // After an error of the flash it is to be opened anew.
  if (status >= DUALBANK_FLASH_READ_FAILED && status <= DUALBANK_POWER_LOST) is_open = false;
  mp_raise_msg_varg(&mp_type_RuntimeError, MP_ERROR_TEXT("%s"), dualbank_explain(&event, text, sizeof text));
}

static void open_flash(void) {
  if (is_open) return;
  dualbank_options options = dualbank_default_options();
  dualbank_own_flash(&flash, &options);
  raise_unless_ok(dualbank_open(&updater, &flash, &options));
  is_open = true;
}

// The end of a program. What was partly received stays: the next one goes on.
void dualbank_reset(void) {
  if (is_open) dualbank_pause(&updater);
  is_open = false;
}

// Offset 0 stands for none, as in the function that this one takes the place of: the bytes go after the last ones, or
// to the start when they begin an image.
void common_hal_dualbank_flash(const void* buf, const size_t len, const size_t offset) {
  open_flash();
  raise_unless_ok(offset == 0 ? dualbank_flash_next(&updater, buf, len)
                              : dualbank_flash_at(&updater, buf, len, offset));
}

void common_hal_dualbank_switch(void) {
  open_flash();
  raise_unless_ok(dualbank_switch(&updater));
}
