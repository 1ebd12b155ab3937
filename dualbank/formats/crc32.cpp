#include "dualbank/formats/crc32.hpp"

#include <type_traits>

#include "dualbank/formats/crc32_tables.hpp"

namespace dualbank {
namespace {

// Where addresses have 64 bits nobody counts the bytes of a table.
using Way = std::conditional_t<sizeof(void*) >= 8, FastCrc32, SmallCrc32>;

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t crc) { return ~Way::carry_on(~crc, bytes); }

}  // namespace dualbank
