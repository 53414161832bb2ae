// World: the simulated shell around the core. It stands where relay/loop.cc stands in the program: an event heap for a
// clock, SimBacklog for the journal, Downstreams for sinks, Sources for producers. Core, LimitSet and SpendsJournal are
// the program's own, so what is seen here is what the program does.
//
//   World world(config, options);            // a checked Config, as load_config() made it
//   world.set_downstream("gateway", &ideal); // one for each sink that is sent to; borrowed
//   world.add_source(&burst);                // borrowed
//   world.add_observer(&figures);            // borrowed; sees every event, sim/observer.h
//   world.run_until(Duration::hours(1));     // of virtual time since the world began; or run_until_idle(most)
//
// Deterministic: the same config, options, sources and downstreams make the same run, told by digest().
// Order of one moment, as in a turn of the loop: commits are reported, replies read, arrivals admitted; then the core
// ticks, hands its sends out, and the batch is flushed. Nothing takes time but what is modelled: syncs, networks,
// downstreams. A crash takes the core and what the backlog had not kept; who was to be answered is not.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "relay/core.h"
#include "relay/spends_journal.h"
#include "sim/digest.h"
#include "sim/downstream.h"
#include "sim/event_heap.h"
#include "sim/observer.h"
#include "sim/sim_backlog.h"
#include "sim/source.h"

namespace forebay::sim {

struct WorldOptions {
  uint64_t seed = 1;
  WallTime starts = WallTime::from_ms(1'767'225'600'000);  // 2026-01-01T00:00:00Z
  SyncTimes sync;
  bool journal_spends = true;  // false: plan and closed forms, which have no restarts
};

struct WorldCounts {
  uint64_t came = 0, accepted = 0, refused = 0, given_up = 0;  // given_up: by their producers, after refusals
  uint64_t sent = 0, arrived = 0, ended = 0;
  uint64_t delivered = 0, expired = 0, dead = 0, gone = 0;
  uint64_t crashes = 0;
  // The core's verbs that were called: admit, durable, a send, settled.
  uint64_t core_events() const { return came + refused + accepted + sent + ended; }
};

class World : private BacklogListener, private SimBacklog::Watcher {
 public:
  World(const Config& config, const WorldOptions& options);
  ~World() override;

  // -- before the first run --
  QueueId queue_id(std::string_view name) const;  // 0: there is none
  SinkId sink_id(std::string_view name) const;
  void set_downstream(std::string_view sink, Downstream* downstream);
  void add_source(Source* source);
  void add_observer(Observer* observer) { observers_.push_back(observer); }
  void at(Duration when, std::function<void()> action);

  // -- running --
  void run_until(Duration end);
  // Until no source has more, nothing waits and nothing is under way, `most` at the latest. True: it is idle.
  bool run_until_idle(Duration most);
  bool idle() const;

  // -- faults, from an action or between two runs --
  void crash(SimBacklog::Crash how, Duration down);  // ignored while it is down
  void step_wall(Duration by) { wall_step_ = wall_step_ + by; }
  void refuse_messages(int error) { backlog_.set_refusing(error); }

  // -- looking --
  Duration elapsed() const { return now_.steady - begin_; }
  Now now() const { return now_; }
  bool up() const { return core_ != nullptr; }
  Core& core() { return *core_; }  // only while up()
  const SimBacklog& backlog() const { return backlog_; }
  const WorldCounts& counts() const { return counts_; }
  const Config& config() const { return config_; }
  size_t under_way() const { return flights_.size() - free_flights_.size(); }
  uint64_t digest() { return digest_.value(); }

 private:
  // A request, from the send until both its arrival and its outcome are past.
  struct Flight {
    Event event;
    Instant left;
    Ticket ticket = 0;
    uint32_t life = 0;  // of the process that sent it
    bool arrived = false, over = false;
    bool sent = true;  // something left this process
    Answer answer;
  };
  struct Producer {
    Source* source;
    std::optional<Arrival> next;
  };
  struct Return {
    size_t producer;
    Arrival arrival;
  };

  void start();
  void restore_notes();
  Instant next_event() const;
  void step(Instant at);
  void turn();
  void work_backlog();
  void handle(const EventHeap::Item& item);
  void take_arrivals();
  bool admit(size_t producer, const Arrival& arrival);
  void turned_away(size_t producer, const Arrival& arrival, std::optional<Duration> retry_after);
  void come_again(uint32_t index);
  void send(const Send& send);
  void arrives(uint32_t index);
  void answered(uint32_t index);
  void end_flight(uint32_t index);
  Event event_of(const SimBacklog::Kept& kept) const;
  Outcome outcome_of(const Flight& flight) const;
  template <class F>
  void tell(F&& f) {
    for (Observer* observer : observers_) f(*observer);
  }

  void on_committed(uint64_t batch, int messages_error) override;
  void on_broken(const std::string&) override {}
  void on_synced(Duration, uint32_t) override {}
  void on_settle(const SimBacklog::Kept& message, Settlement how) override;
  void on_dead(const SimBacklog::Kept& message) override;

  Config config_;
  WorldOptions options_;
  Random random_;
  std::vector<std::string> queue_names_, sink_names_;
  std::vector<QueueId> queue_ids_;
  std::vector<Duration> timeouts_;  // by SinkId
  Instant begin_{1'000'000'000'000};
  Now now_;
  Duration wall_step_;
  SimBacklog backlog_;
  std::unique_ptr<Core> core_;  // none while it is down
  std::unique_ptr<SpendsJournal> spends_;
  Instant core_wake_ = Instant::never();
  bool touched_ = false;  // the core, since its last tick
  uint32_t life_ = 0;

  EventHeap heap_;
  std::vector<Flight> flights_;
  std::vector<uint32_t> free_flights_;
  std::vector<Producer> producers_;
  std::vector<Return> returns_;
  std::vector<uint32_t> free_returns_;
  std::vector<std::function<void()>> actions_;
  size_t actions_left_ = 0;
  std::vector<Downstream*> downstreams_;  // by SinkId
  std::vector<Observer*> observers_;
  std::vector<Send> sends_;
  WorldCounts counts_;
  Digest digest_;
};

}  // namespace forebay::sim
