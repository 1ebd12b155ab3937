// A firmware that updates itself over HTTPS. It fetches what is missing and nothing else, goes on after a power cut or
// a lost connection, and confirms itself once it has reached the network: one that does not could never be updated
// again.
#include <esp_app_desc.h>
#include <esp_crt_bundle.h>
#include <esp_event.h>
#include <esp_http_client.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_system.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>
#include <sdkconfig.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/ports/esp_idf/esp_idf_flash.hpp"
#include "dualbank/ports/esp_idf/esp_idf_options.hpp"

namespace {

using dualbank::Status;

constexpr const char* kTag = "update";
constexpr int kTimeoutMs = 10'000;
constexpr int kAttempts = 10;
constexpr TickType_t kBetweenAttempts = pdMS_TO_TICKS(10'000);

constinit dualbank::ports::EspIdfFlash chip;
constinit std::array<std::byte, 4096> workspace{};
constinit std::array<std::byte, 1024> piece{};

/// One request for the bytes [from, to) of the firmware.
class Download {
 public:
  Download(std::uint32_t from, std::uint32_t to) {
    esp_http_client_config_t config{};
    config.url = CONFIG_EXAMPLE_FIRMWARE_URL;
    config.timeout_ms = kTimeoutMs;
    config.crt_bundle_attach = esp_crt_bundle_attach;
    client_ = esp_http_client_init(&config);
    if (client_ == nullptr) return;
    std::array<char, 40> range{};
    std::snprintf(range.data(), range.size(), "bytes=%" PRIu32 "-%" PRIu32, from, to - 1);
    if (esp_http_client_set_header(client_, "Range", range.data()) != ESP_OK) return;
    if (esp_http_client_open(client_, 0) != ESP_OK || esp_http_client_fetch_headers(client_) < 0) return;
    const int code = esp_http_client_get_status_code(client_);
    ready_ = code == 206 || (code == 200 && from == 0);  // 200: a server that does not know ranges sends all of it
    if (!ready_) ESP_LOGW(kTag, "the server answered %d to a request for %s", code, range.data());
  }
  ~Download() {
    if (client_ != nullptr) esp_http_client_cleanup(client_);
  }
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  /// The next bytes; none at the end, and when the connection is lost.
  std::span<const std::byte> read(std::span<std::byte> into) {
    std::size_t got = 0;
    while (ready_ && got < into.size()) {
      const auto room = static_cast<int>(into.size() - got);
      const int n = esp_http_client_read(client_, reinterpret_cast<char*>(into.data() + got), room);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    return into.first(got);
  }

 private:
  esp_http_client_handle_t client_ = nullptr;
  bool ready_ = false;
};

void say(const dualbank::Event& event) {
  std::array<char, 160> text{};
  ESP_LOGI(kTag, "%s", dualbank::explain(event, text));
}

enum class Outcome { nothing_new, installed, line_lost, refused };

Outcome update(dualbank::Updater& updater) {
  std::array<std::byte, 512> start{};
  {
    Download download{0, start.size()};
    if (download.read(start).size() < start.size()) return Outcome::line_lost;
  }
  const auto* descriptor = start.data() + dualbank::kImageStartBytes - sizeof(esp_app_desc_t);
  if (std::memcmp(descriptor, esp_app_get_description(), sizeof(esp_app_desc_t)) == 0) return Outcome::nothing_new;

  Status status = updater.begin({.header = start});  // the same firmware as before a cut: goes on
  say(updater.last_event());
  while (status == Status::ok) {
    const dualbank::Range gap = updater.next_missing();
    if (gap.empty()) break;
    Download download{gap.from, gap.to};
    std::uint32_t offset = gap.from;
    while (status == Status::ok && !updater.next_missing().empty() && updater.next_missing().from == offset) {
      const auto bytes = download.read(piece);
      if (bytes.empty()) return Outcome::line_lost;
      status = updater.flash(bytes, offset);
      offset += static_cast<std::uint32_t>(bytes.size());
    }
  }
  if (status == Status::ok) status = updater.switch_slot();  // checks all of it
  say(updater.last_event());
  return status == Status::ok ? Outcome::installed : Outcome::refused;
}

bool connect() {
  return nvs_flash_init() == ESP_OK && esp_netif_init() == ESP_OK && esp_event_loop_create_default() == ESP_OK &&
         example_connect() == ESP_OK;
}

}  // namespace

extern "C" void app_main() {
  if (const Status status = chip.open(); status != Status::ok) {
    say({status});
    return;
  }
  dualbank::Options options = dualbank::ports::esp_idf_options();
  options.workspace = workspace;
  dualbank::Updater updater{chip, options};
  const Status opened = updater.open();
  say(updater.last_event());
  if (opened != Status::ok) return;
  if (updater.last_event().code == Status::finished_switch) esp_restart();  // the power had gone in the switch
  if (updater.boot_guard() == Status::trial_failed) esp_restart();          // where the bootloader does not count boots

  const bool online = connect();
  if (updater.status().on_trial) {
    const Status status = online ? updater.confirm() : updater.rollback();
    say(updater.last_event());
    if (status == Status::ok && !online) esp_restart();
  }
  for (int attempt = 0; online && attempt < kAttempts; ++attempt) {
    const Outcome outcome = update(updater);
    if (outcome == Outcome::installed) esp_restart();
    if (outcome != Outcome::line_lost) break;
    vTaskDelay(kBetweenAttempts);
  }
  // What the product is for goes on here.
}
