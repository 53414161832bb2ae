// Name look-ups that fail, or never end. getaddrinfo is this file's own, so that no resolver of the machine
// is asked; libcurl calls it from a thread of its own.
#include <gtest/gtest.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>

#include "tests/sinks/sink_rig.h"
#include "tests/support/evil_server.h"

namespace {

std::mutex mutex;
std::condition_variable changed;
bool released = false;
int waiting = 0;

}  // namespace

extern "C" int getaddrinfo(const char* name, const char*, const addrinfo*, addrinfo**) {
  if (std::string_view(name).starts_with("hangs.")) {
    std::unique_lock lock(mutex);
    waiting++;
    changed.wait(lock, [] { return released; });
    waiting--;
    changed.notify_all();
  }
  return EAI_NONAME;
}

namespace forebay {
namespace {

TEST(Names, AnUnknownOneLeavesTheMessageUnsent) {
  SinkRig rig(sink_to("http://nowhere.invalid/"));
  for (Ticket ticket = 1; ticket <= 3; ticket++) {
    Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, Outcome::Kind::retry);
    EXPECT_FALSE(outcome.sent);
    EXPECT_EQ(outcome.reason, "name not found: nowhere.invalid");
  }
}

TEST(Names, ALookUpThatNeverEndsHoldsUpNeitherLoopNorShutDown) {
  {
    SinkRig rig(sink_to("http://hangs.invalid/", Duration::milliseconds(100)));
    rig.send(SinkRig::delivery(1));
    int turns = 0;
    rig.run_until([&] { return turns++, !rig.outcomes().empty(); });
    EXPECT_EQ(rig.outcomes().at(1).reason, "timeout while connecting");
    EXPECT_FALSE(rig.outcomes().at(1).sent);
    EXPECT_GT(turns, 20) << "the loop stood still";
    rig.send(SinkRig::delivery(2));
    turns = 0;
    rig.run_until([&] { return ++turns > 5; });
    rig.sink().shut_down();
    EXPECT_EQ(rig.outcomes().at(2).kind, Outcome::Kind::unanswered);
    EXPECT_FALSE(rig.outcomes().at(2).sent);
  }
  std::unique_lock lock(mutex);
  EXPECT_GE(waiting, 1);
  released = true;
  changed.notify_all();
  changed.wait(lock, [] { return waiting == 0; });
}

}  // namespace
}  // namespace forebay
