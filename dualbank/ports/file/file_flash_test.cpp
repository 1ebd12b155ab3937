#include "dualbank/ports/file/file_flash.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/conformance/flash_conformance.hpp"

namespace dualbank::tests {
namespace {

namespace fs = std::filesystem;
using ports::FileFlash;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "dualbank-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
    fs::permissions(path_, fs::perms::all);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

template <std::uint32_t kSizeBytes>
class FileProvider {
 public:
  FileProvider() {
    EXPECT_EQ(FileFlash::create(path_.c_str(), kSizeBytes).code, Status::ok);
    EXPECT_EQ(flash_.open(path_.c_str()), Status::ok);
  }
  Flash& flash() { return flash_; }

 private:
  Folder folder_;
  std::string path_ = folder_ / "chip";
  FileFlash flash_;
};

using FileProviders = testing::Types<FileProvider<0x2'0000>, FileProvider<0x2'3000>>;
INSTANTIATE_TYPED_TEST_SUITE_P(File, FlashConformance, FileProviders);

std::vector<std::byte> bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

class FileFlashTest : public testing::Test {
 protected:
  void make_file(std::uintmax_t size_bytes) {
    std::ofstream{path_}.put('x');
    fs::resize_file(path_, size_bytes);
  }
  void make_chip(std::uint32_t size_bytes = 0x2'0000) {
    ASSERT_EQ(FileFlash::create(path_.c_str(), size_bytes), Event{});
  }

