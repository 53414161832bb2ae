#include "relay/cli/child.h"

#include <gtest/gtest.h>

#include <csignal>

namespace forebay {
namespace {

const Duration kSoon = Duration::seconds(20);

TEST(Child, ItsLinesAndItsStatus) {
  Child child({"sh", "-c", "echo one; echo two; exit 3"}, "");
  EXPECT_EQ(child.read_line(kSoon), "one");
  EXPECT_EQ(child.read_line(kSoon), "two");
  EXPECT_EQ(child.read_line(kSoon), std::nullopt);
  EXPECT_EQ(child.wait(kSoon), 3);
  EXPECT_FALSE(child.running());
}

TEST(Child, EndsWithItsObject) {
  pid_t pid = 0;
  {
    Child child({"cat", "/dev/zero"}, "");
    pid = child.pid();
    EXPECT_TRUE(child.running());
    EXPECT_EQ(child.read_line(Duration{}), std::nullopt);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(Child, OfASignal) {
  Child child({"sh", "-c", "echo up; read line < /dev/zero"}, "");
  ASSERT_EQ(child.read_line(kSoon), "up");
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(kSoon), 128 + SIGTERM);
}

TEST(Child, OfNoSuchProgram) {
  Child child({"/no/such/program"}, "");
  EXPECT_EQ(child.wait(kSoon), 127);
}

}  // namespace
}  // namespace forebay
