#include "backlog/posix_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/sim/bytes.h"

namespace forebay {
namespace {

using testing::sorted_names;
using testing::text_of;
using testing::write_text;
using Mode = Files::Mode;

class PosixFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "forebay-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    ASSERT_EQ(open_posix_files(root_ + "/data/deep", &files_), 0);
  }
  void TearDown() override {
    files_.reset();
    std::filesystem::remove_all(root_);
  }
  std::unique_ptr<File> opened(std::string_view name, Mode mode = Mode::open_or_create) {
    std::unique_ptr<File> file;
    EXPECT_EQ(files_->open(name, mode, &file), 0);
    return file;
  }

  std::string root_;
  std::unique_ptr<Files> files_;
};

TEST_F(PosixFilesTest, MakesItsDirectoryForTheOwnerOnly) {
  struct stat about {};
  ASSERT_EQ(::stat((root_ + "/data/deep").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777u, 0700u);
  EXPECT_EQ(files_->where(), root_ + "/data/deep");
  std::unique_ptr<Files> again;
  EXPECT_EQ(open_posix_files(root_ + "//data/deep/", &again), 0);
}

TEST_F(PosixFilesTest, SaysWhyADirectoryCannotBe) {
  opened("file");
  std::unique_ptr<Files> other;
  EXPECT_EQ(open_posix_files(root_ + "/data/deep/file", &other), ENOTDIR);
  EXPECT_EQ(open_posix_files(root_ + "/data/deep/file/below", &other), ENOTDIR);
  EXPECT_EQ(open_posix_files("", &other), ENOENT);
  EXPECT_EQ(other, nullptr);
}

TEST_F(PosixFilesTest, WritesAndReadsAtAPlace) {
  auto file = opened("a", Mode::create_new);
  EXPECT_EQ(write_text(*file, 3, "def"), 0);
  EXPECT_EQ(write_text(*file, 0, "abc"), 0);
  EXPECT_EQ(file->sync(), 0);
  EXPECT_EQ(text_of(*file), "abcdef");
  std::string buffer(10, '?');
  size_t count = 99;
  EXPECT_EQ(file->read_at(4, std::as_writable_bytes(std::span(buffer)), &count), 0);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(file->read_at(400, std::as_writable_bytes(std::span(buffer)), &count), 0);
  EXPECT_EQ(count, 0u);
}

TEST_F(PosixFilesTest, AllocatesZeroesAndTruncates) {
  auto file = opened("a");
  EXPECT_EQ(write_text(*file, 0, "x"), 0);
  EXPECT_EQ(file->allocate(100'000), 0);
  uint64_t bytes = 0;
  EXPECT_EQ(file->size(&bytes), 0);
  EXPECT_EQ(bytes, 100'000u);
  EXPECT_EQ(text_of(*file), "x" + std::string(99'999, '\0'));
  EXPECT_EQ(file->truncate(1), 0);
  EXPECT_EQ(text_of(*file), "x");
}

TEST_F(PosixFilesTest, NamesFollowTheModes) {
  std::unique_ptr<File> file;
  EXPECT_EQ(files_->open("a", Mode::open_existing, &file), ENOENT);
  EXPECT_EQ(files_->open("a", Mode::create_new, &file), 0);
  EXPECT_EQ(files_->open("a", Mode::create_new, &file), EEXIST);
  opened("b");
  std::filesystem::create_directory(root_ + "/data/deep/folder");
  EXPECT_EQ(sorted_names(*files_), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(files_->rename("a", "b"), 0);
  EXPECT_EQ(files_->rename("a", "b"), ENOENT);
  EXPECT_EQ(sorted_names(*files_), std::vector<std::string>{"b"});
  EXPECT_EQ(files_->remove("b"), 0);
  EXPECT_EQ(files_->remove("b"), ENOENT);
  EXPECT_EQ(files_->sync_directory(), 0);
}

TEST_F(PosixFilesTest, OneHolderOfTheLock) {
  std::unique_ptr<Files> other;
  ASSERT_EQ(open_posix_files(root_ + "/data/deep", &other), 0);
  EXPECT_EQ(files_->lock("lock"), 0);
  EXPECT_EQ(other->lock("lock"), EWOULDBLOCK);
  files_.reset();
  EXPECT_EQ(other->lock("lock"), 0);
}

TEST_F(PosixFilesTest, TellsFreeSpace) {
  uint64_t bytes = 0;
  EXPECT_EQ(files_->free_bytes(&bytes), 0);
  EXPECT_GT(bytes, 0u);
}

TEST_F(PosixFilesTest, DescriptorsCloseOnExec) {
  int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto file = opened("a");
  for (int fd = probe + 1; fd < probe + 3; ++fd) {
    int flags = ::fcntl(fd, F_GETFD);
    EXPECT_TRUE(flags < 0 || (flags & FD_CLOEXEC) != 0) << fd;
  }
  ::close(probe);
}

// Takes every descriptor the process may still have, and gives them back.
class AllDescriptors {
 public:
  AllDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
    EXPECT_EQ(errno, EMFILE);
  }
  ~AllDescriptors() {
    give_back(taken_.size());
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_back(size_t count) {
    for (; count > 0 && !taken_.empty(); --count) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(PosixFilesTest, OpensTwoFilesAfterTheProcessRanOutOfDescriptors) {
  AllDescriptors all;
  auto first = opened("a");
  auto second = opened("b");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(write_text(*second, 0, "x"), 0);
  std::unique_ptr<File> third;
  EXPECT_EQ(files_->open("c", Mode::open_or_create, &third), EMFILE);
  second.reset();  // its descriptor goes back to the reserve at once
  third = opened("c");
  ASSERT_TRUE(third);
  third.reset();
  all.give_back(1);
  std::vector<std::string> names;
  EXPECT_EQ(files_->list(&names), 0);
}

}  // namespace
}  // namespace forebay
