// The command's files, of which there is one, in memory: cli/files.hpp, cli/in_use.hpp, cli/interrupt.hpp and the file
// port, in place of those that need POSIX.
#include <algorithm>

#include "dualbank/bindings/web/page.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/in_use.hpp"
#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/engine/flash_checks.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::cli {

bool path_exists(const std::string&) { return true; }

std::vector<std::byte> read_file(const std::string&, std::size_t) {
  const Bytes bytes = web::file();
  return {bytes.begin(), bytes.end()};
}

void write_file(const std::string& path, Bytes bytes, bool) {
  const MutableBytes room = web::file();
  if (bytes.size() != room.size()) throw Refused("file_not_writable", path + " cannot be written: it has another size");
  std::copy(bytes.begin(), bytes.end(), room.begin());
}

bool is_being_written(const std::string&) { return false; }

bool interrupted() { return false; }

}  // namespace dualbank::cli

namespace dualbank::ports {
namespace {

/// As far as the power lasts.
std::uint32_t powered(web::Operation operation, std::uint32_t address, std::size_t size_bytes) {
  return web::page_operation(operation, address, static_cast<std::uint32_t>(size_bytes));
}

}  // namespace

Status FileFlash::open(const char*, bool read_only) {
  constexpr std::size_t kInSector = kSectorBytes - 1;
  const std::size_t size = web::file().size();
  const auto size_bytes = static_cast<std::uint32_t>(size);
  opened_ = size < kSectorBytes       ? Status::file_too_short
            : size > kMostBytes       ? Status::file_too_long
            : (size & kInSector) != 0 ? Status::file_not_sectors
                                      : Status::ok;
  if (opened_ != Status::ok)
    return fail({opened_, {size_bytes, opened_ == Status::file_too_long ? kMostBytes : kSectorBytes, 0}});
  read_only_ = read_only;
  event_ = {};
  geometry_.size_bytes = size_bytes;
  return Status::ok;
}

void FileFlash::close() { opened_ = Status::file_not_found; }

Status FileFlash::read(std::uint32_t address, MutableBytes out) {
  if (opened_ != Status::ok) return opened_;
  if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok)
    return fail(s, address, out.size());
  const Bytes place = web::file().subspan(address, out.size());
  std::copy(place.begin(), place.end(), out.begin());
  return Status::ok;
}

Status FileFlash::program(std::uint32_t address, Bytes bytes) {
  if (opened_ != Status::ok) return opened_;
  if (read_only_) return fail({Status::file_read_only});
  if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok)
    return fail(s, address, bytes.size());
  const std::uint32_t done = powered(web::Operation::program, address, bytes.size());
  const MutableBytes place = web::file().subspan(address, done);
  for (std::size_t i = 0; i < place.size(); ++i) place[i] = programmed(geometry_, place[i], bytes[i]);
  if (done != bytes.size()) web::page_cut();
  return Status::ok;
}

Status FileFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  if (opened_ != Status::ok) return opened_;
  if (read_only_) return fail({Status::file_read_only});
  if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok)
    return fail(s, address, size_bytes);
  const std::uint32_t done = powered(web::Operation::erase, address, size_bytes);
  const MutableBytes place = web::file().subspan(address, done);
  std::fill(place.begin(), place.end(), geometry_.erased);
  if (done != size_bytes) web::page_cut();
  return Status::ok;
}

Status FileFlash::sync() { return opened_; }

Status FileFlash::fail(const Event& event) {
  event_ = event;
  return event.code;
}

Status FileFlash::fail(Status code, std::uint32_t address, std::size_t size_bytes) {
  const auto size = static_cast<std::uint32_t>(size_bytes);
  if (code == Status::flash_out_of_range) return fail({code, {size, address, geometry_.size_bytes}});
  return fail({code, {address, size, kSectorBytes}});
}

}  // namespace dualbank::ports
