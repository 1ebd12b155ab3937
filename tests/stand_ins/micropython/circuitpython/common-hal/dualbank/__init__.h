// Stand-in, see ../../../README.md.
#pragma once

extern void dualbank_reset(void);
