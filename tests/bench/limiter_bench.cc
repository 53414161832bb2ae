// What a send costs the limits: asking, taking, settling. Virtual time; the set is saturated, so that permits
// come home at the pace at which they are taken.
#include <benchmark/benchmark.h>

#include "limiter/limit_set.h"

namespace forebay {
namespace {

LimitConfig window(uint64_t count, Duration per) {
  LimitConfig config;
  config.count = count;
  config.per = per;
  return config;
}

SinkConfig sink(int windows) {
  SinkConfig config;
  config.limits = {window(300, Duration::seconds(1)), window(100'000, Duration::hours(1)),
                   window(10'000'000, Duration::days(1))};
  config.limits.resize(static_cast<size_t>(windows));
  return config;
}

constexpr Duration round_trip = Duration::milliseconds(20);

// Arg: how many windows beside the pace and the concurrency.
void send(benchmark::State& state) {
  LimitSet limits(sink(static_cast<int>(state.range(0))), Now{});
  Now now{Instant{1}, WallTime{}};
  for (auto _ : state) {
    const Instant next = limits.next(now, 1);
    if (next > now.steady) now.steady = next;
    limits.take(now, 1);
    const Taken taken{now.steady, 1};
    now.steady = now.steady + round_trip / 64;
    limits.settle(taken, now, SettledAs::ok);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(send)->Arg(1)->Arg(2)->Arg(3);

void ask_while_blocked(benchmark::State& state) {
  LimitSet limits(sink(1), Now{});
  const Now now{Instant{1}, WallTime{}};
  while (limits.next(now, 1) == now.steady) limits.take(now, 1);
  for (auto _ : state) benchmark::DoNotOptimize(limits.next(now, 1));
}
BENCHMARK(ask_while_blocked);

void estimate(benchmark::State& state) {
  LimitSet limits(sink(static_cast<int>(state.range(0))), Now{});
  uint64_t k = 0;
  const Now now{Instant{1}, WallTime{}};
  for (auto _ : state) benchmark::DoNotOptimize(limits.estimate(now, ++k % 1'000'000 + 1));
}
BENCHMARK(estimate)->Arg(1)->Arg(3);

void save(benchmark::State& state) {
  LimitSet limits(sink(3), Now{});
  Now now{Instant{1}, WallTime{}};
  for (int i = 0; i < 200'000; i++) {
    const Instant next = limits.next(now, 1);
    if (next > now.steady) now.steady = next;
    limits.take(now, 1);
    limits.settle({now.steady, 1}, now, SettledAs::ok);
  }
  for (auto _ : state) benchmark::DoNotOptimize(limits.save(now).size());
}
BENCHMARK(save);

}  // namespace
}  // namespace forebay
