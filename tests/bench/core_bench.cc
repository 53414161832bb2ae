// What a message costs in the core: scheduler and limiter, from being due to its settle, without a journal or a
// network. The target is 600 ns (300) with a million flows, 100 ns with one; and 128 bytes for a parked key with its
// history.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "relay/core.h"
#include "tests/relay/fake_backlog.h"

namespace forebay {
namespace {

// Keeps nothing: what is measured is the core's own.
class NoBacklog : public FakeBacklog {
 public:
  void append(std::span<const MessageFacts>, std::string_view, std::string_view) override {}
  void settle(Sequence, Settlement) override {}
  void attempt_over(Sequence) override {}
  void key_spent(uint32_t, KeyHash, int64_t, uint32_t) override {}
};

struct World {
  explicit World(uint64_t flows_asked, bool key_limits = false) : flows(flows_asked) {
    SinkConfig sink;
    sink.name = "s";
    sink.concurrency = 10'000;
    sink.pace_off = true;
    LimitConfig limit;
    limit.count = 10'000'000;
    limit.per = Duration::milliseconds(1);
    sink.limits = {limit};
    config.sinks["s"] = sink;
    QueueConfig queue;
    queue.name = "q";
    queue.sink = "s";
    queue.max_messages = 100'000'000;
    queue.max_flows = 16'000'000;
    queue.key = {ValueSource::From::header, "K"};
    if (key_limits) {
      for (const auto& [count, per] :
           {std::pair{1, Duration::minutes(1)}, {5, Duration::hours(1)}, {10, Duration::hours(24)}}) {
        LimitConfig window;
        window.count = static_cast<uint64_t>(count);
        window.per = per;
        queue.key_limits.push_back(window);
      }
    }
    config.queues["q"] = queue;
    config.status_memory = 0;  // what became of finished messages is no part of this
    const QueueId id = 1;
    core = std::make_unique<Core>(config, std::span(&id, 1), backlog, 1, now);
    core->recovered(now);
  }

  KeyHash key_of(uint64_t n) const { return (n % flows + 1) * 0x9E3779B97F4A7C15ull; }
  void accept(KeyHash key) {
    AdmitRequest request;
    request.queue = 1;
    request.bytes = 300;
    request.key = key;
    const MessageFacts facts = std::get<Reservation>(core->admit(request, now)).facts;
    core->durable(std::span(&facts, 1), now);
  }
  void advance(Duration by) { now.steady = now.steady + by, now.wall = now.wall + by; }

  uint64_t flows;
  Config config;
  NoBacklog backlog;
  Now now{{1'000'000'000'000}, {1'700'000'000'000'000'000}};
  std::unique_ptr<Core> core;
  std::vector<Send> sends;
};

Outcome delivered() {
  Outcome outcome;
  outcome.kind = Outcome::Kind::delivered;
  outcome.answered = true;
  outcome.status = 200;
  return outcome;
}

// Two messages of each key wait; one is sent and settled, another takes its place. Timed: tick and settled.
void schedule_and_settle(benchmark::State& state) {
  World world(static_cast<uint64_t>(state.range(0)));
  const uint64_t waiting = std::max<uint64_t>(2 * world.flows, 10'000);
  for (uint64_t n = 0; n < waiting; ++n) world.accept(world.key_of(n));
  const Outcome outcome = delivered();
  uint64_t next = waiting, done = 0;
  for (auto _ : state) {
    world.sends.clear();
    world.core->tick(world.now, &world.sends);
    for (const Send& send : world.sends) world.core->settled(send.ticket, outcome, world.now);
    done += world.sends.size();
    state.PauseTiming();
    for (size_t i = 0; i < world.sends.size(); ++i) world.accept(world.key_of(next++));
    world.advance(Duration::milliseconds(2));
    state.ResumeTiming();
  }
  state.counters["ns_a_message"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(schedule_and_settle)->Arg(1)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

// Every key has sent twice and is parked with a third message, by 1/1m.
void parked_keys(benchmark::State& state) {
  constexpr uint64_t keys = 1'000'000;
  double bytes = 0;
  for (auto _ : state) {
    World world(keys, true);
    const auto in_use = [] {
      const auto info = mallinfo2();
      return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
    };
    const double before = in_use();
    const Outcome outcome = delivered();
    uint64_t sent = 0;
    for (int round = 0; round < 3; ++round) {
      for (uint64_t n = 0; n < keys; ++n) world.accept(world.key_of(n));
      for (bool more = true; more && round < 2;) {
        world.sends.clear();
        world.core->tick(world.now, &world.sends);
        for (const Send& send : world.sends) world.core->settled(send.ticket, outcome, world.now);
        sent += world.sends.size();
        more = world.core->queue(1)->ready > 0;
        world.advance(Duration::milliseconds(2));
      }
      if (round == 0) world.advance(Duration::minutes(2));
      for (int tick = 0; tick < 2'000 && round == 2; ++tick) world.core->tick(world.now, &world.sends);
    }
    if (world.core->queue(1)->parked_flows != keys) state.SkipWithError("not all keys are parked");
    bytes = (in_use() - before) / keys;
  }
  state.counters["bytes_a_key"] = bytes;
}
BENCHMARK(parked_keys)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace forebay
