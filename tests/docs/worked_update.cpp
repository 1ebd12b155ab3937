// The worked update of docs/FORMAT.md and the numbers of README.md: a whole update on a simulated flash, with every
// flash operation counted. `worked_update trace` prints them in order, `worked_update numbers` as "name value" lines.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/sha256.hpp"
#include "dualbank/sim/nor_flash.hpp"

namespace {

using dualbank::Bytes;
using dualbank::Status;
using dualbank::sim::NorFlash;
using dualbank::sim::Op;
using dualbank::sim::OpKind;

constexpr std::uint32_t kFlashBytes = 4U << 20;
constexpr std::uint32_t kOtadata = 0xE000;
constexpr std::uint32_t kSlot0 = 0x1'0000;
constexpr std::uint32_t kSlot1 = 0x17'0000;
constexpr std::uint32_t kSlotBytes = 0x16'0000;
constexpr std::uint32_t kImageBytes = 1U << 20;
constexpr std::uint32_t kPieceBytes = 1024;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "worked_update: %s\n", what);
  std::exit(1);
}

void put_u32(std::vector<std::byte>& bytes, std::size_t offset, std::uint32_t value) {
  dualbank::store_u32(bytes, offset, value);
}

/// A sound ESP32-S3 image of kImageBytes: header, one mapped segment with a descriptor, checksum, SHA-256.
std::vector<std::byte> make_image(std::string_view version, std::uint32_t seed) {
  std::vector<std::byte> image(kImageBytes, std::byte{0});
  const std::array<std::uint8_t, 24> header{0xE9, 1, 2, 0x2F, 0, 0, 0x37, 0x40, 0xEE, 0, 0, 0,
                                            9,    0, 0, 0,    0, 0, 0,    0,    0,    0, 0, 1};
  std::transform(header.begin(), header.end(), image.begin(), [](std::uint8_t b) { return std::byte{b}; });
  const std::uint32_t hashed = kImageBytes - 32;
  const std::uint32_t data = hashed - 32 - 16;  // ends 16 bytes before the hash: 15 of padding, the checksum
  put_u32(image, 24, 0x3C00'0020);
  put_u32(image, 28, data);
  for (std::uint32_t i = 0; i < data; ++i) {
    seed = seed * 1664525U + 1013904223U;
    image[32 + i] = static_cast<std::byte>(seed >> 24);
  }
  std::fill_n(image.begin() + 32, 256, std::byte{0});
  put_u32(image, 32, 0xABCD'5432);
  std::memcpy(&image[0x30], version.data(), version.size());
  std::memcpy(&image[0x50], "demo", 4);
  std::byte checksum{0xEF};
  for (std::uint32_t i = 0; i < data; ++i) checksum ^= image[32 + i];
  image[hashed - 1] = checksum;
  dualbank::Sha256 hash;
  hash.update(Bytes{image}.first(hashed));
  const auto digest = hash.finish();
  std::copy(digest.begin(), digest.end(), image.begin() + hashed);
  return image;
}

/// A board as the factory made it: table without MD5 row, ota_0 with an image, record 0 = seq 1 valid.
void make_board(NorFlash& chip, Bytes image) {
  std::vector<std::byte> table(0xC00, std::byte{0xFF});
  std::size_t row = 0;
  const auto add = [&](std::uint8_t type, std::uint8_t subtype, std::uint32_t offset, std::uint32_t size,
                       std::string_view label) {
    std::fill_n(table.begin() + static_cast<std::ptrdiff_t>(row), 32, std::byte{0});
    table[row] = std::byte{0xAA};
    table[row + 1] = std::byte{0x50};
    table[row + 2] = std::byte{type};
    table[row + 3] = std::byte{subtype};
    put_u32(table, row + 4, offset);
    put_u32(table, row + 8, size);
    std::memcpy(&table[row + 12], label.data(), label.size());
    row += 32;
  };
  add(1, 0x02, 0x9000, 0x5000, "nvs");
  add(1, 0x00, kOtadata, 0x2000, "otadata");
  add(0, 0x10, kSlot0, kSlotBytes, "ota_0");
  add(0, 0x11, kSlot1, kSlotBytes, "ota_1");
  chip.put(0x8000, table);
  std::vector<std::byte> record(32, std::byte{0xFF});
  put_u32(record, 0, 1);
  put_u32(record, 24, 2);
  put_u32(record, 28, 0x4743'989A);
  chip.put(kOtadata, record);
  chip.put(kSlot0, image);
}

struct Step {
  const char* name;
  std::vector<Op> ops;
  std::uint64_t bytes_programmed;
};

class Run {
 public:
  Run()
      : chip_({.size_bytes = kFlashBytes, .erase_units = 0x1'1000}),
        old_(make_image("1.0", 1)),
        new_(make_image("2.0", 2)) {
    make_board(chip_, old_);
    chip_.forget();
  }

  template <class Call>
  void step(const char* name, Call call) {
    chip_.forget();
    const Status s = call();
    if (s != Status::ok) std::fprintf(stderr, "worked_update: %s answers %u\n", name, static_cast<unsigned>(s));
    check(s == Status::ok, name);
    check(chip_.violations().empty(), "a flash operation broke the chip's rules");
    steps_.push_back({name, chip_.log(), chip_.counts().bytes_programmed});
  }

  void whole_update() {
    dualbank::Updater updater{chip_, {.workspace = workspace_}};
    step("open()", [&] { return updater.open(); });
    step("flash() of the image, 1 MiB in pieces of 1 KiB", [&] { return send(updater, new_, 0); });
    step("switch_slot()", [&] { return updater.switch_slot(); });
    step("after the reset: open(), confirm()", [&] {
      const Status s = updater.open();
      return s == Status::ok ? updater.confirm() : s;
    });
    check(updater.status().running_slot == 1, "ota_1 does not run after the switch");
    check(std::equal(new_.begin(), new_.end(), chip_.contents().begin() + kSlot1), "ota_1 does not hold the image");
  }

  static Status send(dualbank::Updater& updater, Bytes image, std::uint32_t from) {
    for (std::uint32_t at = from; at < image.size(); at += kPieceBytes) {
      if (const Status s = updater.flash(image.subspan(at, kPieceBytes), at); s != Status::ok) return s;
    }
    return Status::ok;
  }

  /// Operations after a refused image: one for another chip.
  std::uint64_t refused_operations() {
    std::vector<std::byte> wrong = new_;
    wrong[12] = std::byte{5};  // ESP32-C3
    dualbank::Updater updater{chip_, {}};
    check(updater.open() == Status::ok, "open() before the refused image");
    chip_.forget();
    check(send(updater, wrong, 0) == Status::image_wrong_chip, "the wrong chip's image was not refused");
    return chip_.counts().operations();
  }

  /// Cuts the power in each flash operation of an update, goes on after it; the most bytes that had to be sent again.
  std::uint32_t most_sent_again(std::uint32_t stride, std::uint32_t& cuts) {
    const auto start = chip_.snapshot();
    std::uint32_t most = 0;
    for (std::uint32_t at = 0;; at += stride) {
      chip_.restore(start);
      chip_.cut_at(at, {.kind = dualbank::sim::Tear::Kind::prefix, .units = 100, .marginal = true});
      dualbank::Updater updater{chip_, {.workspace = workspace_}};
      std::uint32_t sent = 0;
      if (updater.open() == Status::ok) {
        while (sent < new_.size() && updater.flash(Bytes{new_}.subspan(sent, kPieceBytes), sent) == Status::ok)
          sent += kPieceBytes;
      }
      if (chip_.power_on()) return most;
      ++cuts;
      chip_.reboot();
      check(updater.open() == Status::ok, "open() after a cut");
      check(updater.status().running_slot == 0, "the old firmware does not boot after a cut");
      const std::uint32_t missing = updater.next_missing().from;
      if (updater.status().update_active) most = std::max(most, sent > missing ? sent - missing : 0);
    }
  }

  NorFlash& chip() { return chip_; }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  NorFlash chip_;
  std::vector<std::byte> old_;
  std::vector<std::byte> new_;
  std::array<std::byte, 4096> workspace_{};
  std::vector<Step> steps_;
};

std::string place(std::uint32_t address) {
  char text[48];
  if (address >= kSlot1)
    std::snprintf(text, sizeof text, "ota_1 + 0x%X", address - kSlot1);
  else if (address >= kSlot0)
    std::snprintf(text, sizeof text, "ota_0 + 0x%X", address - kSlot0);
  else
    std::snprintf(text, sizeof text, "record sector %u + %u", (address - kOtadata) >> 12, (address - kOtadata) & 0xFFF);
  return text;
}

void print_trace(const std::vector<Step>& steps) {
  constexpr std::size_t kShown = 28;
  for (const Step& step : steps) {
    std::printf("%s\n", step.name);
    std::size_t shown = 0;
    for (const Op& op : step.ops) {
      if (++shown > kShown) break;
      std::printf("  %-7s %-24s %u\n", op.kind == OpKind::erase ? "erase" : "program", place(op.address).c_str(),
                  op.size_bytes);
    }
    if (step.ops.size() > kShown) std::printf("  and so on: %zu operations\n", step.ops.size());
    if (step.ops.empty()) std::printf("  nothing\n");
  }
}

void print_numbers() {
  Run whole;
  whole.whole_update();
  std::uint64_t erases_in_slot = 0;
  std::uint64_t programmed_in_slot = 0;
  for (const Step& step : whole.steps()) {
    for (const Op& op : step.ops) {
      if (op.address < kSlot0) continue;
      op.kind == OpKind::erase ? ++erases_in_slot : programmed_in_slot += op.size_bytes;
    }
  }
  const auto count = [](const Step& step, OpKind kind) {
    return std::count_if(step.ops.begin(), step.ops.end(), [&](const Op& op) { return op.kind == kind; });
  };
  const Step& switched = whole.steps().at(2);
  std::printf("slot_bytes_programmed_percent %llu\n",
              static_cast<unsigned long long>(programmed_in_slot * 100 / kImageBytes));
  std::printf("slot_erases %llu\n", static_cast<unsigned long long>(erases_in_slot));
  std::printf("switch_erases %ld\n", static_cast<long>(count(switched, OpKind::erase)));
  std::printf("switch_programs %ld\n", static_cast<long>(count(switched, OpKind::program)));
  std::printf("switch_bytes %llu\n", static_cast<unsigned long long>(switched.bytes_programmed));
  Run refused;
  std::printf("refused_operations %llu\n", static_cast<unsigned long long>(refused.refused_operations()));
  Run cut;
  std::uint32_t cuts = 0;
  std::printf("most_sent_again %u\n", cut.most_sent_again(61, cuts));
  std::printf("cuts_tried %u\n", cuts);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view{argv[1]} == "numbers") {
    print_numbers();
  } else if (argc == 2 && std::string_view{argv[1]} == "trace") {
    Run run;
    run.whole_update();
    print_trace(run.steps());
  } else {
    std::fprintf(stderr, "usage: worked_update trace|numbers\n");
    return 2;
  }
}
