// Stand-in, see README.md.
#pragma once

extern "C" [[noreturn]] void esp_restart(void);