  Folder folder_;
  std::string path_ = folder_ / "board.flash";
  const std::byte value_{0x3C};
  const Bytes one_{&value_, 1};
};

// ---- opening

TEST_F(FileFlashTest, IsAChipOfTheFilesSize) {
  make_chip(0x3000);
  const FileFlash flash{path_.c_str()};
  EXPECT_EQ(flash.status(), Status::ok);
  EXPECT_EQ(flash.last_event(), Event{});
  EXPECT_EQ(flash.geometry().size_bytes, 0x3000u);
  EXPECT_TRUE(flash.geometry().is_sound());
}

/// Bytes that this process has read from anything, as the system counts them.
std::uint64_t bytes_read_by_process() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t count = 0;
  io >> name >> count;
  return name == "rchar:" ? count : 0;
}

TEST_F(FileFlashTest, Opens16MiBWithoutReadingThem) {
  make_file(16U << 20);
  const std::uint64_t before = bytes_read_by_process();
  if (before == 0) GTEST_SKIP() << "this system does not count what is read";
  FileFlash flash{path_.c_str()};
  EXPECT_LT(bytes_read_by_process() - before, 0x4000u);
  EXPECT_EQ(flash.geometry().size_bytes, 16U << 20);
  std::vector<std::byte> all(16U << 20);
  ASSERT_EQ(flash.read(0, all), Status::ok);
  EXPECT_GE(bytes_read_by_process() - before, all.size());  // it does count
}

TEST_F(FileFlashTest, MissingFilesAndFoldersAreNotFound) {
  EXPECT_EQ(FileFlash{path_.c_str()}.status(), Status::file_not_found);
  EXPECT_EQ(FileFlash{(folder_ / "no/such/file").c_str()}.status(), Status::file_not_found);
  EXPECT_EQ(FileFlash{""}.status(), Status::file_not_found);
  EXPECT_EQ(FileFlash{}.status(), Status::file_not_found);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(FileFlashTest, OtherThingsThanFilesAreNoFlash) {
  for (const bool read_only : {false, true}) {
    EXPECT_EQ(FileFlash((folder_ / ".").c_str(), read_only).status(), Status::file_not_regular);
    EXPECT_EQ(FileFlash("/dev/null", read_only).status(), Status::file_not_regular);
  }
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(FileFlash(path_.c_str(), true).status(), Status::file_not_regular);
  EXPECT_EQ(FileFlash(path_.c_str(), false).status(), Status::file_not_regular);
}

TEST_F(FileFlashTest, FilesOfTheWrongSizeAreNoFlashAndSayWhy) {
  const struct {
    std::uintmax_t size;
    Event event;
  } cases[] = {{0, {Status::file_too_short, {0, 0x1000, 0}}},
               {0xFFF, {Status::file_too_short, {0xFFF, 0x1000, 0}}},
               {0x1'0001, {Status::file_not_sectors, {0x1'0001, 0x1000, 0}}},
               {(128U << 20) + 0x1000, {Status::file_too_long, {(128U << 20) + 0x1000, 128U << 20, 0}}},
               {5ULL << 30, {Status::file_too_long, {0xFFFF'FFFF, 128U << 20, 0}}}};
  for (const auto& [size, event] : cases) {
    make_file(size);
    const FileFlash flash{path_.c_str()};
    EXPECT_EQ(flash.last_event(), event) << size;
    EXPECT_EQ(flash.status(), event.code) << size;
    EXPECT_EQ(flash.geometry().size_bytes, 0u) << size;
  }
  make_file(128U << 20);
  EXPECT_EQ(FileFlash{path_.c_str()}.status(), Status::ok);
}

/// Runs as somebody without rights where the tests run as root.
template <class What>
void without_privileges(What what) {
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  what();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

TEST_F(FileFlashTest, FilesOneMayNotOpenAreAnErrorOfTheirOwn) {
  make_chip();
  ASSERT_EQ(::chmod(path_.c_str(), 0444), 0);
  without_privileges([&] {
    EXPECT_EQ(FileFlash(path_.c_str(), false).status(), Status::file_no_permission);
    EXPECT_EQ(FileFlash(path_.c_str(), true).status(), Status::ok);
    EXPECT_EQ(FileFlash::create(path_.c_str(), 0x1000, true).code, Status::file_no_permission);
  });
  ASSERT_EQ(::chmod(path_.c_str(), 0), 0);
  without_privileges([&] { EXPECT_EQ(FileFlash(path_.c_str(), true).status(), Status::file_no_permission); });
}

TEST_F(FileFlashTest, AnyOtherRefusalKeepsTheSystemsErrorNumber) {
  const std::string loop = folder_ / "loop";
  ASSERT_EQ(::symlink(loop.c_str(), loop.c_str()), 0);
  EXPECT_EQ(FileFlash(loop.c_str()).last_event(), (Event{Status::file_io, {0, 0, ELOOP}}));
}

TEST_F(FileFlashTest, AFileThatDidNotOpenAnswersEachVerbWithTheReason) {
  make_file(100);
  FileFlash flash{path_.c_str()};
  std::byte b{};
  EXPECT_EQ(flash.read(0, {&b, 1}), Status::file_too_short);
  EXPECT_EQ(flash.read(0, {}), Status::file_too_short);
  EXPECT_EQ(flash.program(0, one_), Status::file_too_short);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::file_too_short);
  EXPECT_EQ(flash.sync(), Status::file_too_short);
  EXPECT_EQ(flash.last_event().values[0], 100u);
}

TEST_F(FileFlashTest, CloseAndOpenAgainGoesOn) {
  make_chip();
  FileFlash flash{path_.c_str()};
  ASSERT_EQ(flash.program(0x10, one_), Status::ok);
  flash.close();
  flash.close();
  EXPECT_EQ(flash.status(), Status::file_not_found);
  EXPECT_EQ(flash.geometry().size_bytes, 0u);
  ASSERT_EQ(flash.open(path_.c_str()), Status::ok);
  std::byte b{};
  ASSERT_EQ(flash.read(0x10, {&b, 1}), Status::ok);
  EXPECT_EQ(b, value_);
  EXPECT_EQ(flash.open((folder_ / "none").c_str()), Status::file_not_found);
  EXPECT_EQ(flash.program(0x10, one_), Status::file_not_found);
}

// ---- two at once

TEST_F(FileFlashTest, ASecondWriterIsToldAndAReaderIsNotHindered) {
  make_chip();
  std::optional<FileFlash> writer(std::in_place, path_.c_str());
  ASSERT_EQ(writer->status(), Status::ok);
  EXPECT_EQ(FileFlash(path_.c_str()).status(), Status::file_in_use);
  FileFlash reader{path_.c_str(), true};
  ASSERT_EQ(reader.status(), Status::ok);
  ASSERT_EQ(writer->program(0x20, one_), Status::ok);
  std::byte b{};
  EXPECT_EQ(reader.read(0x20, {&b, 1}), Status::ok);
  EXPECT_EQ(b, value_);
  writer.reset();
  EXPECT_EQ(FileFlash(path_.c_str()).status(), Status::ok);
}

TEST_F(FileFlashTest, AReaderHindersNoWriter) {
  make_chip();
  const FileFlash reader{path_.c_str(), true};
  EXPECT_EQ(FileFlash(path_.c_str()).status(), Status::ok);
}

// ---- looking only

TEST_F(FileFlashTest, OpenedForLookingChangesNothing) {
  make_chip();
  const auto before = bytes_of_file(path_);
  FileFlash flash{path_.c_str(), true};
  EXPECT_EQ(flash.program(0, one_), Status::file_read_only);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::file_read_only);
  EXPECT_EQ(flash.sync(), Status::ok);
  EXPECT_EQ(flash.last_event().code, Status::file_read_only);
  EXPECT_EQ(bytes_of_file(path_), before);
}

// ---- what is in the file

TEST_F(FileFlashTest, WhatWasAcknowledgedIsInTheFileAtItsAddress) {
  make_chip();
  FileFlash flash{path_.c_str()};
  std::vector<std::byte> expected(0x2'0000, std::byte{0xFF});
  ASSERT_EQ(flash.program(0x1'2345, one_), Status::ok);
  expected[0x1'2345] = value_;
  EXPECT_EQ(bytes_of_file(path_), expected);
  ASSERT_EQ(flash.erase(0x1'0000, 0x1'0000), Status::ok);
  expected[0x1'2345] = std::byte{0xFF};
  EXPECT_EQ(bytes_of_file(path_), expected);
}

TEST_F(FileFlashTest, RefusalsNameTheirValues) {
  make_chip();
  FileFlash flash{path_.c_str()};
  EXPECT_EQ(flash.program(0x2'0000, one_), Status::flash_out_of_range);
  EXPECT_EQ(flash.last_event(), (Event{Status::flash_out_of_range, {1, 0x2'0000, 0x2'0000}}));
  EXPECT_EQ(flash.erase(0x800, 0x1000), Status::flash_misaligned);
  EXPECT_EQ(flash.last_event(), (Event{Status::flash_misaligned, {0x800, 0x1000, 0x1000}}));
}

TEST_F(FileFlashTest, AFileThatShrinksMeanwhileIsAnErrorOfTheFile) {
  make_chip();
  FileFlash flash{path_.c_str()};
  fs::resize_file(path_, 0x1000);
  std::byte b{};
  EXPECT_EQ(flash.read(0x1000, {&b, 1}), Status::file_io);
  EXPECT_EQ(flash.last_event(), (Event{Status::file_io, {1, 0x1000, 0}}));
  EXPECT_EQ(flash.program(0x1000, one_), Status::file_io);
  EXPECT_EQ(fs::file_size(path_), 0x1000u);
}

/// Files cannot grow beyond this for a while; writes that would answer EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  struct rlimit before_{};
};

TEST_F(FileFlashTest, AWriteThatTheSystemRefusesIsAnErrorOfTheFile) {
  make_chip();
  FileFlash flash{path_.c_str()};
  const FileSizeLimit limit{0x1'0000};
  EXPECT_EQ(flash.program(0x1'0000, one_), Status::file_io);
  EXPECT_EQ(flash.last_event(), (Event{Status::file_io, {1, 0x1'0000, EFBIG}}));
  EXPECT_EQ(flash.erase(0x1'1000, 0x1000), Status::file_io);
  EXPECT_EQ(flash.last_event(), (Event{Status::file_io, {0x1000, 0x1'1000, EFBIG}}));
  EXPECT_EQ(flash.program(0xFFFF, one_), Status::ok);
}

// ---- making a file

TEST_F(FileFlashTest, CreateMakesAnErasedChip) {
  make_chip(0x5000);
  EXPECT_EQ(bytes_of_file(path_), std::vector<std::byte>(0x5000, std::byte{0xFF}));
}

TEST_F(FileFlashTest, CreateRefusesAnExistingFileUnlessTold) {
  make_file(100);
  EXPECT_EQ(FileFlash::create(path_.c_str(), 0x2000).code, Status::file_exists);
  EXPECT_EQ(fs::file_size(path_), 100u);
  EXPECT_EQ(FileFlash::create(path_.c_str(), 0x2000, true), Event{});
  EXPECT_EQ(bytes_of_file(path_), std::vector<std::byte>(0x2000, std::byte{0xFF}));
  EXPECT_EQ(FileFlash::create((folder_ / "fresh").c_str(), 0x2000, true), Event{});
}

TEST_F(FileFlashTest, CreateLeavesAFileInUseAlone) {
  make_chip();
  FileFlash writer{path_.c_str()};
  ASSERT_EQ(writer.program(0, one_), Status::ok);
  EXPECT_EQ(FileFlash::create(path_.c_str(), 0x2000, true).code, Status::file_in_use);
  EXPECT_EQ(fs::file_size(path_), 0x2'0000u);
  EXPECT_EQ(bytes_of_file(path_)[0], value_);
}

TEST_F(FileFlashTest, CreateRefusesSizesThatNoFlashHas) {
  EXPECT_EQ(FileFlash::create(path_.c_str(), 0).code, Status::file_too_short);
  EXPECT_EQ(FileFlash::create(path_.c_str(), 0x1800), (Event{Status::file_not_sectors, {0x1800, 0x1000, 0}}));
  EXPECT_EQ(FileFlash::create(path_.c_str(), (128U << 20) + 0x1000).code, Status::file_too_long);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(FileFlashTest, CreateRefusesPlacesWhereNoFileCanBe) {
  EXPECT_EQ(FileFlash::create((folder_ / "no/such").c_str(), 0x1000).code, Status::file_not_found);
  EXPECT_EQ(FileFlash::create((folder_ / ".").c_str(), 0x1000).code, Status::file_exists);
  EXPECT_EQ(FileFlash::create((folder_ / ".").c_str(), 0x1000, true).code, Status::file_not_regular);
  EXPECT_EQ(FileFlash::create("/dev/null", 0x1000, true).code, Status::file_not_regular);
}

TEST_F(FileFlashTest, CreateRemovesAFileItCouldNotMakeWhole) {
  const FileSizeLimit limit{0x1'0000};
  EXPECT_EQ(FileFlash::create(path_.c_str(), 0x2'0000), (Event{Status::file_io, {0x2'0000, 0, EFBIG}}));
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace dualbank::tests
