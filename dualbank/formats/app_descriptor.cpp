#include "dualbank/formats/app_descriptor.hpp"

#include <cstring>

namespace dualbank {
namespace {

constexpr std::size_t kVersionAt = 16;
constexpr std::size_t kProjectNameAt = 48;
constexpr std::size_t kTimeAt = 80;
constexpr std::size_t kDateAt = 96;
constexpr std::size_t kIdfVersionAt = 112;
constexpr std::size_t kElfSha256At = 144;
constexpr std::size_t kMinEfuseRevisionAt = 176;
constexpr std::size_t kMaxEfuseRevisionAt = 178;
constexpr std::size_t kMmuPageAt = 180;
constexpr std::size_t kSpiFlashModeAt = 181;

template <std::size_t N>
void load_text(Bytes bytes, std::size_t offset, std::array<char, N>& text) {
  for (std::size_t i = 0; i + 1 < N && bytes[offset + i] != std::byte{0}; ++i) {
    text[i] = static_cast<char>(bytes[offset + i]);
  }
}

template <std::size_t N>
void store_text(MutableBytes bytes, std::size_t offset, const std::array<char, N>& text) {
  for (std::size_t i = 0; i + 1 < N && text[i] != 0; ++i) bytes[offset + i] = static_cast<std::byte>(text[i]);
}

}  // namespace

bool AppDescriptor::present(Bytes bytes) { return bytes.size() >= 4 && load_u32(bytes, 0) == kAppDescriptorMagic; }

AppDescriptor AppDescriptor::parse(Bytes bytes256) {
  AppDescriptor result;
  result.secure_version = load_u32(bytes256, kSecureVersionOffset);
  load_text(bytes256, kVersionAt, result.version);
  load_text(bytes256, kProjectNameAt, result.project_name);
  load_text(bytes256, kTimeAt, result.time);
  load_text(bytes256, kDateAt, result.date);
  load_text(bytes256, kIdfVersionAt, result.idf_version);
  std::memcpy(result.elf_sha256.data(), bytes256.data() + kElfSha256At, result.elf_sha256.size());
  result.min_efuse_block_revision = load_u16(bytes256, kMinEfuseRevisionAt);
  result.max_efuse_block_revision = load_u16(bytes256, kMaxEfuseRevisionAt);
  result.mmu_page_log2 = load_u8(bytes256, kMmuPageAt);
  result.spi_flash_mode = load_u8(bytes256, kSpiFlashModeAt);
  return result;
}

void AppDescriptor::store(MutableBytes bytes256) const {
  std::memset(bytes256.data(), 0, kAppDescriptorBytes);
  store_u32(bytes256, 0, kAppDescriptorMagic);
  store_u32(bytes256, kSecureVersionOffset, secure_version);
  store_text(bytes256, kVersionAt, version);
  store_text(bytes256, kProjectNameAt, project_name);
  store_text(bytes256, kTimeAt, time);
  store_text(bytes256, kDateAt, date);
  store_text(bytes256, kIdfVersionAt, idf_version);
  std::memcpy(bytes256.data() + kElfSha256At, elf_sha256.data(), elf_sha256.size());
  store_u16(bytes256, kMinEfuseRevisionAt, min_efuse_block_revision);
  store_u16(bytes256, kMaxEfuseRevisionAt, max_efuse_block_revision);
  store_u8(bytes256, kMmuPageAt, mmu_page_log2);
  store_u8(bytes256, kSpiFlashModeAt, spi_flash_mode);
}

}  // namespace dualbank
