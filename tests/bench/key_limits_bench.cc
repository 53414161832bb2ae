// What a send costs the key limits: asking, taking, settling. Virtual time.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "base/random.h"
#include "limiter/key_limits.h"

namespace forebay {
namespace {

LimitConfig window(uint64_t count, Duration per) {
  LimitConfig config;
  config.count = count;
  config.per = per;
  return config;
}

const std::vector<LimitConfig> set{window(1, Duration::minutes(1)), window(5, Duration::hours(1)),
                                   window(10, Duration::days(1))};

void send(KeyLimits& limits, KeyHash key, Now now) {
  const Instant next = limits.next(key, now, 1);
  if (next > now.steady) return;
  limits.take(key, now, 1);
  limits.settle(key, {now.steady, 1}, now, SettledAs::ok);
}

// All keys have two sends behind them, hours ago, and send twice a day from there on; each send is of a key drawn anew:
// the caches hold none of it. The aging of each second is in it.
void send_of_many_keys(benchmark::State& state) {
  const auto keys = static_cast<uint64_t>(state.range(0));
  KeyMemory memory{1 << 30};
  KeyLimits limits(set, OnKeyOverflow::hold, Duration::seconds(10), memory);
  Now now{Instant{1}, {}};
  for (const int64_t hours : {0, 2}) {
    now.steady = Instant{1} + Duration::hours(hours);
    for (uint64_t key = 1; key <= keys; key++) send(limits, KeyTable::mix(key), now);
  }
  state.counters["bytes_per_key"] = static_cast<double>(limits.memory_bytes()) / static_cast<double>(limits.keys());
  now.steady = Instant{1} + Duration::hours(4);
  Random random(1);
  const Duration apart = Duration::days(1) / static_cast<int64_t>(2 * keys);
  uint64_t sends = 0;
  for (auto _ : state) {
    now.steady = now.steady + apart;
    if (++sends % 64 == 0) limits.age(now);
    send(limits, KeyTable::mix(1 + random.below(keys)), now);
  }
}
BENCHMARK(send_of_many_keys)->Arg(1000)->Arg(2'000'000);

void send_of_one_hot_key(benchmark::State& state) {
  const std::vector<LimitConfig> hot{window(10, Duration::seconds(1)), window(300, Duration::minutes(1))};
  KeyMemory memory{1 << 20};
  KeyLimits limits(hot, OnKeyOverflow::hold, Duration::seconds(10), memory);
  Now now{Instant{1}, {}};
  for (auto _ : state) {
    now.steady = std::max(now.steady, limits.next(77, now, 1));
    limits.take(77, now, 1);
    limits.settle(77, {now.steady, 1}, now, SettledAs::ok);
  }
}
BENCHMARK(send_of_one_hot_key);

double processor_ms() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

// The longest single step while two million keys come in: tables double, one becomes 256.
void longest_step(benchmark::State& state) {
  double longest = 0;
  for (auto _ : state) {
    KeyMemory memory{1 << 30};
    KeyLimits limits(set, OnKeyOverflow::hold, Duration::seconds(10), memory);
    for (uint64_t key = 1; key <= 2'000'000; key++) {
      const double begin = processor_ms();
      send(limits, KeyTable::mix(key), Now{Instant{static_cast<int64_t>(key)}, {}});
      longest = std::max(longest, processor_ms() - begin);
    }
  }
  state.counters["longest_ms"] = longest;
}
BENCHMARK(longest_step)->Iterations(1)->Unit(benchmark::kMillisecond);

// Histories that have aged out, 2,048 a call.
void age(benchmark::State& state) {
  KeyMemory memory{1 << 30};
  KeyLimits limits(set, OnKeyOverflow::hold, Duration::seconds(10), memory);
  for (uint64_t key = 1; key <= 2'000'000; key++) send(limits, KeyTable::mix(key), Now{Instant{1}, {}});
  const Now later{Instant{1} + Duration::days(2), {}};
  for (auto _ : state) limits.age(later);
}
BENCHMARK(age)->Iterations(900)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace forebay
