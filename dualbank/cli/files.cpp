#include "dualbank/cli/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/refused.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kMostPipedBytes = std::size_t{48} << 20;  // nobody knows how much more would come
constexpr std::size_t kPieceBytes = std::size_t{1} << 16;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { static_cast<void>(close_now()); }
  [[nodiscard]] int number() const { return number_; }
  int close_now() {
    const int result = number_ > 2 ? ::close(number_) : 0;
    number_ = -1;
    return result;
  }

 private:
  int number_;
};

Refused refused_read(const std::string& path, int error) {
  if (error == ENOENT) {
    return {
        "file_not_found", fmt::format("there is no file {}", path), "check the name and the folder", {{"path", path}}};
  }
  if (error == EISDIR)
    return {"file_is_folder", fmt::format("{} is a folder", path), "name a file in it", {{"path", path}}};
  return {"file_not_readable", fmt::format("{} cannot be read: {}", path, std::strerror(error)), "", {{"path", path}}};
}

Refused refused_device(const std::string& path) {
  return {"file_is_device",
          fmt::format("{} is a device, no file", path),
          "name a file, or - for standard input",
          {{"path", path}}};
}

Refused refused_large(const std::string& path, std::size_t most_bytes) {
  return {"file_too_large",
          fmt::format("{} has more than {} MiB", path, most_bytes >> 20),
          "give one firmware",
          {{"path", path}}};
}

Refused refused_interrupted() {
  Refused refused("interrupted", "interrupted before anything was written", "the same command starts again");
  refused.set_exit_code(kInterrupted);
  return refused;
}

Refused refused_write(const std::string& path, int error) {
  return {"file_not_writable",
          fmt::format("{} cannot be written: {}", path, std::strerror(error)),
          "check the folder, its rights and the room on the disk",
          {{"path", path}}};
}

Refused refused_exists(const std::string& path) {
  return {"file_exists",
          fmt::format("{} is there already", path),
          "name another file, or replace it with --force",
          {{"path", path}}};
}

bool write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// A page fault for each 4 KiB costs more than to read them.
void ask_for_huge_pages(std::byte* room, std::size_t size_bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kPage = 4096;
  const std::size_t skip = (kPage - reinterpret_cast<std::uintptr_t>(room) % kPage) % kPage;
  if (size_bytes > skip) static_cast<void>(::madvise(room + skip, (size_bytes - skip) / kPage * kPage, MADV_HUGEPAGE));
#endif
}

void give_usual_rights(int descriptor) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  static_cast<void>(::fchmod(descriptor, 0666 & ~mask));
}

/// Without `replace`, a file that somebody made in the meantime stays.
bool put_in_place(const std::string& from, const std::string& to, bool replace) {
  if (replace) return ::rename(from.c_str(), to.c_str()) == 0;
  if (::link(from.c_str(), to.c_str()) != 0) return false;
  ::unlink(from.c_str());
  return true;
}

}  // namespace

bool path_exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

std::vector<std::byte> read_file(const std::string& path, std::size_t most_bytes) {
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const Descriptor file(path == "-" ? 0 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info{};
  if (file.number() < 0 || ::fstat(file.number(), &info) != 0) throw refused_read(path, errno);
  if (file.number() != 0) {
    if (S_ISDIR(info.st_mode)) throw refused_read(path, EISDIR);
    if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) throw refused_device(path);
    ::fcntl(file.number(), F_SETFL, ::fcntl(file.number(), F_GETFL) & ~O_NONBLOCK);
  }
  const bool regular = S_ISREG(info.st_mode);
  const std::size_t most = regular ? most_bytes : std::min(most_bytes, kMostPipedBytes);
  if (regular && info.st_size > static_cast<off_t>(most)) throw refused_large(path, most);
  std::vector<std::byte> bytes;
  bytes.reserve((regular ? static_cast<std::size_t>(info.st_size) : most) + kPieceBytes);
  if (regular) ask_for_huge_pages(bytes.data(), bytes.capacity());
  for (;;) {
    const std::size_t had = bytes.size();
    bytes.resize(had + kPieceBytes);
    const ssize_t got = ::read(file.number(), bytes.data() + had, kPieceBytes);
    const int error = errno;
    bytes.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (interrupted()) throw refused_interrupted();
    if (got == 0) return bytes;
    if (got < 0 && error != EINTR) throw refused_read(path, error);
    if (bytes.size() > most) throw refused_large(path, most);
  }
}

void write_file(const std::string& path, Bytes bytes, bool replace) {
  if (path == "-") {
    std::fflush(stdout);
    if (!write_all(1, bytes)) throw refused_write("standard output", errno);
    return;
  }
  if (!replace && path_exists(path)) throw refused_exists(path);
  std::string beside = path + ".XXXXXX";
  Descriptor file(::mkstemp(beside.data()));
  if (file.number() < 0) throw refused_write(path, errno);
  give_usual_rights(file.number());
  const bool written = write_all(file.number(), bytes) && ::fsync(file.number()) == 0 && file.close_now() == 0 &&
                       put_in_place(beside, path, replace);
  if (written) return;
  const int error = errno;
  ::unlink(beside.c_str());
  throw error == EEXIST ? refused_exists(path) : refused_write(path, error);
}

void write_owners_file(const std::string& path, Bytes bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.number() < 0) {
    if (errno != EEXIST) throw refused_write(path, errno);
    throw Refused("file_exists", fmt::format("{} is there already", path), "name another file: a key is never replaced",
                  {{"path", path}});
  }
  if (write_all(file.number(), bytes) && ::fsync(file.number()) == 0 && file.close_now() == 0) return;
  const int error = errno;
  ::unlink(path.c_str());
  throw refused_write(path, error);
}

}  // namespace dualbank::cli
