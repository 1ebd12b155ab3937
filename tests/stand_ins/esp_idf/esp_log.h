// Stand-in, see README.md.
#pragma once

extern "C" void stand_in_log(const char* tag, const char* format, ...) __attribute__((format(printf, 2, 3)));

#define ESP_LOGI(tag, format, ...) stand_in_log(tag, format __VA_OPT__(, ) __VA_ARGS__)
#define ESP_LOGW(tag, format, ...) stand_in_log(tag, format __VA_OPT__(, ) __VA_ARGS__)
