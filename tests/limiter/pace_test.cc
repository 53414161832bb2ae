#include "limiter/pace.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "generators.h"

namespace forebay {
namespace {

// A sender that waits for its turn, is woken late by up to `late`, and sends as long as it may.
struct Sender {
  Pace pace;
  Instant now;
  Instant due = Instant::never();
  Downstream departures;

  void send() {
    pace.take(now, due, 1);
    departures.counts(now.ns, 1);
  }
  void await_turn(Duration late) {
    if (pace.next(now) <= now) return;
    due = pace.next(now);
    now = due + late;
  }
  void idle(Duration time) {
    now = now + time;
    due = Instant::never();
  }
};

// Sends per slot of equal length, the last, unfinished one left out.
class Slots {
 public:
  Slots(Duration length, Instant begin) : length_(length), begin_(begin) {}
  void counts(Instant at) {
    const auto slot = static_cast<size_t>((at - begin_).ns / length_.ns);
    if (slot >= counts_.size()) counts_.resize(slot + 1);
    counts_[slot]++;
  }
  uint64_t most() const { return *std::max_element(counts_.begin(), counts_.end()); }
  double variation() const {
    const auto n = static_cast<double>(counts_.size() - 1);
    double sum = 0, squares = 0;
    for (size_t i = 0; i + 1 < counts_.size(); i++) {
      sum += static_cast<double>(counts_[i]);
      squares += static_cast<double>(counts_[i] * counts_[i]);
    }
    return std::sqrt(std::max(0.0, squares / n - sum * sum / n / n)) / (sum / n);
  }

