// The board behind the stand-ins of the SDK: a test fills it in.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <esp_partition.h>

extern struct esp_board {
  uint8_t* bytes;
  uint32_t size;
  bool encrypted;
  bool worn;  // programs change nothing, and fail
  const esp_partition_t* partitions;
  unsigned partition_count;
  const esp_partition_t* running;
} esp_board;
