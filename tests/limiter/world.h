// World: a sink's limits between messages that wait and a downstream that counts, in virtual time.
//
// Every send is given a way out, a way back and an end by a seeded generator: answered, refused, not sent, or
// unanswered, and then counted at any moment from its arrival to a grace after its connection closed, or
// never. Wake-ups come late by up to `wake_late`; replies are read when they come. True time is the
// downstream's; a process's steady time is true time less `epoch`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "base/random.h"
#include "downstream.h"
#include "limiter/limit_set.h"

namespace forebay {

struct Weather {
  Duration out_min, out_jitter;    // the way there
  Duration back_min, back_jitter;  // the way back
  unsigned unanswered_percent = 0;
  unsigned not_sent_percent = 0;
  unsigned refused_percent = 0;
  Duration wake_late;
  bool saturated = true;  // else bursts of up to `burst` with pauses of up to `pause`
  uint64_t burst = 1000;
  Duration pause;
  uint32_t cost_max = 1;
  uint8_t lanes = 0;  // a message is of any of these, or of none
};

class World {
 public:
  World(const SinkConfig& config, const Weather& weather, uint64_t seed, int64_t start_ns)
      : config_(config), weather_(weather), random_(seed), at_(start_ns) {
    begin_process(0, 0);
  }

  // A new process: its limits, its clocks. What was on the way stays on the way, its replies go nowhere.
  void begin_process(int64_t epoch_ns, int64_t wall_step_ns) {
    epoch_ = epoch_ns;
    wall_step_ = wall_step_ns;
    lose_all();
    due_ = Instant::never();
    limits_ = std::make_unique<LimitSet>(config_, now());
  }

  void run_for(Duration time) {
    const int64_t end = at_ + time.ns;
    while (at_ < end) step(end);
  }
  // Only waits for replies; nothing new is sent.
  void rest_for(Duration time) {
    const int64_t end = at_ + time.ns;
    while (!under_way_.empty() && under_way_.top().at <= end) {
      at_ = std::max(at_, under_way_.top().at);
      settle_due();
    }
    at_ = end;
  }
  // The process does nothing: replies wait to be read, wake-ups are late.
  void stall_for(Duration time) { at_ += time.ns; }
  // Every connection is closed at once; they may be counted for a grace yet.
  void close_all() {
    for (; !under_way_.empty(); under_way_.pop()) {
      close(under_way_.top());
      limits_->settle(under_way_.top().taken, now(), SettledAs::unanswered);
    }
  }

  Now now() const { return {Instant{at_ - epoch_}, WallTime{at_ + wall_step_}}; }
  int64_t true_ns() const { return at_; }
  int64_t epoch() const { return epoch_; }
  LimitSet& limits() { return *limits_; }
  // What has been counted so far of all that has ended, and of what has not.
  Downstream downstream() const {
    Downstream all = downstream_;
    for (auto rest = under_way_; !rest.empty(); rest.pop()) {
      if (rest.top().counted != INT64_MAX) all.counts(rest.top().counted, rest.top().taken.cost);
    }
    return all;
  }
  Weather& weather() { return weather_; }
  Random& random() { return random_; }
  void use(const SinkConfig& config) { config_ = config; }
  // The process's wall clock is set to so much ahead of the downstream's.
  void set_wall(Duration ahead) { wall_step_ = ahead.ns; }
  uint64_t sent() const { return sent_; }
  size_t under_way() const { return under_way_.size(); }
  size_t under_way_max() const { return under_way_max_; }
  double mean_round_trip() const { return round_trips_ / static_cast<double>(answered_); }
  void forget_figures() { sent_ = 0, answered_ = 0, round_trips_ = 0, downstream_ = Downstream(); }
  // Called before each take.
  std::function<void()> before_take = [] {};

 private:
  struct UnderWay {
    int64_t at;
    Taken taken;
    SettledAs how;
    int64_t arrives;
    int64_t counted;  // when the downstream counts it: then or later; INT64_MAX: never
    bool operator<(const UnderWay& other) const { return at > other.at; }
  };

  Duration between(Duration low, Duration spread) {
    return low + Duration{static_cast<int64_t>(random_.below(static_cast<uint64_t>(spread.ns) + 1))};
  }

  void step(int64_t end) {
    settle_due();
    if (!weather_.saturated && waiting_ == 0 && at_ >= released_) {
      waiting_ = random_.below(weather_.burst) + 1;
    }
    const bool wants = weather_.saturated || waiting_ > 0;
    if (wants && cost_ == 0) {
      cost_ = static_cast<uint32_t>(random_.below(weather_.cost_max)) + 1;
      if (weather_.lanes > 0) lane_ = static_cast<uint8_t>(random_.below(weather_.lanes + 1u));
    }
    Instant wake = wants ? limits_->next(now(), cost_, lane_) : Instant::never();
    if (wake <= now().steady) return send();
    due_ = wake;
    int64_t next = wake.is_never() ? INT64_MAX : wake.ns + epoch_ + between({}, weather_.wake_late).ns;
    if (!under_way_.empty()) next = std::min(next, under_way_.top().at);
    if (!wants) next = std::min(next, released_);
    at_ = std::max(at_, std::min(next, end));
  }

