#include "dualbank/cli/serial_line.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"

namespace dualbank::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kScheme = "serial:";
constexpr milliseconds kMostWriteWait{3000};

constexpr std::array<std::pair<unsigned, speed_t>, 18> kRates{{{1200, B1200},
                                                               {2400, B2400},
                                                               {4800, B4800},
                                                               {9600, B9600},
                                                               {19200, B19200},
                                                               {38400, B38400},
                                                               {57600, B57600},
                                                               {115200, B115200},
                                                               {230400, B230400},
                                                               {460800, B460800},
                                                               {500000, B500000},
                                                               {576000, B576000},
                                                               {921600, B921600},
                                                               {1000000, B1000000},
                                                               {1500000, B1500000},
                                                               {2000000, B2000000},
                                                               {3000000, B3000000},
                                                               {4000000, B4000000}}};

const speed_t* rate_of(unsigned baud) {
  const auto found = std::find_if(kRates.begin(), kRates.end(), [&](const auto& rate) { return rate.first == baud; });
  return found == kRates.end() ? nullptr : &found->second;
}

[[noreturn]] void bad_address(const std::string& target, const std::string& why) {
  throw Refused::usage("bad_line", fmt::format("{}: {}", target, why),
                       "write it like serial:/dev/ttyUSB0 or serial:/dev/ttyUSB0?baud=921600", {{"target", target}});
}

[[noreturn]] void fail(const std::string& path, int error) {
  const Json values{{"path", path}};
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      throw Refused("line_not_found", fmt::format("there is no serial line {}", path),
                    "check that the board is plugged in, and its name (ls /dev/tty* before and after)", values);
    case ECONNREFUSED:
      throw Refused("line_not_found", fmt::format("nobody listens at the socket {}", path),
                    "start what serves it, then try again", values);
    case EACCES:
    case EPERM:
      throw Refused("line_no_permission", fmt::format("the serial line {} may not be opened", path),
                    "join the group that owns it (dialout on Debian), then log in again", values);
    case EBUSY:
    case EWOULDBLOCK:
      throw Refused("line_in_use", fmt::format("another program has the serial line {} open", path),
                    "close it (a terminal program, a monitor, another dualbank), then try again", values);
    default:
      throw Refused("line_failed", fmt::format("the serial line {} failed: {}", path, std::strerror(error)),
                    "plug the board in again, then run the same command", values);
  }
}

[[noreturn]] void not_a_line(const std::string& path, bool file) {
  throw Refused("not_a_line", fmt::format("{} is no serial line but {}", path, file ? "a file" : "something else"),
                file ? fmt::format("a flash file is named without serial: before it ({})", path)
                     : "name a terminal device such as /dev/ttyUSB0, or a unix socket",
                {{"path", path}});
}

int connect_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
  std::copy(path.begin(), path.end(), address.sun_path);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail(path, errno);
  sockaddr plain{};
  static_assert(sizeof plain <= sizeof address);
  if (connect(descriptor, static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address) != 0) {
    const int error = errno;
    close(descriptor);
    fail(path, error);
  }
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return descriptor;
}

bool make_raw(int descriptor, speed_t rate) {
  termios settings{};
  if (tcgetattr(descriptor, &settings) != 0) return false;
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag &= ~static_cast<tcflag_t>(HUPCL | CRTSCTS | CSTOPB);  // no HUPCL: closing must not reset the board
  cfsetispeed(&settings, rate);
  cfsetospeed(&settings, rate);
  return tcsetattr(descriptor, TCSANOW, &settings) == 0;
}

int open_terminal(const LineAddress& address) {
  const int descriptor = open(address.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) fail(address.path, errno);
  int error = 0;
  if (isatty(descriptor) != 1) {
    close(descriptor);
    not_a_line(address.path, false);
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 || !make_raw(descriptor, *rate_of(address.baud))) error = errno;
  if (error != 0) {
    close(descriptor);
    fail(address.path, error);
  }
  return descriptor;
}

int wait_for(int descriptor, short what, milliseconds wait) {
  pollfd one{descriptor, what, 0};
  return poll(&one, 1, static_cast<int>(wait.count()));
}

}  // namespace

bool names_a_line(std::string_view target) { return target.starts_with(kScheme); }

bool names_a_bare_line(std::string_view target) {
  const bool com = target.size() > 3 && (target.starts_with("COM") || target.starts_with("com")) &&
                   std::all_of(target.begin() + 3, target.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  constexpr std::array<std::string_view, 4> kFolders{"/dev/tty", "/dev/cu.", "/dev/pts/", "/dev/serial/"};
  return com ||
         std::any_of(kFolders.begin(), kFolders.end(), [&](std::string_view f) { return target.starts_with(f); });
}

LineAddress parse_line_address(const std::string& target) {
  constexpr std::string_view kBaud = "baud=";
  LineAddress address{.path = target.substr(kScheme.size())};
  if (const auto mark = address.path.find('?'); mark != std::string::npos) {
    const std::string setting = address.path.substr(mark + 1);
    address.path.resize(mark);
    if (!setting.starts_with(kBaud)) bad_address(target, fmt::format("'{}' is no setting of a line", setting));
    const auto baud = parse_number(setting.substr(kBaud.size()));
    if (!baud || rate_of(*baud) == nullptr) {
      bad_address(target, fmt::format("'{}' is no baud rate of a serial line", setting.substr(kBaud.size())));
    }
    address.baud = *baud;
  }
  if (address.path.empty()) bad_address(target, "the line's path is missing");
  return address;
}

SerialLine::SerialLine(const LineAddress& address) : path_(address.path) {
  struct stat about{};
  if (stat(path_.c_str(), &about) != 0) fail(path_, errno);
  if (S_ISSOCK(about.st_mode)) {
    descriptor_ = connect_socket(path_);
  } else if (S_ISCHR(about.st_mode)) {
    descriptor_ = open_terminal(address);
  } else {
    not_a_line(path_, S_ISREG(about.st_mode));
  }
}

SerialLine::~SerialLine() { close(descriptor_); }

void SerialLine::write(Bytes bytes) const {
  while (!bytes.empty() && !interrupted()) {
    const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
    if (done > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN) {
      if (wait_for(descriptor_, POLLOUT, kMostWriteWait) == 0) return;
    } else if (errno != EINTR) {
      throw Refused("line_gone", fmt::format("the serial line {} went away", path_),
                    "plug the board in again; the same command goes on", {{"path", path_}});
    }
  }
}

std::size_t SerialLine::read(MutableBytes room, milliseconds wait) const {
  if (wait_for(descriptor_, POLLIN, wait) <= 0) return 0;
  const ssize_t got = ::read(descriptor_, room.data(), room.size());
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  throw Refused("line_gone", fmt::format("the serial line {} went away", path_),
                "plug the board in again; the same command goes on", {{"path", path_}});
}

}  // namespace dualbank::cli
