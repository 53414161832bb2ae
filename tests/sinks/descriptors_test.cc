// A sink that finds no descriptor: nothing was tried, and it goes on by itself once there is one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "sinks/http/classify.h"
#include "tests/sinks/sink_rig.h"
#include "tests/support/evil_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

// Takes every descriptor this process may still open. The limit is lowered first, so that they are few.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(0);
    close(lowest_free);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(lowest_free) + 8;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (const int fd : taken_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

class SinkWithoutDescriptors : public ::testing::TestWithParam<const char*> {};

TEST_P(SinkWithoutDescriptors, SpendsNoAttempt) {
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200); });
  SinkRig rig(sink_to("http://" + std::string(GetParam()) + ":" + std::to_string(server.port()) + "/"));
  {
    NoDescriptors none;
    const Outcome outcome = rig.send_and_wait(1);
    EXPECT_EQ(outcome.kind, Kind::throttled) << outcome.reason;
    EXPECT_FALSE(outcome.sent);
    EXPECT_EQ(outcome.retry_after, kNoSocketWait);
    EXPECT_EQ(outcome.reason, "no file descriptor left to connect with");
  }
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
  EXPECT_EQ(server.arrivals(), 1);
}

INSTANTIATE_TEST_SUITE_P(ByAddressAndByName, SinkWithoutDescriptors, ::testing::Values("127.0.0.1", "localhost"),
                         [](const auto& which) { return std::string(which.index == 0 ? "address" : "name"); });

TEST(SinkOutOfDescriptors, AConnectionThatIsThereGoesOn) {
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200); });
  SinkRig rig(sink_to(server.url()));
  ASSERT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  NoDescriptors none;
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
}

}  // namespace
}  // namespace forebay
