// Lines that are on disk once they are said to be, whole or not at all, whatever the file system does.
#include "sinks/file/line_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/sinks/file_rig.h"

namespace forebay {
namespace {

constexpr Duration patience = Duration::milliseconds(50);

class LineFileTest : public ::testing::Test {
 protected:
  LineFileTest() { settings_.path = path(); }
  std::string path(const std::string& name = "out") const { return directory_.path() + "/" + name; }
  std::string append(const std::string& lines) { return file_.append(lines, settings_, patience); }

  testing::TempDir directory_;
  FileSinkConfig settings_;
  LineFile file_;
};

// Files of this process end there: as on a full disk, a write that goes beyond is cut short, the next one fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(LineFileTest, AppendsToWhatIsThere) {
  directory_.write("out", "before\n");
  EXPECT_EQ(append("one\ntwo\n"), "");
  EXPECT_EQ(append("three\n"), "");
  EXPECT_EQ(text_in(path()), "before\none\ntwo\nthree\n");
}

TEST_F(LineFileTest, ALineAfterATornOneBeginsAfterALineEnd) {
  directory_.write("out", "whole\n{\"id\":\"tor");
  EXPECT_EQ(append("next\n"), "");
  EXPECT_EQ(text_in(path()), "whole\n{\"id\":\"tor\nnext\n");
}

TEST_F(LineFileTest, WhatDoesNotFitOnTheDiskIsTakenBackWhole) {
  EXPECT_EQ(append("12345\n"), "");
  {
    FileSizeLimit limit(10);
    EXPECT_EQ(append("6789a\nbcdef\n"), "cannot write " + path() + ": File too large");
    EXPECT_EQ(text_in(path()), "12345\n");
  }
  EXPECT_EQ(append("after\n"), "");
  EXPECT_EQ(text_in(path()), "12345\nafter\n");
}

TEST_F(LineFileTest, AFullDeviceIsSaid) {
  settings_.path = "/dev/full";
  EXPECT_EQ(append("x\n"), "cannot write /dev/full: No space left on device");
}

TEST_F(LineFileTest, WhatCannotBeOpenedIsSaidAndTriedAgain) {
  settings_.path = path("none") + "/out";
  EXPECT_EQ(append("x\n"), "cannot open " + settings_.path + ": No such file or directory");
  mkdir(path("none").c_str(), 0755);
  EXPECT_EQ(append("x\n"), "");
  EXPECT_EQ(text_in(settings_.path), "x\n");
}

TEST_F(LineFileTest, RotatesBeforeItWouldGrowTooLarge) {
  settings_.rotate_bytes = 12;
  settings_.keep = 2;
  for (const char* line : {"aaaaa\n", "bbbbb\n", "ccccc\n", "ddddd\n", "eeeee\n"}) EXPECT_EQ(append(line), "");
  EXPECT_EQ(text_in(path()), "eeeee\n");
  EXPECT_EQ(text_in(path("out.1")), "ccccc\nddddd\n");
  EXPECT_EQ(text_in(path("out.2")), "aaaaa\nbbbbb\n");
  EXPECT_EQ(append("fffff\nggggg\n"), "");
  EXPECT_EQ(text_in(path()), "ggggg\n");
  EXPECT_EQ(text_in(path("out.1")), "eeeee\nfffff\n");
  EXPECT_EQ(text_in(path("out.2")), "ccccc\nddddd\n");
  EXPECT_FALSE(is_there(path("out.3")));
}

TEST_F(LineFileTest, LinesOfOneCallAreDividedAmongFiles) {
  settings_.rotate_bytes = 8;
  EXPECT_EQ(append("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), "");
  EXPECT_EQ(text_in(path("out.2")), "1\n2\n3\n4\n");
  EXPECT_EQ(text_in(path("out.1")), "5\n6\n7\n8\n");
  EXPECT_EQ(text_in(path()), "9\n");
}

TEST_F(LineFileTest, ALineAboveTheSizeHasAFileOfItsOwn) {
  settings_.rotate_bytes = 4;
  EXPECT_EQ(append("a\nmuch too long\nb\n"), "");
  EXPECT_EQ(text_in(path("out.2")), "a\n");
  EXPECT_EQ(text_in(path("out.1")), "much too long\n");
  EXPECT_EQ(text_in(path()), "b\n");
}

TEST_F(LineFileTest, ATornTailCountsTowardsTheSize) {
  directory_.write("out", "123456");
  settings_.rotate_bytes = 8;
  EXPECT_EQ(append("7\n"), "");
  EXPECT_EQ(text_in(path("out.1")), "123456");
  EXPECT_EQ(text_in(path()), "7\n");
}

TEST_F(LineFileTest, AFileThatWasMovedAwayIsMadeAgain) {
  EXPECT_EQ(append("one\n"), "");
  std::rename(path().c_str(), path("moved").c_str());
  EXPECT_EQ(append("two\n"), "");
  unlink(path().c_str());
  EXPECT_EQ(append("three\n"), "");
  EXPECT_EQ(text_in(path("moved")), "one\n");
  EXPECT_EQ(text_in(path()), "three\n");
}

TEST_F(LineFileTest, HasOneWriter) {
  EXPECT_EQ(append("mine\n"), "");
  LineFile other;
  EXPECT_EQ(other.append("theirs\n", settings_, patience), "cannot write " + path() + ": another writer has it");
  EXPECT_EQ(text_in(path()), "mine\n");
}

TEST_F(LineFileTest, AnotherPathIsFollowed) {
  EXPECT_EQ(append("one\n"), "");
  settings_.path = path("other");
  EXPECT_EQ(append("two\n"), "");
  EXPECT_EQ(text_in(path()), "one\n");
  EXPECT_EQ(text_in(path("other")), "two\n");
}

class PipeTest : public LineFileTest {
 protected:
  PipeTest() {
    signal(SIGPIPE, SIG_IGN);
    mkfifo(path().c_str(), 0600);
    reader_ = open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~PipeTest() override { close(reader_); }
  std::string read_all() const {
    std::string all;
    char bytes[65536];
    for (ssize_t size; (size = read(reader_, bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(size));
    return all;
  }
  int reader_;
};

TEST_F(PipeTest, ThatNobodyReadsIsNotWaitedForForever) {
  const std::string line = std::string(999, 'x') + "\n";
  std::string wrong;
  int written = 0;
  while ((wrong = append(line)).empty()) ++written;
  EXPECT_EQ(wrong, "cannot write " + path() + ": nobody reads it");
  EXPECT_GE(written, 4);
  EXPECT_EQ(read_all().size(), 1000u * static_cast<size_t>(written));
}

TEST_F(PipeTest, HalfALineIsEndedBeforeTheNext) {
  const std::string line = std::string(199'999, 'x') + "\n";
  EXPECT_EQ(append(line), "cannot write " + path() + ": nobody reads it");
  const std::string half = read_all();
  EXPECT_LT(half.size(), line.size());
  EXPECT_GT(half.size(), 0u);
  EXPECT_EQ(append("next\n"), "");
  EXPECT_EQ(read_all(), "\nnext\n");
}

TEST_F(PipeTest, AWaitEndsAtAnInterrupt) {
  const std::string line = std::string(199'999, 'x') + "\n";
  std::thread other([this] { file_.interrupt(); });
  EXPECT_EQ(file_.append(line, settings_, Duration::hours(1)), "cannot write " + path() + ": shut down");
  other.join();
}

TEST_F(PipeTest, WithoutAReaderIsSaid) {
  close(reader_);
  EXPECT_EQ(append("x\n"), "cannot open " + path() + ": No such device or address");
  reader_ = open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  EXPECT_EQ(append("x\n"), "");
  EXPECT_EQ(read_all(), "x\n");
}

}  // namespace
}  // namespace forebay
