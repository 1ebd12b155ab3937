#include "dualbank/sim/spi_nor_chip.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace dualbank::sim {
namespace {

using Kind = SpiViolation::Kind;

constexpr std::uint8_t kBusy = 0x01;
constexpr std::uint8_t kWriteEnabled = 0x02;
constexpr std::byte kOpenLine{0xFF};
constexpr std::uint64_t kWakeUpNs = 30'000;  // also after a reset; data sheets say 3 to 40 us
constexpr Duration kWriteStatus{10'000, 40'000};

constexpr std::uint8_t kEnterMode = 0xB7;
constexpr std::uint8_t kCommands[]{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x20, 0x52, 0x9F, 0xAB, 0xB9, 0xD8};
constexpr std::uint8_t kCommandsWithAddress[]{0x02, 0x03, 0x20, 0x52, 0xD8};
constexpr std::uint8_t kCommandsOf4Bytes[]{0x12, 0x13, 0x21, 0xDC};

bool contains(std::span<const std::uint8_t> commands, std::uint8_t opcode) {
  return std::find(commands.begin(), commands.end(), opcode) != commands.end();
}

}  // namespace

SpiNorChip::SpiNorChip(SpiNorModel model, std::uint32_t clock_hz)
    : model_(std::move(model)), array_(model_.geometry), ns_per_byte_(8'000'000'000ULL / clock_hz) {}

void SpiNorChip::select(bool active) {
  settle();
  if (active == selected_) return;
  selected_ = active;
  if (!array_.power_on()) return;
  if (!active) {
    if (bytes_ != 0 && !ignored_) carry_out();
    return;
  }
  bytes_ = 0;
  address_ = 0;
  data_.clear();
  ignored_ = false;
}

void SpiNorChip::transfer(Bytes out, MutableBytes in) {
  for (const std::byte b : out) static_cast<void>(clock(b));
  for (std::byte& b : in) b = clock(std::byte{0});
}

std::byte SpiNorChip::clock(std::byte out) {
  now_ns_ += ns_per_byte_;
  settle();
  if (!selected_ || !array_.power_on()) return kOpenLine;
  const std::size_t index = bytes_++;
  if (index == 0) {
    opcode_ = std::to_integer<std::uint8_t>(out);
    ignored_ = !knows() || !takes();
    return kOpenLine;
  }
  return ignored_ ? kOpenLine : answer(out, index);
}

bool SpiNorChip::knows() const {
  if (opcode_ == 0x66 || opcode_ == 0x99) return model_.has_reset;
  if (opcode_ == 0x5A) return !model_.sfdp.empty();
  if (opcode_ == kEnterMode || opcode_ == model_.leave_mode_opcode) return model_.has_4_byte_mode;
  if (contains(kCommandsOf4Bytes, opcode_)) return model_.has_4_byte_commands;
  return contains(kCommands, opcode_);
}

bool SpiNorChip::takes() {
  if (asleep_ ? opcode_ != 0xAB : now_ns_ < awake_from_ns_) {
    violate(Kind::while_asleep);
    return false;
  }
  if (busy_ && opcode_ != 0x05 && opcode_ != 0x66 && opcode_ != 0x99) {
    if (opcode_ != 0xAB) violate(Kind::while_busy);
    return false;
  }
  return true;
}

std::size_t SpiNorChip::address_bytes() const {
  if (opcode_ == 0x5A) return 3;
  if (contains(kCommandsOf4Bytes, opcode_)) return 4;
  if (contains(kCommandsWithAddress, opcode_)) return in_4_byte_mode_ ? 4 : 3;
  return 0;
}

std::byte SpiNorChip::answer(std::byte out, std::size_t index) {
  const std::size_t head = address_bytes();
  if (index <= head) {
    address_ = address_ << 8 | std::to_integer<std::uint32_t>(out);
    return kOpenLine;
  }
  switch (opcode_) {
    case 0x05:
      return std::byte{
          static_cast<std::uint8_t>(protection_ | (busy_ ? kBusy : 0) | (write_enabled_ ? kWriteEnabled : 0))};
    case 0x9F:
      return index > 3 ? std::byte{0} : static_cast<std::byte>(model_.jedec_id >> (8 * (3 - index)));
    case 0x5A:
      if (index == head + 1) return kOpenLine;  // the dummy byte
      return address_ < model_.sfdp.size() ? model_.sfdp[address_++] : kOpenLine;
    case 0x03:
    case 0x13:
      if (index == head + 1 && address_ >= model_.geometry.size_bytes) violate(Kind::beyond_chip);
      return array_.contents()[address_++ & (model_.geometry.size_bytes - 1)];
    default:
      data_.push_back(out);
      return kOpenLine;
  }
}

void SpiNorChip::carry_out() {
  const bool may_reset = std::exchange(reset_enabled_, false);
  switch (opcode_) {
    case 0x01:
      return write_status();
    case 0x02:
    case 0x12:
      return program();
    case 0x20:
    case 0x21:
      return erase(0x1000);
    case 0x52:
      return erase(0x8000);
    case 0xD8:
    case 0xDC:
      return erase(0x1'0000);
    case 0xAB:  // further bytes read an old kind of id
      if (std::exchange(asleep_, false)) awake_from_ns_ = now_ns_ + kWakeUpNs;
      return;
    case 0x03:
    case 0x05:
    case 0x13:
    case 0x5A:
    case 0x9F:
      return;
    default:
      break;
  }
  if (bytes_ != 1) return violate(Kind::wrong_length);
  if (opcode_ == 0x04 || opcode_ == 0x06) write_enabled_ = opcode_ == 0x06;
  if (opcode_ == 0x66) reset_enabled_ = true;
  if (opcode_ == 0x99) may_reset ? reset() : violate(Kind::reset_not_enabled);
  if (opcode_ == 0xB9) asleep_ = true;
  if (opcode_ == kEnterMode || opcode_ == model_.leave_mode_opcode) set_mode(opcode_ == kEnterMode);
}

void SpiNorChip::set_mode(bool of_4_bytes) {
  if (model_.mode_needs_write_enable && !std::exchange(write_enabled_, false)) return violate(Kind::not_write_enabled);
  in_4_byte_mode_ = of_4_bytes;
}

bool SpiNorChip::may_change(bool length_is_right) {
  if (!length_is_right) {
    violate(Kind::wrong_length);
    return false;
  }
  if (!write_enabled_) {
    violate(Kind::not_write_enabled);
    return false;
  }
  const bool is_protected = opcode_ == 0x01 ? protection_locked_ : (protection_ & model_.protection_bits) != 0;
  if (is_protected) {
    violate(Kind::write_protected);
    write_enabled_ = false;
    return false;
  }
  if (address_ >= model_.geometry.size_bytes) {
    violate(Kind::beyond_chip);
    address_ &= model_.geometry.size_bytes - 1;
  }
  return true;
}

void SpiNorChip::write_status() {
  if (!may_change(data_.size() == 1)) return;
  const auto bits = static_cast<std::uint8_t>(std::to_integer<std::uint8_t>(data_[0]) & ~(kBusy | kWriteEnabled));
  begin({.op = {}, .data = {}, .protection = bits}, kWriteStatus);
}

void SpiNorChip::program() {
  if (!may_change(!data_.empty())) return;
  const std::uint32_t page_bytes = model_.geometry.page_bytes;
  const std::uint32_t offset = address_ & (page_bytes - 1);
  if (offset + data_.size() > page_bytes) {
    violate(Kind::wraps_page);
    std::vector<std::byte> page(page_bytes, model_.geometry.erased);
    for (std::size_t i = 0; i < data_.size(); ++i) page[(offset + i) % page_bytes] = data_[i];
    address_ -= offset;
    data_ = std::move(page);
  }
  const auto now = array_.contents().begin() + address_;
  const bool sets_bits = !std::equal(data_.begin(), data_.end(), now,
                                     [](std::byte wanted, std::byte is) { return (wanted & ~is) == std::byte{0}; });
  if (sets_bits) violate(Kind::sets_bits);
  std::transform(data_.begin(), data_.end(), now, data_.begin(), [](std::byte a, std::byte b) { return a & b; });
  const auto size = static_cast<std::uint32_t>(data_.size());
  begin({.op = {OpKind::program, address_, size}, .data = data_, .protection = {}},
        model_.times.of_program(size, page_bytes));
}

void SpiNorChip::erase(std::uint32_t size_bytes) {
  if (!may_change(data_.empty() && bytes_ == 1 + address_bytes())) return;
  if ((address_ & (size_bytes - 1)) != 0) violate(Kind::misaligned_erase);
  begin({.op = {OpKind::erase, address_ & ~(size_bytes - 1), size_bytes}, .data = {}, .protection = {}},
        model_.times.of_erase(size_bytes));
}

void SpiNorChip::begin(Running running, const Duration& time) {
  busy_ = true;
  running_ = std::move(running);
  const std::uint64_t us = pace_ == Pace::typical ? time.typical_us : time.maximum_us;
  busy_until_ns_ = pace_ == Pace::never ? std::numeric_limits<std::uint64_t>::max() : now_ns_ + us * 1000;
}

void SpiNorChip::settle() {
  if (!busy_ || now_ns_ < busy_until_ns_) return;
  busy_ = write_enabled_ = false;
  if (running_.protection) {
    protection_ = *running_.protection;
    return;
  }
  const Op& op = running_.op;
  const Status s =
      op.kind == OpKind::program ? array_.program(op.address, running_.data) : array_.erase(op.address, op.size_bytes);
  if (s == Status::power_lost) forget_state();
}

void SpiNorChip::reset() {
  ++resets_;
  if (busy_) violate(Kind::while_busy);
  if (busy_ && !running_.protection) {
    array_.tear(running_.op, running_.data,
                {.kind = Tear::Kind::bits, .seed = static_cast<std::uint32_t>(now_ns_), .marginal = true});
    array_.reboot();
  }
  forget_state();
  awake_from_ns_ = now_ns_ + kWakeUpNs;
}

void SpiNorChip::forget_state() {
  busy_ = write_enabled_ = reset_enabled_ = in_4_byte_mode_ = asleep_ = false;
  ignored_ = true;  // the rest of a command that power ran out on
  awake_from_ns_ = 0;
}

void SpiNorChip::pass_us(std::uint64_t us) {
  now_ns_ += us * 1000;
  settle();
}

void SpiNorChip::protect(std::uint8_t bits, bool locked) {
  protection_ = bits;
  protection_locked_ = locked;
}

void SpiNorChip::cut_power(const Tear& tear) {
  const bool tears = busy_ && !running_.protection;
  array_.tear(tears ? running_.op : Op{}, tears ? Bytes{running_.data} : Bytes{}, tears ? tear : Tear{});
  forget_state();
}

void SpiNorChip::power_on(MarginalBits reads) {
  array_.reboot(reads);
  forget_state();
}

}  // namespace dualbank::sim
