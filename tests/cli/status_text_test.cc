// What `forebay status` prints, and the small texts that it is made of.
#include "relay/cli/status_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "relay/cli/dead_letters.h"
#include "relay/cli/plain_text.h"
#include "relay/cli/short_figures.h"
#include "relay/cli/text_table.h"
#include "tests/cli/shown.h"

namespace forebay {
namespace {

TEST(StatusText, TellsQueuesSinksAndWhyItIsNotReady) {
  EXPECT_EQ(status_text(shown_status(), "http://127.0.0.1:7071", noon()),
            "forebay 1.2.3 at http://127.0.0.1:7071, up 3h 05m, NOT READY\n"
            "  not ready: the disk takes no messages\n"
            "\n"
            "QUEUE  SINK       READY  DELAYED  RETRYING  IN FLIGHT  LEASED  HELD  DEAD  OLDEST    DRAIN  STATE\n"
            "sms    gateway   12,000      300        40         60       0     5     2    41 s  62m 05s  class otp "
            "paused, 1 key paused\n"
            "mail   gateway        7        0         0          0       0     0     0   3.0 s    never  paused\n"
            "audit  (pulled)       0        0         0          0       3     0     0     0 s      0 s  open\n"
            "\n"
            "SINK     STATE      IN FLIGHT  UNTIL    LIMITS IN USE                                              WHY\n"
            "gateway  throttled         60  in 12 s  300/1s 98 %, concurrency 100 %, 1000000/day 12 % (shadow)  429 "
            "from the sink  [2J\n");
}

TEST(StatusText, IsShortWhereThereIsNothing) {
  ShownStatus empty;
  empty.version = "1";
  empty.ready = true;
  EXPECT_EQ(status_text(empty, "here", noon()), "forebay 1 at here, ready\n\nno queues\n");
}

TEST(ShownStatus, TakesWhatItKnowsAndRefusesWhatIsNoStatus) {
  for (const char* text : {"", "null", "[]", "{}", "<html>", "{\"queues\":{},\"sinks\":[]}", "{\"queues\":[]}"}) {
    EXPECT_FALSE(read_status(text)) << text;
  }
  const auto odd =
      read_status(R"({"queues":[{"name":7,"messages":[],"paused_keys":"x","classes":[1]}, 3],"sinks":[null]})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->queues.size(), 2u);
  EXPECT_EQ(odd->sinks.size(), 1u);
}

TEST(PlainText, HoldsNothingThatATerminalObeys) {
  EXPECT_EQ(plain_text("a\033[2Jb\r\n\t\x7f"), "a [2Jb    ");
  EXPECT_EQ(plain_text("caf\u00e9 \u4e2d\U0001f600"), "caf\u00e9 \u4e2d\U0001f600");
  EXPECT_EQ(plain_text("\xc2\x9b"
                       "31m"),
            " 31m")
      << "a control of one byte's length elsewhere";
  EXPECT_EQ(plain_text("\xff\xc0\xaf\xed\xa0\x80\xe2\x82"), "????????");
  EXPECT_EQ(plain_text("a\u202e"
                       "b"),
            "a b")
      << "turns the line round";
}

TEST(PlainText, IsCutByCharacters) {
  EXPECT_EQ(cut_to("abc", 3), "abc");
  EXPECT_EQ(cut_to("abcd", 3), "ab…");
  EXPECT_EQ(cut_to("\u4e2d\u6587\u5b57\u6bcd", 3), "\u4e2d\u6587…");
  EXPECT_EQ(cut_to("abc", 0), "");
  EXPECT_EQ(cut_to("abc", 1), "…");
}

TEST(ShortFigures, AreShort) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(99'999), "99,999");
  EXPECT_EQ(short_count(123'456), "123k");
  EXPECT_EQ(short_count(1'234'567), "1.23M");
  EXPECT_EQ(short_count(45'600'000'000), "45.6G");
  EXPECT_EQ(short_seconds(-1), "0 s");
  EXPECT_EQ(short_seconds(0.44), "0.4 s");
  EXPECT_EQ(short_seconds(200), "3m 20s");
  EXPECT_EQ(short_seconds(7500), "2h 05m");
  EXPECT_EQ(short_seconds(3.5 * 86'400), "3d 12h");
  EXPECT_EQ(short_seconds(1e300), short_seconds(1e15));
  EXPECT_EQ(short_rate(0.44), "0.4/s");
  EXPECT_EQ(short_rate(1204.4), "1,204/s");
  EXPECT_EQ(short_rate(12'345), "12.3k/s");
  EXPECT_EQ(short_percent(0.985), "98 %");
}

TEST(ShortFigures, BarsAreAsWideAsToldAndGrowByEighths) {
  EXPECT_EQ(bar(0, 4), "····");
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(0.5, 4), "██··");
  EXPECT_EQ(bar(0.53, 4), "██▏·");
  EXPECT_EQ(bar(0.001, 4), "▏···") << "what is there is seen";
  for (const double share : {-1.0, 0.3, 7.0, double{NAN}, double{INFINITY}}) {
    EXPECT_EQ(columns_of(bar(share, 10)), 10u) << share;
    EXPECT_EQ(bar(share, 10, true).size(), 10u) << share;
  }
  EXPECT_EQ(bar(0.5, 4, true), "##..");
}

TEST(ShortFigures, ASparklineIsAsHighAsItsHighest) {
  const std::vector<double> values = {0, 1, 4, 8};
  EXPECT_EQ(sparkline(values, 10), " ▁▄█");
  EXPECT_EQ(sparkline(values, 2), "▄█");
  EXPECT_EQ(sparkline({}, 5), "");
  EXPECT_EQ(sparkline(std::vector<double>{0, 0}, 5), "  ");
  EXPECT_EQ(sparkline(values, 10, true), " _-#");
}

TEST(DeadLettersText, TellsEachAndWhatWasAnswered) {
  const auto page = read_letters(
      R"({"letters":[{"id":"0A","attempts":10,"died":"2026-11-29T11:00:00.000Z","bytes":1234,
          "reason":"attempts exhausted: status 500","excerpt":"<b>\u001b]0;x"}],"total":7,"next":"c"})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->total, 7u);
  EXPECT_EQ(page->next, "c");
  EXPECT_EQ(letter_table(page->letters),
            "ID  DIED                      ATTEMPTS  BYTES  REASON\n"
            "0A  2026-11-29T11:00:00.000Z        10  1,234  attempts exhausted: status 500\n");
  EXPECT_NE(letter_text(page->letters[0]).find("response  <b> ]0;x\n"), std::string::npos);
  EXPECT_FALSE(read_letters("{}"));
  EXPECT_FALSE(read_letters(R"({"letters":[3]})"));
}

}  // namespace
}  // namespace forebay
