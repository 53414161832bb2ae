// Frames of `forebay top`: what is on them, and that they keep within any screen.
#include "relay/cli/top_frame.h"

#include <gtest/gtest.h>

#include "relay/cli/plain_text.h"
#include "tests/cli/shown.h"

namespace forebay {
namespace {

constexpr Instant start{1'000'000'000};

struct View {
  ShownStatus status = shown_status();
  TopHistory history;
  std::string trouble;
  bool frozen = false;

  View() { look(); }
  void look(int64_t at_seconds = 0) { history.look(status, start + Duration::seconds(at_seconds)); }
  std::vector<std::string> lines(const FrameSize& size) const {
    return top_frame({status, history, "http://127.0.0.1:7071", noon(), trouble, frozen}, size);
  }
  std::string text(const FrameSize& size) const {
    std::string all;
    for (const std::string& line : lines(size)) all += line + "\n";
    return all;
  }
};

TEST(TopFrame, ShowsQueuesRatesAndSinks) {
  View view;
  view.status.queues[0].accepted += 2408;
  view.status.queues[0].delivered += 600;
  view.look(2);
  EXPECT_EQ(
      view.text({.columns = 132}),
      "forebay 1.2.3  http://127.0.0.1:7071  up 3h 05m  NOT READY" + std::string(65, ' ') +
          "12:00:00Z\n"
          "waiting 12,415   in 1,204/s   out 300/s   dead 2\n"
          "not ready: the disk takes no messages\n"
          "\n"
          "QUEUE                  WAITING        IN       OUT    OLDEST     DRAIN    DEAD  STATE           BACKLOG\n"
          "sms      ████████████   12,405   1,204/s     300/s      41 s   62m 05s       2  class otp pau…  ██\n"
          "mail     ▏···········        7       0/s       0/s     3.0 s     never       0  paused          ██\n"
          "audit    ▏···········        3       0/s       0/s       0 s       0 s       0  open            ██\n"
          "\n"
          "SINK     STATE      IN FLIGHT  LIMITS IN USE\n"
          "gateway  throttled         60  300/1s █████████▉  98 %  concurrency ██████████ 100 %  1000000/day "
          "█▎········  12 %\n"
          "  429 from the sink  [2J , until in 12 s\n");
}

TEST(TopFrame, FitsEveryScreen) {
  View view;
  for (int i = 0; i < 40; ++i) {
    ShownQueue queue = view.status.queues[1];
    queue.name = "queue-with-a-rather-long-name-" + std::to_string(i);
    view.status.queues.push_back(queue);
  }
  view.look(1);
  view.trouble = std::string(300, 't');
  for (const bool colour : {false, true}) {
    for (size_t columns = 1; columns < 200; columns += columns < 40 ? 1 : 13) {
      for (size_t rows = 1; rows < 70; rows += rows < 12 ? 1 : 7) {
        const auto lines = view.lines({columns, rows, colour, false, true});
        ASSERT_LE(lines.size(), rows);
        for (std::string line : lines) {
          for (size_t at; (at = line.find('\033')) != std::string::npos;) line.erase(at, line.find('m', at) - at + 1);
          ASSERT_LE(columns_of(line), columns) << line << " in " << columns << "x" << rows;
        }
      }
    }
  }
}

TEST(TopFrame, WhereNotAllFindRoomTheFullestAreShown) {
  View view;
  view.status.queues[2].leased = 99'999;
  for (int i = 0; i < 10; ++i) view.status.queues.push_back(view.status.queues[1]);
  view.look(1);
  const std::string text = view.text({.columns = 100, .rows = 14, .keys = true});
  EXPECT_NE(text.find("audit"), std::string::npos) << text;
  EXPECT_NE(text.find("more that hold less"), std::string::npos) << text;
  EXPECT_NE(text.find("gateway  throttled"), std::string::npos) << text;
  EXPECT_NE(text.find("q quit"), std::string::npos) << text;
  EXPECT_LT(text.find("audit"), text.find("sms")) << text;
}

TEST(TopFrame, NarrowScreensKeepWhatMattersMost) {
  const View view;
  const std::string text = view.text({.columns = 40});
  EXPECT_NE(text.find("WAITING"), std::string::npos) << text;
  EXPECT_NE(text.find("OUT"), std::string::npos) << text;
  EXPECT_EQ(text.find("OLDEST"), std::string::npos) << text;
  EXPECT_EQ(text.find("1000000/day"), std::string::npos) << text;
}

TEST(TopFrame, SaysThatThereIsNoAnswerOrThatItIsFrozen) {
  View view;
  view.trouble = "no answer from the admin door";
  view.frozen = true;
  const std::string text = view.text({.columns = 120});
  EXPECT_NE(text.find("NO ANSWER  frozen"), std::string::npos) << text;
  EXPECT_NE(text.find("\nno answer from the admin door\n"), std::string::npos) << text;
}

TEST(TopFrame, SpeaksAsciiWhereAsked) {
  View view;
  view.look(1);
  for (const char c : view.text({.columns = 100, .ascii = true})) EXPECT_LT(static_cast<unsigned char>(c), 0x80u);
}

TEST(TopHistory, KnowsRatesOnlyBetweenTwoLooksOfOneRun) {
  TopHistory history;
  ShownStatus status = shown_status();
  history.look(status, start);
  EXPECT_FALSE(history.of("sms").in);
  EXPECT_FALSE(history.of("nosuch").in);
  status.queues[0].accepted = 20'500;
  history.look(status, start + Duration::milliseconds(500));
  EXPECT_EQ(history.of("sms").in, 1000);
  EXPECT_EQ(history.of("sms").out, 0);
  status.queues[0].accepted = 5;
  history.look(status, start + Duration::seconds(1));
  EXPECT_FALSE(history.of("sms").in) << "it was started again";
  for (int i = 0; i < 1000; ++i) history.look(status, start + Duration::seconds(2 + i));
  EXPECT_EQ(history.of("sms").waiting.size(), TopHistory::looks_max);
  EXPECT_EQ(history.peak(), 12'405);
  status.queues.erase(status.queues.begin());
  history.look(status, start + Duration::seconds(2000));
  EXPECT_EQ(history.peak(), 7) << "what is gone is forgotten";
}

}  // namespace
}  // namespace forebay
