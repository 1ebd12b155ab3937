// Stand-in, see README.md.
#pragma once

enum pico_error_codes {
  PICO_OK = 0,
  PICO_ERROR_TIMEOUT = -1,
  PICO_ERROR_NOT_PERMITTED = -4,
  PICO_ERROR_INSUFFICIENT_RESOURCES = -9,
};
