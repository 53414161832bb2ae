// LimitSet: all limits of a sink as one. Asked together, taken together or not at all: nothing is held while
// waiting. Windows, buckets, the pace of the shortest window, and the concurrency, which is always there.
// Protocol and units as in limit.h. The k-th view is the k-th configured limit; the concurrency is the last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "limiter/bucket_limit.h"
#include "limiter/concurrency_limit.h"
#include "limiter/count_in_force.h"
#include "limiter/limit.h"
#include "limiter/pace.h"
#include "limiter/return_margin.h"
#include "limiter/window_limit.h"

namespace forebay {

struct SpendsRecord;

class LimitSet {
 public:
  struct View {
    std::string name;
    uint64_t effective;
    double utilization;
  };
  struct Blocking {
    std::string name;  // empty: nothing blocks
    Instant until;
  };

  // Nothing spent, nothing learnt.
  LimitSet(const SinkConfig& config, Now now);
  LimitSet(const LimitSet&) = delete;
  LimitSet& operator=(const LimitSet&) = delete;

  // The least time at which all agree, exactly; never(): only a settle can free what is missing.
  Instant next(Now now, uint32_t cost) const;
  // Which limit is the last to agree, and when it does. The pace goes by its window's name.
  Blocking blocking(Now now, uint32_t cost) const;
  // Only when next(now, cost) <= now.steady. `due`: the moment that next() named to a sender that has waited for it
  // since, now or before; what it is late by was its wake-up's fault, and the pace makes up for it within its
  // tolerance. never(): nobody waited.
  void take(Now now, uint32_t cost, Instant due = Instant::never());
  void settle(Taken taken, Now now, SettledAs how);

  // -- the shortest enforced window, as far as its sink bears it (count_in_force.h) --
  // The sink comes back from an outage and opens at `from`, now or later: it is to be given little at first.
  void slow_start(Instant from, Now now);
  // How long a refusal that names no time closes the sink, asked after its settle(); none: not said here.
  std::optional<Duration> back_off(Now now) const;

  // The largest cost that can ever be taken.
  uint32_t max_cost() const;
  // Least over the limits, in sends of cost 1; +inf where only the concurrency bounds.
  double rate_per_second() const;
  // When the k-th further send of cost 1 (k from 1) could leave if every reply came at once. O(limits · log
  // N).
  Instant estimate(Now now, uint64_t k) const;
  std::vector<View> views(Now now) const;
  uint64_t in_flight() const { return concurrency_.out(); }

  // The sink's config changed. A limit keeps what is out and spent if its name, or else its kind and length,
  // is still there; a new window counts what is out and what the longest window remembers; a new bucket
  // starts empty. While permits of the old bound come home, never more than the greater of the two; then the
  // new one.
  void reconfigure(const SinkConfig& config, Now now);
  // The downstream's address changed: round trips learnt so far say nothing any more.
  void new_address(Now now) { margin_.reset(now.steady); }

  // -- across restarts (limit_set_spends.cc) --
  // Is there a window of more than 10 s, whose spends must outlive the process?
  bool has_long_window() const;
  // What was spent, as bytes for restore(). `ahead`: cost that may be taken before a later record is
  // synced; max(): nobody sees to that.
  std::string save(Now now, uint64_t ahead = std::numeric_limits<uint64_t>::max()) const;
  // So much a record is made to cover: a sixteenth of the least N of the long windows, at least 1.
  uint64_t ahead() const;
  // Cost taken in all, by this object.
  uint64_t taken() const { return taken_; }
  // Nothing is taken that no synced record covers: the bound that makes restore() safe. From the first call on, next()
  // is never() for what would pass `through`, in terms of taken(); a record that was saved at taken() = t covers
  // t + ahead() once it is synced. Never less than before.
  void cover(uint64_t through) { covered_ = std::max(covered_.value_or(0), through); }

  // Called once, before anything is taken, with the last record. `clean`: the process that saved it ended in
  // order, and sent nothing afterwards. `grace`: how long what was in flight, or had been given up on less
  // than a grace before, may still be counted, from now (a limit's own unanswered_grace goes before); 0:
  // there was none, which only an end in order can tell.
  // Windows of more than 10 s have spent the record + min(N, what the limits allowed in the time since, `ahead` of
  // the record), never a negative share; where the record has no window of more than 10 s, what was in flight.
  // Shorter ones are held for W + grace. Buckets are empty; after a clean stop,
  // as recorded. Of the concurrency nothing is held: connections died with the process. false: not a record
  // (cut, changed); every window is held for W + grace, every bucket empty.
  bool restore(std::string_view record, Now now, bool clean, Duration grace);
  // The same where no record was ever made, so that no long window ever let anything through.
  void restore_unrecorded(Now now, Duration grace);

 private:
  // One configured limit: exactly one of the two is there.
  struct Member {
    LimitConfig config;
    std::unique_ptr<WindowLimit> window;
    std::unique_ptr<BucketLimit> bucket;
    Limit& limit() const { return window ? static_cast<Limit&>(*window) : *bucket; }
  };

  Member make_member(const LimitConfig& config) const;
  void seed(Member& fresh, const std::vector<Member>& old, Now now);
  void set_pace(const SinkConfig& config, Now now);
  void set_count_in_force(const SinkConfig& config, const LimitConfig& shortest);
  void use_count_in_force(Now now);
  const WindowLimit* longest(const std::vector<Member>& members) const;

  enum class Which : uint8_t { short_ones, all };
  void hold(Which which, Now now, Duration grace);
  Duration grace_of(const Member& member, Duration grace) const;
  void use_configured_count();
  void restore_from(const SpendsRecord& record, Now now, bool clean, Duration grace);
  void restore_long(WindowLimit& window, const SpendsRecord& record, Now now, Duration elapsed, bool clean,
                    Duration grace);
  void restore_short(WindowLimit& window, const SpendsRecord& record, Now now, Duration elapsed, Duration grace);
  void restore_bucket(BucketLimit& bucket, const SpendsRecord& record, Now now, Duration elapsed, bool clean);

  Duration timeout_;
  ReturnMargin margin_;  // the windows point at it
  std::vector<Member> members_;
  ConcurrencyLimit concurrency_;
  std::optional<Pace> pace_;
  std::optional<CountInForce> in_force_;  // of paced_; none: there is no window
  size_t paced_ = 0;                      // the member that pace_ spreads
  uint64_t cost_out_ = 0;                 // of what is in flight
  uint64_t taken_ = 0;
  std::optional<uint64_t> covered_;  // taken_ never passes it
};

}  // namespace forebay
