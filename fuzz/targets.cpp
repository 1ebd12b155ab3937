#include "fuzz/target.hpp"

#include <array>

namespace dualbank::fuzz {

std::span<const Target> targets() {
  static constexpr std::array kTargets{Target{"partition_table", partition_table},
                                       Target{"partition_csv", partition_csv},
                                       Target{"boot_records", boot_records},
                                       Target{"journal", journal},
                                       Target{"compact_bootloader", compact_bootloader},
                                       Target{"app_image", app_image},
                                       Target{"app_descriptor", app_descriptor},
                                       Target{"signature_block", signature_block},
                                       Target{"firmware_file", firmware_file},
                                       Target{"uf2", uf2},
                                       Target{"fat_volume", fat_volume},
                                       Target{"elf", elf},
                                       Target{"serial_line", serial_line},
                                       Target{"engine_calls", engine_calls}};
  return kTargets;
}

}  // namespace dualbank::fuzz
