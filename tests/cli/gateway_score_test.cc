#include "relay/cli/gateway_score.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace forebay {
namespace {

std::vector<int64_t> rising(const std::vector<int64_t>& gaps) {
  std::vector<int64_t> stamps;
  int64_t now = 1'000;
  for (const int64_t gap : gaps) stamps.push_back(now += gap);
  return stamps;
}

RC_GTEST_PROP(WorstWindow, AgreesWithTryingEveryWindow, ()) {
  const auto length = *rc::gen::inRange<int64_t>(1, 100);
  const auto stamps = rising(*rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 40)));
  WorstWindow window(length);
  for (const int64_t at : stamps) window.add(at);
  uint64_t worst = 0;
  for (const int64_t start : stamps) {  // some worst window begins at an arrival
    const auto inside = [&](int64_t at) { return at >= start && at < start + length; };
    worst = std::max<uint64_t>(worst, std::count_if(stamps.begin(), stamps.end(), inside));
  }
  RC_ASSERT(window.worst() == worst);
}

RC_GTEST_PROP(SlotVariation, AgreesWithCountingEachSlot, ()) {
  const int64_t slot = 100;
  const auto stamps = rising(*rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 350)));
  SlotVariation variation(slot);
  for (const int64_t at : stamps) variation.add(at);
  double expected = 0;
  const size_t whole = stamps.empty() ? 0 : static_cast<size_t>((stamps.back() - stamps.front()) / slot);
  std::vector<double> counts(whole);
  for (const int64_t at : stamps) {
    const auto place = static_cast<size_t>((at - stamps.front()) / slot);
    if (place < whole) ++counts[place];
  }
  if (whole >= 2) {
    double sum = 0, squares = 0;
    for (const double count : counts) sum += count;
    const double mean = sum / static_cast<double>(whole);
    for (const double count : counts) squares += (count - mean) * (count - mean);
    expected = std::sqrt(squares / static_cast<double>(whole)) / mean;
  }
  RC_ASSERT(std::abs(variation.cv() - expected) < 1e-6);
}

TEST(GatewayScore, CountsByAnswerAndDuplicatesOfTakenOnly) {
  GatewayScore score;
  const int64_t second = 1'000'000'000;
  score.arrived(1 * second, GatewayScore::Answer::failed, "a");
  score.arrived(2 * second, GatewayScore::Answer::taken, "a");
  score.arrived(3 * second, GatewayScore::Answer::refused, "a");
  score.arrived(4 * second, GatewayScore::Answer::taken, "a");
  score.arrived(5 * second, GatewayScore::Answer::taken, "");
  const GatewaySummary summary = score.summary();
  EXPECT_EQ(summary.arrivals, 5u);
  EXPECT_EQ(summary.taken, 3u);
  EXPECT_EQ(summary.refused, 1u);
  EXPECT_EQ(summary.failed, 1u);
  EXPECT_EQ(summary.duplicates, 1u);
  EXPECT_EQ(summary.unique_ids, 1u);
  EXPECT_EQ(summary.worst_1s, 1u);
  EXPECT_DOUBLE_EQ(summary.mean_per_second, 1.0);
  EXPECT_EQ(summary.first_arrival_ns, 1 * second);
  EXPECT_EQ(summary.last_arrival_ns, 5 * second);
}

TEST(GatewayScore, NothingArrived) {
  const GatewaySummary summary = GatewayScore().summary();
  EXPECT_EQ(summary.arrivals, 0u);
  EXPECT_EQ(summary.mean_per_second, 0);
  EXPECT_NE(summary_json(summary).find("\"worst_1s\":0"), std::string::npos);
  EXPECT_NE(summary_text(summary).find("worst 1 s   0"), std::string::npos);
}

}  // namespace
}  // namespace forebay