  void settle_due() {
    while (!under_way_.empty() && under_way_.top().at <= at_) {
      const UnderWay done = under_way_.top();
      under_way_.pop();
      if (done.how == SettledAs::ok || done.how == SettledAs::refused) {
        answered_++;
        round_trips_ += (now().steady - done.taken.at).as_seconds();
      }
      count(done.counted, done.taken.cost);
      limits_->settle(done.taken, now(), done.how);
    }
  }

  void send() {
    before_take();
    limits_->take(now(), cost_, due_ <= now().steady ? due_ : Instant::never(), lane_);
    // Now and then a round trip has both the least way out and the least way back, as the margin assumes.
    const bool swift = sent_++ % 40 == 0;
    const Duration out = swift ? weather_.out_min : between(weather_.out_min, weather_.out_jitter);
    const Duration back = swift ? weather_.back_min : between(weather_.back_min, weather_.back_jitter);
    UnderWay flight{at_ + out.ns + back.ns, {now().steady, cost_, lane_}, SettledAs::ok, at_ + out.ns, at_ + out.ns};
    const uint64_t fate = random_.below(100);
    if (swift) {
      // answered
    } else if (fate < weather_.unanswered_percent) {
      flight.how = SettledAs::unanswered;
      flight.at = at_ + between(Duration{1}, config_.timeout).ns;
      flight.counted = late(flight.arrives, flight.at + config_.timeout.ns);
    } else if (fate < weather_.unanswered_percent + weather_.not_sent_percent) {
      flight.how = SettledAs::not_sent;
      flight.counted = INT64_MAX;
    } else if (fate >= 100 - weather_.refused_percent) {
      flight.how = SettledAs::refused;
    }
    under_way_.push(flight);
    under_way_max_ = std::max(under_way_max_, under_way_.size());
    cost_ = 0;
    if (!weather_.saturated && --waiting_ == 0) released_ = at_ + between({}, weather_.pause).ns;
  }

  // At the last moment that is promised, at any before, or never. What would arrive later than that never
  // does.
  int64_t late(int64_t earliest, int64_t latest) {
    const uint64_t kind = random_.below(3);
    if (kind == 0 || latest < earliest) return INT64_MAX;
    return kind == 1 ? latest : earliest + between({}, Duration{latest - earliest}).ns;
  }

  void count(int64_t at, uint64_t cost) {
    if (at != INT64_MAX) downstream_.counts(at, cost);
  }
  // Its connection is closed now: it is counted within the grace, if ever.
  void close(const UnderWay& flight) {
    const int64_t latest = at_ + config_.timeout.ns;
    if (flight.counted != INT64_MAX && flight.arrives <= latest) {
      count(std::min(flight.counted, latest), flight.taken.cost);
    }
  }
  void lose_all() {
    for (; !under_way_.empty(); under_way_.pop()) close(under_way_.top());
  }

  SinkConfig config_;
  Weather weather_;
  Random random_;
  int64_t at_;
  int64_t epoch_ = 0;
  int64_t wall_step_ = 0;
  std::unique_ptr<LimitSet> limits_;
  Downstream downstream_;
  std::priority_queue<UnderWay> under_way_;
  size_t under_way_max_ = 0;
  uint64_t waiting_ = 0;
  int64_t released_ = 0;
  uint32_t cost_ = 0;
  uint8_t lane_ = 0;
  Instant due_ = Instant::never();  // what the limits named to the message that waits
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
  double round_trips_ = 0;
};

// A sink with these limits; windows unless said otherwise.
inline LimitConfig window(uint64_t count, Duration per, bool strict = false) {
  LimitConfig config;
  config.count = count;
  config.per = per;
  config.strict = strict;
  return config;
}
inline LimitConfig bucket(uint64_t count, Duration per, uint64_t burst) {
  LimitConfig config = window(count, per);
  config.kind = LimitConfig::Kind::bucket;
  config.burst = burst;
  return config;
}
inline LimitConfig calendar(uint64_t count, const char* zone = "",
                            LimitConfig::Period period = LimitConfig::Period::day) {
  LimitConfig config;
  config.kind = LimitConfig::Kind::calendar;
  config.count = count;
  config.period = period;
  config.zone = zone;
  return config;
}
inline SinkConfig sink(std::vector<LimitConfig> limits) {
  SinkConfig config;
  config.limits = std::move(limits);
  config.concurrency = 100'000;
  return config;
}

}  // namespace forebay
