#include "dualbank/ports/file/file_flash.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "dualbank/engine/flash_checks.hpp"

namespace dualbank::ports {
namespace {

constexpr auto kErasedSector = [] {
  std::array<std::byte, FileFlash::kSectorBytes> sector{};
  for (std::byte& b : sector) b = std::byte{0xFF};
  return sector;
}();

Event io_error(std::uint32_t address, std::size_t size_bytes, int error) {
  return {Status::file_io, {static_cast<std::uint32_t>(size_bytes), address, static_cast<std::uint32_t>(error)}};
}

/// Whether a read or write that ended with `result` is to be tried again; leaves why not in errno.
bool go_on(ssize_t result) {
  if (result == 0) errno = 0;
  return result > 0 || (result < 0 && errno == EINTR);
}

Event read_all(int file, std::uint32_t address, MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(file, out.data(), out.size(), static_cast<off_t>(address));
    if (!go_on(got)) return io_error(address, out.size(), errno);
    const auto bytes = static_cast<std::uint32_t>(got < 0 ? 0 : got);
    out = out.subspan(bytes);
    address += bytes;
  }
  return {};
}

Event write_all(int file, std::uint32_t address, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(address));
    if (!go_on(put)) return io_error(address, bytes.size(), errno);
    const auto written = static_cast<std::uint32_t>(put < 0 ? 0 : put);
    bytes = bytes.subspan(written);
    address += written;
  }
  return {};
}

Event write_erased(int file, std::uint32_t address, std::uint32_t size_bytes) {
  for (const std::uint32_t end = address + size_bytes; address < end; address += FileFlash::kSectorBytes) {
    if (const Event e = write_all(file, address, kErasedSector); e.failed()) return e;
  }
  return {};
}

Event open_error(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {Status::file_not_found};
    case EACCES:
    case EPERM:
    case EROFS:
      return {Status::file_no_permission};
    case EISDIR:
    case ENXIO:
      return {Status::file_not_regular};
    case EEXIST:
      return {Status::file_exists};
    default:
      return io_error(0, 0, error);
  }
}

Event check_size(std::uint64_t size_bytes) {
  constexpr std::uint64_t kMost = 0xFFFF'FFFF;
  const auto shown = static_cast<std::uint32_t>(size_bytes < kMost ? size_bytes : kMost);
  if (size_bytes < FileFlash::kSectorBytes) return {Status::file_too_short, {shown, FileFlash::kSectorBytes, 0}};
  if (size_bytes > FileFlash::kMostBytes) return {Status::file_too_long, {shown, FileFlash::kMostBytes, 0}};
  if ((size_bytes & (FileFlash::kSectorBytes - 1)) != 0) {
    return {Status::file_not_sectors, {shown, FileFlash::kSectorBytes, 0}};
  }
  return {};
}

Event check_regular(int file, std::uint64_t& size_bytes) {
  struct stat facts{};
  if (::fstat(file, &facts) != 0) return io_error(0, 0, errno);
  if (!S_ISREG(facts.st_mode)) return {Status::file_not_regular};
  size_bytes = static_cast<std::uint64_t>(facts.st_size);
  return {};
}

Event take_lock(int file) {
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return {};
  return errno == EWOULDBLOCK ? Event{Status::file_in_use} : io_error(0, 0, errno);
}

/// Not waiting for the other end of a pipe.
constexpr int kOpenFlags = O_CLOEXEC | O_NONBLOCK;

/// Erases a file that is ours, and no other's.
Event make_erased(int file, std::uint32_t size_bytes) {
  std::uint64_t old_size = 0;
  if (const Event e = check_regular(file, old_size); e.failed()) return e;
  if (const Event e = take_lock(file); e.failed()) return e;
  if (::ftruncate(file, static_cast<off_t>(size_bytes)) != 0) return io_error(0, size_bytes, errno);
  return write_erased(file, 0, size_bytes);
}

}  // namespace

Status FileFlash::open(const char* path, bool read_only) {
  close();
  file_ = ::open(path, (read_only ? O_RDONLY : O_RDWR) | kOpenFlags);
  Event event = file_ < 0 ? open_error(errno) : Event{};
  std::uint64_t size_bytes = 0;
  if (!event.failed()) event = check_regular(file_, size_bytes);
  if (!event.failed()) event = check_size(size_bytes);
  if (!event.failed() && !read_only) event = take_lock(file_);
  if (event.failed()) {
    close();
    opened_ = event.code;
    return fail(event);
  }
  read_only_ = read_only;
  opened_ = Status::ok;
  event_ = {};
  geometry_.size_bytes = static_cast<std::uint32_t>(size_bytes);
  return Status::ok;
}

void FileFlash::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  opened_ = Status::file_not_found;
  event_ = {Status::file_not_found, {}};
  geometry_ = kClosed;
}

Status FileFlash::read(std::uint32_t address, MutableBytes out) {
  if (opened_ != Status::ok) return opened_;
  if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok)
    return fail(s, address, out.size());
  const Event e = read_all(file_, address, out);
  return e.failed() ? fail(e) : Status::ok;
}

Status FileFlash::program(std::uint32_t address, Bytes bytes) {
  if (opened_ != Status::ok) return opened_;
  if (read_only_) return fail({Status::file_read_only});
  if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok) {
    return fail(s, address, bytes.size());
  }
  std::array<std::byte, 256> page;
  static_assert(kClosed.page_bytes == page.size());
  const MutableBytes after = MutableBytes{page}.first(bytes.size());
  if (const Event e = read_all(file_, address, after); e.failed()) return fail(e);
  for (std::size_t i = 0; i < bytes.size(); ++i) after[i] = programmed(geometry_, after[i], bytes[i]);
  const Event e = write_all(file_, address, after);
  return e.failed() ? fail(e) : Status::ok;
}

Status FileFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  if (opened_ != Status::ok) return opened_;
  if (read_only_) return fail({Status::file_read_only});
  if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok)
    return fail(s, address, size_bytes);
  const Event e = write_erased(file_, address, size_bytes);
  return e.failed() ? fail(e) : Status::ok;
}

Status FileFlash::sync() {
  if (opened_ != Status::ok) return opened_;
  return read_only_ || ::fdatasync(file_) == 0 ? Status::ok : fail(io_error(0, geometry_.size_bytes, errno));
}

Event FileFlash::create(const char* path, std::uint32_t size_bytes, bool replace) {
  if (const Event e = check_size(size_bytes); e.failed()) return e;
  int file = ::open(path, O_RDWR | O_CREAT | O_EXCL | kOpenFlags, 0666);
  const bool is_new = file >= 0;
  if (file < 0 && errno == EEXIST && replace) file = ::open(path, O_RDWR | kOpenFlags);
  if (file < 0) return open_error(errno);
  const Event e = make_erased(file, size_bytes);
  if (e.failed() && is_new) ::unlink(path);
  ::close(file);
  return e;
}

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
