// Stand-in, see README.md. Of chips without the accelerator's DMA, up to 5.4; what is used of it is the same.
#pragma once

#include <sha/sha_dma.h>
