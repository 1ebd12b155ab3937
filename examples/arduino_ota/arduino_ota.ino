// A sketch that updates itself over HTTPS, once an hour. It fetches what is missing and nothing else, goes on after a
// power cut or a lost connection, and is confirmed once it has reached the network. The same for ESP-IDF, with more
// words: examples/esp_idf_ota.
#include <Dualbank.h>
#include <HTTPClient.h>
#include <NetworkClientSecure.h>
#include <WiFi.h>
#include <esp_app_desc.h>

#include <functional>

constexpr const char* kNetwork = "network";
constexpr const char* kPassword = "password";
constexpr const char* kUrl = "https://192.0.2.1/firmware.bin";  // knows ranges, answers without a redirection
constexpr const char* kRootCertificate = "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n";
constexpr unsigned long kHourMs = 3'600'000;

using Take = std::function<bool(std::span<const std::byte> bytes, std::uint32_t offset)>;

dualbank::ports::EspIdfFlash chip;
std::array<std::byte, 4096> workspace;
dualbank::Options options;

// Else the core confirms every image before setup() runs.
extern "C" bool verifyRollbackLater() { return true; }

void say(const dualbank::Event& event) {
  std::array<char, 160> text;
  Serial.println(dualbank::explain(event, text));
}

// Hands on the bytes [from, to) of the firmware in pieces, until `take` answers false. False: the line was lost.
bool fetch(std::uint32_t from, std::uint32_t to, const Take& take) {
  NetworkClientSecure client;
  client.setCACert(kRootCertificate);
  HTTPClient http;
  if (!http.begin(client, kUrl)) return false;
  http.addHeader("Range", "bytes=" + String(from) + "-" + String(to - 1));
  const int code = http.GET();
  if (code != 206 && !(code == 200 && from == 0)) return false;
  static std::array<std::byte, 1024> piece;
  while (from < to) {
    const auto want = std::min<std::size_t>(piece.size(), to - from);
    const std::size_t got = http.getStream().readBytes(reinterpret_cast<char*>(piece.data()), want);
    if (got == 0) return false;
    if (!take(std::span<const std::byte>{piece.data(), got}, from)) return true;
    from += static_cast<std::uint32_t>(got);
  }
  return true;
}

bool update(dualbank::Updater& updater) {
  std::array<std::byte, 512> start;
  std::size_t held = 0;
  const bool reached = fetch(0, start.size(), [&](std::span<const std::byte> bytes, std::uint32_t) {
    std::copy(bytes.begin(), bytes.end(), start.begin() + held);
    held += bytes.size();
    return true;
  });
  if (!reached || held < start.size()) return false;
  const auto* descriptor = start.data() + dualbank::kImageStartBytes - sizeof(esp_app_desc_t);
  if (std::memcmp(descriptor, esp_app_get_description(), sizeof(esp_app_desc_t)) == 0) return false;  // nothing new

  dualbank::Status status = updater.begin({.header = start});  // the same firmware as before a cut: goes on
  while (status == dualbank::Status::ok && !updater.next_missing().empty()) {
    const dualbank::Range gap = updater.next_missing();
    const bool line = fetch(gap.from, gap.to, [&](std::span<const std::byte> bytes, std::uint32_t offset) {
      status = updater.flash(bytes, offset);
      const dualbank::Range next = updater.next_missing();
      return status == dualbank::Status::ok && !next.empty() && next.from == offset + bytes.size();
    });
    if (!line) return false;  // next time it goes on
  }
  if (status == dualbank::Status::ok) status = updater.switch_slot();  // checks all of it
  say(updater.last_event());
  return status == dualbank::Status::ok;
}

void setup() {
  Serial.begin(115200);
  if (const dualbank::Status status = chip.open(); status != dualbank::Status::ok) say({status});
  options = dualbank::ports::esp_idf_options();
  options.workspace = workspace;
  dualbank::Updater updater{chip, options};
  const bool opened = updater.open() == dualbank::Status::ok;
  say(updater.last_event());
  // The power had gone in the switch, or, where the bootloader does not count boots, this image has had its last one.
  const bool finished = updater.last_event().code == dualbank::Status::finished_switch;
  if (opened && (finished || updater.boot_guard() == dualbank::Status::trial_failed)) ESP.restart();

  WiFi.begin(kNetwork, kPassword);
  const bool online = WiFi.waitForConnectResult() == WL_CONNECTED;
  if (!opened || !updater.status().on_trial) return;
  const dualbank::Status status = online ? updater.confirm() : updater.rollback();
  say(updater.last_event());
  if (!online && status == dualbank::Status::ok) ESP.restart();
}

void loop() {
  dualbank::Updater updater{chip, options};
  if (updater.open() == dualbank::Status::ok && update(updater)) ESP.restart();
  delay(kHourMs);
}
