#include "base/timing_wheel.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck/gtest.h>

#include <iterator>
#include <map>
#include <vector>

namespace forebay {
namespace {

std::vector<uint64_t> advanced(TimingWheel& wheel, int64_t now_ms) {
  std::vector<uint64_t> fired;
  wheel.advance(now_ms, [&](uint64_t item) { fired.push_back(item); });
  return fired;
}

// The same, by a tree: due time, then order of adding.
class Reference {
 public:
  void add(int64_t due_ms, uint64_t item) { waiting_.insert({due_ms, item}); }
  std::vector<uint64_t> advanced(int64_t now_ms) {
    std::vector<uint64_t> fired;
    auto end = waiting_.upper_bound(now_ms);
    for (auto it = waiting_.begin(); it != end; ++it) fired.push_back(it->second);
    waiting_.erase(waiting_.begin(), end);
    return fired;
  }
  std::optional<int64_t> least() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first);
  }
  size_t size() const { return waiting_.size(); }
  size_t before(int64_t due_ms) const {
    return static_cast<size_t>(std::distance(waiting_.begin(), waiting_.lower_bound(due_ms)));
  }

 private:
  std::multimap<int64_t, uint64_t> waiting_;
};

// Spans from one millisecond to a century, so that every level and the far list are visited.
rc::Gen<int64_t> span_ms() {
  return rc::gen::oneOf(rc::gen::inRange<int64_t>(0, 300), rc::gen::inRange<int64_t>(0, 70'000),
                        rc::gen::inRange<int64_t>(0, 20'000'000), rc::gen::inRange<int64_t>(0, 5'000'000'000),
                        rc::gen::inRange<int64_t>(0, 3'000'000'000'000));
}

RC_GTEST_PROP(TimingWheel, CountsWhatIsDueBeforeAsATreeWould, ()) {
  const int64_t start = *rc::gen::element<int64_t>(0, -5'000, (int64_t{1} << 40) - 300, 1'790'000'000'000);
  TimingWheel wheel(start);
  Reference reference;
  const auto spans = *rc::gen::container<std::vector<int64_t>>(span_ms());
  for (const int64_t span : spans) {
    wheel.add(start + span, 1);
    reference.add(start + span, 1);
  }
  const int64_t now = start + *span_ms() / 4;
  RC_ASSERT(advanced(wheel, now).size() == reference.advanced(now).size());
  for (const int64_t span : spans) RC_ASSERT(wheel.count_before(start + span) == reference.before(start + span));
  const int64_t any = start + *span_ms();
  RC_ASSERT(wheel.count_before(any) == reference.before(any));
}

// Many in the slot in which the time lies: within a hundredth of all if they are spread evenly.
TEST(TimingWheel, CountsAboutWhatIsDueBeforeAmongMany) {
  TimingWheel wheel(0);
  constexpr int64_t all = 200'000;
  for (int64_t i = 0; i < all; ++i) wheel.add(1'000'000 + i * 40, 1);
  for (int64_t i = 0; i < all; i += 9'973) {
    EXPECT_NEAR(static_cast<double>(wheel.count_before(1'000'000 + i * 40)), static_cast<double>(i), all * 0.01);
  }
}

RC_GTEST_PROP(TimingWheel, FiresAsATreeWould, ()) {
  int64_t now =
      *rc::gen::oneOf(rc::gen::just<int64_t>(0), rc::gen::just<int64_t>(-5'000),
                      rc::gen::just<int64_t>((int64_t{1} << 40) - 300), rc::gen::just<int64_t>(1'790'000'000'000));
  TimingWheel wheel(now);
  Reference reference;
  uint64_t item = 0;
  const auto steps =
      *rc::gen::container<std::vector<std::pair<int, int64_t>>>(rc::gen::pair(rc::gen::inRange(0, 5), span_ms()));
  for (const auto& [what, span] : steps) {
    if (what == 0) {
      now += span;
      RC_ASSERT(advanced(wheel, now) == reference.advanced(now));
    } else if (what == 4) {
      now -= span;
      wheel.set_back(now);
    } else {
      const int64_t due = what == 1 && span < 300 ? now - span : now + span;
      wheel.add(due, ++item);
      reference.add(due, item);
    }
    RC_ASSERT(wheel.size() == reference.size());
    const auto bound = wheel.next_due_ms();
    RC_ASSERT(bound.has_value() == reference.least().has_value());
    if (bound) RC_ASSERT(*bound <= *reference.least());
  }
  now += int64_t{400'000'000'000'000};
  RC_ASSERT(advanced(wheel, now) == reference.advanced(now));
  RC_ASSERT(wheel.empty());
}

TEST(TimingWheel, FollowingItsOwnBoundReachesEveryItemInFewSteps) {
  TimingWheel wheel(1'790'000'000'000);
  const int64_t due = 1'790'000'000'000 + 123'456'789'012;
  wheel.add(due, 7);
  int wakes = 0;
  std::vector<uint64_t> fired;
  while (auto at = wheel.next_due_ms()) {
    ASSERT_LE(*at, due);
    fired = advanced(wheel, *at);
    ASSERT_LE(++wakes, 5);
  }
  EXPECT_EQ(fired, std::vector<uint64_t>{7});
}

TEST(TimingWheel, BoundIsExactForWhatIsNear) {
  TimingWheel wheel(1024);
  wheel.add(1100, 1);
  EXPECT_EQ(wheel.next_due_ms(), 1100);
}

TEST(TimingWheel, ItemsAddedWhileFiringFireInTurn) {
  TimingWheel wheel(0);
  wheel.add(10, 1);
  wheel.add(30, 3);
  std::vector<uint64_t> fired;
  wheel.advance(100, [&](uint64_t item) {
    fired.push_back(item);
    if (item == 1) wheel.add(20, 2);
  });
  EXPECT_EQ(fired, (std::vector<uint64_t>{1, 2, 3}));
}

TEST(TimingWheel, AnItemThatAlwaysComesBackDoesNotKeepAdvanceFromReturning) {
  TimingWheel wheel(0);
  wheel.add(5, 1);
  for (int round = 0; round < 3; round++) {
    int fired = 0;
    wheel.advance(50, [&](uint64_t item) {
      fired++;
      wheel.add(5, item);
    });
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(wheel.next_due_ms(), 5);
  }
}

TEST(TimingWheel, AClockThatDoesNotMoveFiresNothingTwice) {
  TimingWheel wheel(0);
  wheel.add(5, 1);
  EXPECT_EQ(advanced(wheel, 5).size(), 1u);
  EXPECT_TRUE(advanced(wheel, 5).empty());
  EXPECT_TRUE(advanced(wheel, 4).empty());
  wheel.add(5, 2);
  EXPECT_EQ(advanced(wheel, 5), std::vector<uint64_t>{2});
}

TEST(TimingWheel, AClockSetBackWaitsForTheSameTimeAgain) {
  TimingWheel wheel(1'000'000);
  wheel.add(4'000'000, 1);
  EXPECT_TRUE(advanced(wheel, 3'000'000).empty());
  wheel.set_back(1'000'000);
  wheel.add(2'000'000, 2);
  EXPECT_TRUE(advanced(wheel, 1'999'999).empty());
  EXPECT_EQ(advanced(wheel, 2'000'000), std::vector<uint64_t>{2});
  EXPECT_EQ(advanced(wheel, 4'000'000), std::vector<uint64_t>{1});
  EXPECT_TRUE(wheel.empty());
}

#ifndef __SANITIZE_ADDRESS__
size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(TimingWheel, AMillionItemsAnHourAwayTakeElevenBytesEachAndGiveThemBack) {
  const size_t before = heap_bytes();
  {
    TimingWheel wheel(1'790'000'000'000);
    for (uint64_t i = 0; i < 1'000'000; i++) wheel.add(1'790'003'600'000 + static_cast<int64_t>(i % 600'000), i);
    const size_t full = heap_bytes() - before;
    EXPECT_LT(full, 11'500'000u);
    RecordProperty("bytes_per_item_x100", static_cast<int>(full / 10'000));
    size_t fired = 0;
    wheel.advance(1'790'010'000'000, [&](uint64_t) { fired++; });
    EXPECT_EQ(fired, 1'000'000u);
    EXPECT_LT(heap_bytes() - before, 100'000u);
  }
}
#endif

}  // namespace
}  // namespace forebay
