// examples/esp_idf_ota as it stands, on stand-ins of ESP-IDF: its app_main is what runs after each reset of a board.
#include "examples/esp_idf_ota/main/main.cpp"

#include <gmock/gmock.h>

#include "tests/support/esp_idf_board.hpp"
#include "tests/support/esp_idf_server.hpp"

namespace dualbank::tests {
namespace {

using testing::HasSubstr;

constexpr std::size_t kImageKib = 32;

class EspIdfExample : public testing::Test {
 protected:
  EspIdfExample() {
    esp_idf = {.chip = &board.flash};
    esp_world = {.served = firmware("2.0", kImageKib)};
    board.install(0, firmware("1.0", kImageKib)).record(0, 1, 2);
    board.may_boot({});
  }
  ~EspIdfExample() {
    EXPECT_EQ(esp_idf.guarded, 0U);
    EXPECT_EQ(esp_world.open_clients, 0U);
  }

  void boot() { running = board.reset(Policy::stock_rollback); }
  /// The firmware that the board runs. True: it restarted.
  bool run() {
    esp_idf.run_from(static_cast<std::uint8_t>(0x10 + running), board.extent(running).offset,
                     board.extent(running).size_bytes);
    const ByteVector start = board.slot_bytes(running, kImageStartBytes);
    std::memcpy(&esp_world.running, start.data() + 32, sizeof esp_world.running);
    esp_world.log.clear();
    try {
      app_main();
    } catch (const Restart&) {
      return true;
    }
    return false;
  }

  Board board{{.slot_bytes = 0x1'0000}};
  SlotIndex running = 0;
};

TEST_F(EspIdfExample, UpdatesRestartsConfirmsAndIsUpToDate) {
  boot();
  ASSERT_TRUE(run()) << esp_world.log;
  EXPECT_LE(esp_world.sent_bytes, esp_world.served.size() + 2048) << "the start twice, and what was on its way";
  EXPECT_EQ(esp_world.requests, 2U);
  boot();
  ASSERT_EQ(running, 1);
  EXPECT_FALSE(run());
  EXPECT_THAT(esp_world.log, HasSubstr("confirmed"));
  const auto operations = board.flash.counts().operations();
  EXPECT_FALSE(run());
  EXPECT_EQ(board.flash.counts().operations(), operations) << "the same firmware is no update";
  boot();
  EXPECT_EQ(running, 1);
}

TEST_F(EspIdfExample, GoesBackWhenItDoesNotReachTheNetworkOnTrial) {
  boot();
  ASSERT_TRUE(run());
  boot();
  ASSERT_EQ(running, 1);
  esp_world.online = false;
  EXPECT_TRUE(run()) << esp_world.log;
  boot();
  EXPECT_EQ(running, 0);
  EXPECT_FALSE(run()) << "confirmed long ago: it waits for the network";
  boot();
  EXPECT_EQ(running, 0);
}

TEST_F(EspIdfExample, ALostLineCostsNothingTwice) {
  boot();
  esp_world.line_bytes = 10'000;
  ASSERT_TRUE(run()) << esp_world.log;
  EXPECT_EQ(esp_world.waits, 1U);
  EXPECT_LE(esp_world.sent_bytes, esp_world.served.size() + 3U * 1024) << "the start three times, and a piece";
  EXPECT_TRUE(board.holds(1, esp_world.served));
}

TEST_F(EspIdfExample, AfterEveryPowerCutItGoesOn) {
  boot();
  const auto start = board.flash.snapshot();
  for (std::uint32_t cut = 0; !testing::Test::HasFailure(); ++cut) {
    SCOPED_TRACE(cut);
    board.flash.restore(start);
    board.power_on();
    boot();
    esp_world.sent_bytes = 0;
    board.flash.cut_at(cut, {.kind = sim::Tear::Kind::prefix, .units = 7});
    const bool restarted = run();
    const bool through = board.flash.power_on();
    board.flash.disarm();
    board.power_on();
    boot();
    if (!through && running == 0) {
      EXPECT_TRUE(run()) << esp_world.log;
      EXPECT_LE(esp_world.sent_bytes, esp_world.served.size() + 4096 + 5U * 1024);
      boot();
    }
    ASSERT_EQ(running, 1);
    EXPECT_TRUE(board.holds(1, esp_world.served));
    EXPECT_FALSE(run()) << esp_world.log;
    boot();
    EXPECT_EQ(running, 1);
    if (!through) continue;
    EXPECT_TRUE(restarted);
    EXPECT_GT(cut, 100U);
    return;
  }
}

TEST_F(EspIdfExample, SaysWhyAFirmwareIsNotTaken) {
  boot();
  esp_world.served = firmware("2.0", 128);  // more than the slot
  EXPECT_FALSE(run());
  EXPECT_THAT(esp_world.log, HasSubstr("ota_1"));
  esp_world.served[12] = std::byte{0x05};
  const auto operations = board.flash.counts().operations();
  EXPECT_FALSE(run());
  EXPECT_THAT(esp_world.log, HasSubstr("esp32c3"));
  EXPECT_EQ(board.flash.counts().operations(), operations);
  esp_world.served.clear();
  EXPECT_FALSE(run());
  EXPECT_THAT(esp_world.log, HasSubstr("the server answered 404"));
  boot();
  EXPECT_EQ(running, 0);
}

TEST_F(EspIdfExample, AServerThatKnowsNoRangesWillDoWhenNothingIsLost) {
  boot();
  esp_world.knows_ranges = false;
  EXPECT_TRUE(run()) << esp_world.log;
  boot();
  EXPECT_EQ(running, 1);
}

TEST_F(EspIdfExample, NothingOfSuchAServerIsTakenForTheRest) {
  boot();
  esp_world.knows_ranges = false;
  esp_world.line_bytes = 10'000;
  EXPECT_FALSE(run()) << esp_world.log;
  EXPECT_THAT(esp_world.log, HasSubstr("the server answered 200 to a request for bytes="));
  EXPECT_EQ(esp_world.waits, 10U);
  boot();
  EXPECT_EQ(running, 0);
  esp_world.knows_ranges = true;
  EXPECT_TRUE(run()) << esp_world.log;
  boot();
  EXPECT_EQ(running, 1);
}

}  // namespace
}  // namespace dualbank::tests
