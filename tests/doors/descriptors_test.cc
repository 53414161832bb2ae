// Out of descriptors: accepting pauses, nothing spins, those connected are served, and those who wait are
// served once descriptors come free. In a child process, whose limit is its own.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "tests/doors/server_fixture.h"

namespace forebay::testing {
namespace {

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Connects until no descriptor is left, while the loop stands still: the server finds none for its ends of
// them.
std::vector<RawClient> take_all_descriptors(ServerFixture& fixture) {
  std::vector<RawClient> clients;
  fixture.thread().run_on_loop([&] {
    const int lowest_free = dup(0);
    close(lowest_free);
    const rlimit limit{static_cast<rlim_t>(lowest_free) + 8, static_cast<rlim_t>(lowest_free) + 8};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    while (true) {
      RawClient client = fixture.connect();
      if (!client.connected()) break;
      clients.push_back(std::move(client));
    }
  });
  return clients;
}

int serve_without_descriptors() {
  ServerFixture fixture;
  RawClient served = fixture.connect();
  if (!served.send(get) || !served.read_response()) return 1;
  std::vector<RawClient> waiting = take_all_descriptors(fixture);
  if (waiting.size() < 4) return 2;

  const double cpu_before = cpu_seconds();
  RawClient& last = waiting.back();
  if (!last.send(get)) return 3;
  last.set_deadline(std::chrono::milliseconds(500));
  if (last.read_response()) return 4;  // there is no descriptor for it
  if (!served.send(get) || !served.read_response()) return 5;
  if (cpu_seconds() - cpu_before > 0.2) return 6;  // it waited, it did not spin

  for (size_t i = 0; i + 1 < waiting.size(); ++i) waiting[i].reset();
  last.set_deadline(std::chrono::seconds(10));
  return last.read_response() ? 0 : 7;
}

TEST(Descriptors, ExhaustionPausesAcceptingWithoutSpinning) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(serve_without_descriptors());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace forebay::testing
