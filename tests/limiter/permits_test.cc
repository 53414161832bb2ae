#include "limiter/permits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace forebay {
namespace {

RC_GTEST_PROP(SettleTimes, AreASortedListOfPermits, ()) {
  SettleTimes times;
  std::vector<int64_t> reference;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int64_t>>>(
      rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange<int64_t>(0, 50)));
  for (const auto& [count, at] : steps) {
    if (count == 0 && !times.empty()) {
      reference.erase(reference.begin(), reference.begin() + static_cast<long>(times.entry(0).count));
      times.pop_front();
    } else if (count > 0) {
      times.push(Instant{at}, static_cast<uint64_t>(count));
      reference.insert(reference.end(), static_cast<size_t>(count), at);
      std::sort(reference.begin(), reference.end());
    }
    RC_ASSERT(times.count() == reference.size());
    for (size_t n = 1; n <= reference.size(); n++) RC_ASSERT(times.nth(n).ns == reference[n - 1]);
    for (int64_t t = 0; t < 50; t += 7) {
      const auto by = std::upper_bound(reference.begin(), reference.end(), t) - reference.begin();
      RC_ASSERT(times.by(Instant{t}) == static_cast<uint64_t>(by));
    }
  }
}

TEST(SettleTimes, WithAGrainAreRoundedLateAndFew) {
  SettleTimes times(Duration{100});
  for (int64_t t = 0; t < 10'000; t++) times.push(Instant{t}, 1);
  EXPECT_EQ(times.entries(), 100u);
  for (uint64_t n = 1; n <= 10'000; n++) {
    const int64_t true_time = static_cast<int64_t>(n) - 1;
    ASSERT_GE(times.nth(n).ns, true_time);
    ASSERT_LT(times.nth(n).ns, true_time + 100);
  }
}

// The same, by looking at every permit there is.
struct Reference {
  uint64_t count;
  Duration hold;
  const ReturnMargin* margin;
  uint64_t out = 0;
  std::vector<int64_t> answered, unanswered;  // settle times, never forgotten

  bool can_take(int64_t at, uint64_t cost) const {
    int64_t away = static_cast<int64_t>(out);
    const int64_t ahead = std::max<int64_t>(0, hold.ns - margin->at(Instant{at}).ns);
    for (const int64_t settled : answered) away += settled + ahead > at;
    for (const int64_t settled : unanswered) away += settled + hold.ns > at;
    return away + static_cast<int64_t>(cost) <= static_cast<int64_t>(count);
  }
};

// What is home stays home, so the reference drops it at each take, as permits do when they are looked up.
void drop_home(Reference* r, int64_t at) {
  const int64_t ahead = std::max<int64_t>(0, r->hold.ns - r->margin->at(Instant{at}).ns);
  std::erase_if(r->answered, [&](int64_t settled) { return settled + ahead <= at; });
  std::erase_if(r->unanswered, [&](int64_t settled) { return settled + r->hold.ns <= at; });
}

RC_GTEST_PROP(Permits, NextIsTheFirstNanosecondThatTheDefinitionAllows, ()) {
  ReturnMargin margin;
  const int64_t period = ReturnMargin::period.ns;
  int64_t now = *rc::gen::inRange<int64_t>(0, int64_t{1} << 40);
  const uint64_t count = *rc::gen::inRange<uint64_t>(1, 20);
  const Duration hold{*rc::gen::element<int64_t>(0, 1'000'200'000, 60'012'000'000, 3 * period)};
  for (int i = 0; i < 100; i++) margin.observe(Instant{now - 200'000'000}, Instant{now});
  Permits permits(count, hold, &margin);
  Reference reference{count, hold, &margin};
  for (int i = 0; i < 60; i++) {
    now += *rc::gen::oneOf(rc::gen::just<int64_t>(0), rc::gen::inRange<int64_t>(0, 400'000'000),
                           rc::gen::inRange<int64_t>(0, period));
    const uint64_t cost = *rc::gen::inRange<uint64_t>(1, std::min<uint64_t>(count, 3) + 1);
    const Instant next = permits.next(Instant{now}, cost);
    if (next.is_never()) {
      RC_ASSERT(!reference.can_take(now + 10 * period + hold.ns, cost));
    } else {
      RC_ASSERT(reference.can_take(next.ns, cost));
      if (next.ns > now) RC_ASSERT(!reference.can_take(next.ns - 1, cost));
      if (next.ns > now) RC_ASSERT(permits.next(Instant{next.ns - 1}, cost) == next);
    }
    const uint64_t away = reference.out + permits.held(Instant{now});
    RC_ASSERT(reference.can_take(now, std::max<uint64_t>(1, count - away)) == (away < count));
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
      case 1:
        if (next.ns != now) break;
        drop_home(&reference, now);
        permits.take(Instant{now}, cost);
        reference.out += cost;
        break;
      case 2:
        if (reference.out < cost) break;
        margin.observe(Instant{now - *rc::gen::inRange<int64_t>(0, 300'000'000)}, Instant{now});
        permits.settle_answered(Instant{now}, cost);
        reference.answered.insert(reference.answered.end(), cost, now);
        reference.out -= cost;
        drop_home(&reference, now);
        break;
      case 3: {
        if (reference.out < cost) break;
        const int64_t counted_by = now + *rc::gen::inRange<int64_t>(0, 20'000'000'000);
        permits.settle_unanswered(Instant{counted_by}, cost);
        reference.unanswered.insert(reference.unanswered.end(), cost, counted_by);
        reference.out -= cost;
        break;
      }
      case 4:
        if (reference.out < cost) break;
        permits.settle_not_sent(cost);
        reference.out -= cost;
        break;
    }
  }
}

TEST(Permits, TenMillionADayTakeKilobytesAndComeHomeAtMostAGrainLate) {
  const Duration day = Duration::days(1);
  Permits permits(10'000'000, day, nullptr);
  const int64_t step = day.ns / 10'000'000;
  for (int64_t i = 0; i < 10'000'000; i++) {
    permits.take(Instant{i * step}, 1);
    permits.settle_answered(Instant{i * step}, 1);
  }
  EXPECT_LE(permits.answered().entries(), 4096u);
  const Instant next = permits.next(Instant{day.ns - step}, 1);
  EXPECT_GE(next, Instant{day.ns});
  EXPECT_LE(next, Instant{day.ns + day.ns / 4000 + 1});
}

// A billion permits for 400 days: nothing overflows on the way.
TEST(Permits, TheLargestAndLongestHold) {
  const Duration hold = Duration::days(400);
  Permits permits(1'000'000'000, hold, nullptr);
  const Instant start{Duration::days(365 * 100).ns};
  permits.take(start, 1'000'000'000);
  EXPECT_TRUE(permits.next(start, 1).is_never());
  permits.settle_unanswered(start + Duration::days(1), 999'999'999);
  permits.settle_answered(start + Duration::days(2), 1);
  EXPECT_EQ(permits.next(start + Duration::days(2), 1), start + Duration::days(401));
  EXPECT_EQ(permits.next(start + Duration::days(2), 1'000'000'000), start + Duration::days(402));
}

RC_GTEST_PROP(Permits, TheEstimateIsWhatHappensWhenEveryReplyComesAtOnce, ()) {
  const uint64_t count = *rc::gen::inRange<uint64_t>(1, 30);
  const Duration hold = Duration::seconds(1);
  Permits permits(count, hold, nullptr);
  int64_t now = 0;
  const auto gaps = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 200'000'000));
  for (const int64_t gap : gaps) {
    now += gap;
    if (permits.next(Instant{now}, 1).ns > now) continue;
    permits.take(Instant{now}, 1);
    permits.settle_answered(Instant{now}, 1);
  }
  Permits played = permits;
  Instant at{now};
  for (uint64_t k = 1; k <= 100; k++) {
    at = played.next(at, 1);
    RC_ASSERT(permits.estimate(Instant{now}, k) == at);
    played.take(at, 1);
    played.settle_answered(at, 1);
  }
}

}  // namespace
}  // namespace forebay