 private:
  Duration length_;
  Instant begin_;
  std::vector<uint64_t> counts_;
};

uint64_t early_of(const Pace& pace) {
  return static_cast<uint64_t>(static_cast<__int128>(pace.tolerance().ns) * static_cast<int64_t>(pace.count()) /
                               pace.per().ns);
}

Pace draw_a_pace() {
  const uint64_t count = *rc::gen::element<uint64_t>(1, 7, 300, 10'000);
  const Duration per = *rc::gen::element(Duration::seconds(1), Duration::minutes(1));
  return Pace(count, per, *rc::gen::element(Duration{}, Duration::milliseconds(50), Duration::milliseconds(333)));
}

RC_GTEST_PROP(Pace, CatchesUpWithinTheToleranceAndNeverBeyond, ()) {
  Random random(draw_seed());
  Sender sender{draw_a_pace(), Instant{draw_start()}, Instant::never(), {}};
  for (int i = 0; i < 2000; i++) {
    const uint64_t kind = random.below(20);
    if (kind == 0) sender.idle(Duration{static_cast<int64_t>(random.below(200'000'000))});
    sender.await_turn(Duration{kind == 1 ? static_cast<int64_t>(random.below(200'000'000)) : 0});
    // Now and then it was not for its turn that it waited, but for a permit.
    if (kind == 2) sender.due = sender.now = sender.now + Duration{static_cast<int64_t>(random.below(200'000'000))};
    RC_ASSERT(sender.pace.next(sender.now) == sender.now);
    sender.send();
  }
  const uint64_t early = early_of(sender.pace);
  RC_ASSERT(sender.departures.worst(Duration{1}) <= 1 + early);
  // tolerance/T may be a fraction: what it allows is its ceiling over any window.
  RC_ASSERT(!sender.departures.any_window_above(early + 1, sender.pace.count(), sender.pace.per()));
}

RC_GTEST_PROP(Pace, NothingIsCaughtUpAfterIdling, ()) {
  Random random(draw_seed());
  Sender sender{draw_a_pace(), Instant{draw_start()}, Instant::never(), {}};
  for (int i = 0; i < 2000; i++) {
    if (random.below(20) == 0) sender.idle(Duration{static_cast<int64_t>(random.below(90'000'000'000))});
    sender.await_turn({});
    sender.send();
  }
  // Never two within T, nor more than one ahead of N/W over any length (a nanosecond of T is rounding).
  const Duration interval{sender.pace.per().ns / static_cast<int64_t>(sender.pace.count())};
  RC_ASSERT(sender.departures.worst(interval) == 1u);
  RC_ASSERT(!sender.departures.any_window_above(1, sender.pace.count(), sender.pace.per()));
}

TEST(Pace, NextNamesTheFirstNanosecondOfATurn) {
  Pace pace(7, Duration::seconds(1), Duration::milliseconds(50));
  pace.take(Instant{5}, Instant::never(), 1);
  const Instant turn = pace.next(Instant{5});
  EXPECT_EQ(turn, Instant{5 + 142'857'143});
  EXPECT_EQ(pace.next(turn - Duration{1}), turn);
  EXPECT_EQ(pace.next(turn + Duration{1}), turn + Duration{1});
}

TEST(Pace, ALatePermitMovesTheTurnsByAPartOfItsDelay) {
  Pace pace(80, Duration::milliseconds(800), Duration::milliseconds(50));
  const auto ms = [](int64_t n) { return Instant{n * 1'000'000}; };
  pace.take(ms(0), Instant::never(), 1);
  pace.take(ms(18), ms(18), 1);  // its turn was at 10
  EXPECT_EQ(pace.next(ms(18)), ms(21));
  pace.take(ms(40), ms(21), 1);  // a late wake: the next turn is where it was
  EXPECT_EQ(pace.next(ms(31)), ms(31));
  pace.take(ms(200), ms(100), 1);  // both, each beyond the tolerance
  EXPECT_EQ(pace.next(ms(0)), ms(160));
  pace.take(ms(400), ms(400), 1);  // a permit that comes home after 240 ms: as after idling
  EXPECT_EQ(pace.next(ms(400)), ms(410));
}

TEST(Pace, DoesNotDriftInAWeek) {
  // 1/7 s is no whole number of nanoseconds.
  Pace pace(7, Duration::seconds(1), Duration{});
  const uint64_t week_sends = 7ull * 7 * 24 * 3600;
  Instant now{12345};
  for (uint64_t i = 0; i < week_sends; i++) {
    const Instant due = now = pace.next(now);
    pace.take(now, i == 0 ? Instant::never() : due, 1);
  }
  EXPECT_EQ(pace.next(now), Instant{12345} + Duration::days(7));
}

TEST(Pace, LateWakesWithinTheToleranceCostNothingInTheLongRun) {
  Sender sender{Pace(300, Duration::seconds(1), Duration::milliseconds(50)), Instant{0}, Instant::never(), {}};
  Random random(1);
  while (sender.now < Instant{} + Duration::minutes(10)) {
    sender.await_turn(Duration{static_cast<int64_t>(random.below(20'000'000))});
    sender.send();
  }
  EXPECT_GE(sender.departures.arrivals(), 300u * 600 - 10);
  EXPECT_LE(sender.departures.arrivals(), 300u * 600 + 16);
}

// The whole set under saturation, after half an hour of idling: a LAN's round trips, and now and then a stall of the
// whole process, whose replies come home together and must not leave together for ever.
struct Lan {
  uint64_t count;
  Duration wake_late;
  Duration stall;  // every five seconds
  double used_min, variation_max;
};

class Evenness : public testing::TestWithParam<Lan> {};

TEST_P(Evenness, ASaturatedWindowDrainsEvenlyAndNearlyWhole) {
  const Lan& lan = GetParam();
  Weather weather;
  weather.out_min = weather.back_min = Duration::microseconds(100);
  weather.out_jitter = weather.back_jitter = Duration::microseconds(300);
  weather.wake_late = lan.wake_late;
  World world(sink({window(lan.count, Duration::seconds(1))}), weather, 1, Duration::minutes(30).ns);
  Slots departures(Duration::milliseconds(100), world.now().steady);
  world.before_take = [&] { departures.counts(world.now().steady); };
  for (int i = 0; i < 4; i++) {
    if (i > 0 && lan.stall > Duration{}) world.stall_for(lan.stall);
    world.run_for(Duration::seconds(5) - (i > 0 ? lan.stall : Duration{}));
  }
  const double used = static_cast<double>(world.sent()) / static_cast<double>(lan.count) / 20;
  std::printf("  %5lu/1s, stalls of %2ld ms: used %.4f, variation per 100 ms %.4f, worst 100 ms %lu\n",
              static_cast<unsigned long>(lan.count), static_cast<long>(lan.stall.ms()), used, departures.variation(),
              static_cast<unsigned long>(departures.most()));
  EXPECT_GE(used, lan.used_min);
  EXPECT_LE(departures.variation(), lan.variation_max);
  EXPECT_LE(world.downstream().worst(Duration::seconds(1)), lan.count);
}

INSTANTIATE_TEST_SUITE_P(Pace, Evenness,
                         testing::Values(Lan{300, Duration::microseconds(200), {}, 0.998, 0.012},
                                         Lan{300, Duration::milliseconds(1), {}, 0.998, 0.015},
                                         Lan{300, Duration::microseconds(200), Duration::milliseconds(20), 0.997, 0.04},
                                         Lan{30, Duration::microseconds(200), {}, 0.998, 0.1},
                                         Lan{10'000, Duration::microseconds(200), {}, 0.998, 0.012},
                                         Lan{10'000, Duration::microseconds(200), Duration::milliseconds(20), 0.99,
                                             0.04}));

TEST(Pace, ACostTakesItsTurns) {
  Pace pace(100, Duration::seconds(1), Duration{});
  pace.take(Instant{0}, Instant::never(), 5);
  EXPECT_EQ(pace.next(Instant{0}), Instant{} + Duration::milliseconds(50));
}

// The product of the largest count and the longest window needs 85 bits.
TEST(Pace, TheLargestRateAndTheLongestWindowAreExact) {
  Pace fast(1'000'000'000, Duration::days(400), Duration{});
  Instant now{0};
  for (int i = 0; i < 1000; i++) fast.take(now, Instant::never(), 1'000'000);
  EXPECT_EQ(fast.next(now), Instant{} + Duration::days(400));
}

}  // namespace
}  // namespace forebay
