// Builds 32-bit ELF files for tests, byte by byte, whole or broken in a chosen way. Shares nothing with the code under
// test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dualbank::tests {

class ElfBuilder {
 public:
  using Bytes = std::vector<std::byte>;

  struct Part {
    std::uint32_t address = 0;
    Bytes data;
    std::uint32_t type = 1;          ///< section: PROGBITS; segment: PT_LOAD
    std::uint32_t flags = 2;         ///< section: ALLOC
    std::uint32_t memory_bytes = 0;  ///< of a section without bytes (NOBITS)
    std::uint32_t load_address = 0;  ///< segment: p_paddr
  };

  ElfBuilder& machine(std::uint16_t number) { return set(machine_, number); }
  ElfBuilder& entry(std::uint32_t address) { return set(entry_, address); }
  ElfBuilder& type(std::uint16_t number) { return set(type_, number); }
  /// An allocated section with bytes, as `.text` is.
  ElfBuilder& section(std::uint32_t address, Bytes data) { return part(sections_, {address, std::move(data)}); }
  ElfBuilder& section(Part p) { return part(sections_, std::move(p)); }
  /// A section that runs at one address and is loaded to another, as `.data` in flash is: with a PT_LOAD around it.
  ElfBuilder& loaded_section(std::uint32_t address, std::uint32_t load_address, Bytes data) {
    loaded_.push_back({sections_.size(), load_address});
    return section(address, std::move(data));
  }
  ElfBuilder& segment(std::uint32_t address, Bytes data, std::uint32_t load_address = 0) {
    Part p{address, std::move(data)};
    p.load_address = load_address;
    return part(segments_, std::move(p));
  }
  ElfBuilder& segment(Part p) { return part(segments_, std::move(p)); }

  /// Header, data, program headers, section headers (the first one null, as everywhere).
  [[nodiscard]] Bytes build() const {
    Bytes out(52);
    const unsigned char ident[] = {0x7F, 'E', 'L', 'F', 1, 1, 1};
    for (std::size_t i = 0; i < sizeof ident; ++i) out[i] = std::byte{ident[i]};
    put(out, 16, type_, 2);
    put(out, 18, machine_, 2);
    put(out, 20, 1, 4);
    put(out, 24, entry_, 4);
    put(out, 40, 52, 2);
    std::vector<std::size_t> offsets;
    for (const auto* list : {&segments_, &sections_}) {
      for (const Part& p : *list) {
        offsets.push_back(out.size());
        out.insert(out.end(), p.data.begin(), p.data.end());
        while (out.size() % 4 != 0) out.push_back(std::byte{0});
      }
    }
    std::size_t index = 0;
    if (!segments_.empty() || !loaded_.empty()) {
      put(out, 28, out.size(), 4);
      put(out, 42, 32, 2);
      put(out, 44, segments_.size() + loaded_.size(), 2);
    }
    for (const Part& p : segments_) {
      const std::size_t at = out.size();
      out.resize(at + 32);
      put(out, at, p.type, 4);
      put(out, at + 4, offsets[index++], 4);
      put(out, at + 8, p.address, 4);
      put(out, at + 12, p.load_address, 4);
      put(out, at + 16, p.data.size(), 4);
      put(out, at + 20, p.data.size() + 64, 4);
    }
    for (const auto& [section, load_address] : loaded_) {
      const std::size_t at = out.size();
      out.resize(at + 32);
      put(out, at, 1, 4);
      put(out, at + 4, offsets[segments_.size() + section], 4);
      put(out, at + 8, sections_[section].address, 4);
      put(out, at + 12, load_address, 4);
      put(out, at + 16, sections_[section].data.size(), 4);
      put(out, at + 20, sections_[section].data.size(), 4);
    }
    if (sections_.empty()) return out;
    put(out, 32, out.size(), 4);
    put(out, 46, 40, 2);
    put(out, 48, sections_.size() + 1, 2);
    out.resize(out.size() + 40);
    for (const Part& p : sections_) {
      const std::size_t at = out.size();
      out.resize(at + 40);
      put(out, at + 4, p.type, 4);
      put(out, at + 8, p.flags, 4);
      put(out, at + 12, p.address, 4);
      put(out, at + 16, offsets[index++], 4);
      put(out, at + 20, p.data.empty() ? p.memory_bytes : p.data.size(), 4);
    }
    return out;
  }

 private:
  template <class Member, class Value>
  ElfBuilder& set(Member& member, Value value) {
    member = value;
    return *this;
  }
  ElfBuilder& part(std::vector<Part>& list, Part p) {
    list.push_back(std::move(p));
    return *this;
  }
  static void put(Bytes& out, std::size_t at, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i));
  }

  std::uint16_t machine_ = 243;
  std::uint16_t type_ = 2;
  std::uint32_t entry_ = 0;
  std::vector<Part> segments_;
  std::vector<Part> sections_;
  std::vector<std::pair<std::size_t, std::uint32_t>> loaded_;  ///< sections by index, load addresses
};

}  // namespace dualbank::tests
