// An app's surroundings for the stand-ins of tests/stand_ins/esp_idf: a web server, a network, a log, a restart. As
// esp_idf_board.hpp: included in one file of a program.
#pragma once

#include <esp_app_desc.h>
#include <esp_crt_bundle.h>
#include <esp_event.h>
#include <esp_http_client.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_system.h>
#include <freertos/task.h>
#include <gtest/gtest.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "dualbank/formats/bytes.hpp"
#include "tests/support/board.hpp"

struct esp_http_client {
  std::size_t from = 0;
  std::size_t to = 0;
  bool asked = false;
};

namespace dualbank::tests {

struct Restart {};

struct EspIdfWorld {
  ByteVector served;         ///< what the URL leads to; empty: 404
  bool knows_ranges = true;  ///< else all of it, with 200
  bool online = true;
  std::size_t line_bytes = ~std::size_t{0};  ///< the line is lost after so many more
  std::size_t sent_bytes = 0;
  std::uint32_t requests = 0;
  std::uint32_t open_clients = 0;
  std::uint32_t waits = 0;
  esp_app_desc_t running{};
  std::string log{};
};

inline EspIdfWorld esp_world;

}  // namespace dualbank::tests

extern "C" {
inline const esp_app_desc_t* esp_app_get_description(void) { return &dualbank::tests::esp_world.running; }
inline esp_err_t esp_crt_bundle_attach(void*) { return ESP_OK; }
inline esp_err_t esp_event_loop_create_default(void) { return ESP_OK; }
inline esp_err_t esp_netif_init(void) { return ESP_OK; }
inline esp_err_t nvs_flash_init(void) { return ESP_OK; }
inline esp_err_t example_connect(void) { return dualbank::tests::esp_world.online ? ESP_OK : ESP_FAIL; }
inline void vTaskDelay(const TickType_t) {
  ++dualbank::tests::esp_world.waits;
  dualbank::tests::esp_world.line_bytes = ~std::size_t{0};
}

inline void stand_in_log(const char* tag, const char* format, ...) {
  std::array<char, 256> line{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  dualbank::tests::esp_world.log += std::string{tag} + ": " + line.data() + "\n";
}

inline esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t* config) {
  EXPECT_NE(config->url, nullptr);
  EXPECT_EQ(config->crt_bundle_attach, &esp_crt_bundle_attach) << "without one nobody is believed";
  ++dualbank::tests::esp_world.open_clients;
  return new esp_http_client;
}

inline esp_err_t esp_http_client_set_header(esp_http_client_handle_t client, const char* key, const char* value) {
  EXPECT_STREQ(key, "Range");
  std::size_t last = 0;
  EXPECT_EQ(std::sscanf(value, "bytes=%zu-%zu", &client->from, &last), 2);
  client->to = std::min(last + 1, dualbank::tests::esp_world.served.size());
  return ESP_OK;
}

inline esp_err_t esp_http_client_open(esp_http_client_handle_t, int write_len) {
  EXPECT_EQ(write_len, 0);
  ++dualbank::tests::esp_world.requests;
  return dualbank::tests::esp_world.line_bytes > 0 ? ESP_OK : ESP_FAIL;
}

inline int64_t esp_http_client_fetch_headers(esp_http_client_handle_t client) {
  client->asked = true;
  if (!dualbank::tests::esp_world.knows_ranges) {
    client->from = 0;
    client->to = dualbank::tests::esp_world.served.size();
  }
  return client->to < client->from ? 0 : static_cast<int64_t>(client->to - client->from);
}

inline int esp_http_client_get_status_code(esp_http_client_handle_t client) {
  EXPECT_TRUE(client->asked);
  if (dualbank::tests::esp_world.served.empty()) return 404;
  if (!dualbank::tests::esp_world.knows_ranges) return 200;
  return client->from < client->to ? 206 : 416;
}

/// At most what one TCP segment may bring, so that pieces come in odd lengths.
inline int esp_http_client_read(esp_http_client_handle_t client, char* buffer, int len) {
  auto& world = dualbank::tests::esp_world;
  const std::size_t n = std::min({static_cast<std::size_t>(len), client->to - client->from, std::size_t{536}});
  if (n > world.line_bytes) return -1;
  std::memcpy(buffer, world.served.data() + client->from, n);
  client->from += n;
  world.line_bytes -= n;
  world.sent_bytes += n;
  return static_cast<int>(n);
}

inline esp_err_t esp_http_client_cleanup(esp_http_client_handle_t client) {
  --dualbank::tests::esp_world.open_clients;
  delete client;
  return ESP_OK;
}

[[noreturn]] inline void esp_restart(void) { throw dualbank::tests::Restart{}; }
}
