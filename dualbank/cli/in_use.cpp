#include "dualbank/cli/in_use.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

namespace dualbank::cli {

bool is_being_written(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return false;
  const std::string device = fmt::format(" {:02x}:{:02x}:{} ", major(info.st_dev), minor(info.st_dev), info.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find(" FLOCK ") != std::string::npos && line.find(" WRITE ") != std::string::npos &&
        line.find(device) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace dualbank::cli
