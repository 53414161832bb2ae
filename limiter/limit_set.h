// LimitSet: all limits of a sink, or of a queue, as one. Asked together, taken together or not at all: nothing is held
// while waiting. Windows, buckets, calendars, the pace of the shortest window, and the concurrency, which a sink always
// has. Protocol and units as in limit.h. The k-th view is the k-th configured limit; the concurrency is the last.
// Limits in shadow (`enforce: false`) count and never block (limit_member.h).
//
// Lanes. A calendar may keep a share for a class; lane() numbers the classes that have one, 0 is everybody else. What a
// message may take depends on its lane, and a send settles in the lane in which it was taken (Taken::lane). A class
// keeps its number through reconfigure().
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
#include "limiter/limit_member.h"
#include "limiter/limit_set_config.h"
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
    bool enforced = true;
    uint64_t exceeded = 0;  // sends that a limit in shadow would have held back, since this began
    double remaining = 0;   // sends of cost 1 that it would let through now, whatever is reserved
  };
  struct Blocking {
    std::string name;  // empty: nothing blocks
    Instant until;
    bool by_reserve = false;  // a calendar's, which would let another lane through
  };

  // Nothing spent, nothing learnt.
  LimitSet(const LimitSetConfig& config, Now now);
  LimitSet(const SinkConfig& config, Now now) : LimitSet(limit_set_config(config), now) {}
  LimitSet(const LimitSet&) = delete;
  LimitSet& operator=(const LimitSet&) = delete;

  // The least time at which all agree, exactly; never(): only a settle can free what is missing.
  Instant next(Now now, uint32_t cost, uint8_t lane = 0) const;
  // The same for a send of cost 1 in whichever lane is let through first: before it, the set is blocked for everybody.
  Instant next_any(Now now) const;
  // Which limit is the last to agree, and when it does. The pace goes by its window's name.
  Blocking blocking(Now now, uint32_t cost, uint8_t lane = 0) const;
  // Of a class; 0: no reserve names it.
  uint8_t lane(std::string_view class_name) const;
  // Only when next(now, cost, lane) <= now.steady. `due`: the moment that next() named to a sender that has waited for
  // it since, now or before; what it is late by was its wake-up's fault, and the pace makes up for it within its
  // tolerance. never(): nobody waited.
  void take(Now now, uint32_t cost, Instant due = Instant::never(), uint8_t lane = 0);
  void settle(Taken taken, Now now, SettledAs how);

  // -- the shortest enforced window, as far as its sink bears it (count_in_force.h) --
  // The sink comes back from an outage and opens at `from`, now or later: it is to be given little at first.
  void slow_start(Instant from, Now now);
  // How long a refusal that names no time closes the sink, asked after its settle(); none: not said here.
  std::optional<Duration> back_off(Now now) const;

  // The largest cost that can ever be taken.
  uint32_t max_cost(uint8_t lane = 0) const;
  // Least over the limits, in sends of cost 1; +inf where only the concurrency bounds.
  double rate_per_second() const;
  // When the k-th further send of cost 1 (k from 1) could leave if every reply came at once. O(limits · log
  // N). When a calendar runs out, what is beyond goes to its next periods, less the reserves of other lanes.
  Instant estimate(Now now, uint64_t k, uint8_t lane = 0) const;
  std::vector<View> views(Now now) const;
  uint64_t in_flight() const { return sends_out_; }

  // The changed. A limit keeps what is out and spent if its name, or else its kind and length,
  // is still there (a calendar: its kind of period and zone); a new window counts what is out and what the longest
  // window remembers, a new calendar also what another one has spent in its period; a new bucket starts empty. While
  // permits of the old bound come home, never more than the greater of the two; then the new one.
  void reconfigure(const LimitSetConfig& config, Now now);
  void reconfigure(const SinkConfig& config, Now now) { reconfigure(limit_set_config(config), now); }
  // The downstream's address changed: round trips learnt so far say nothing any more.
  void new_address(Now now) { margin_.reset(now.steady); }

  // -- across restarts (limit_set_spends.cc) --
  // Is there a window of more than 10 s or a calendar, whose spends must outlive the process?
  bool has_long_window() const;
  // What was spent, as bytes for restore(). `ahead`: cost that may be taken before a later record is
  // synced; max(): nobody sees to that.
  std::string save(Now now, uint64_t ahead = std::numeric_limits<uint64_t>::max()) const;
  // So much a record is made to cover: a sixteenth of the least N of those, at least 1, and at least the largest cost
  // asked for so far. When it has grown beyond what the last record covers, a new one is due: without it, that cost
  // waits for ever.
  uint64_t ahead() const;
  // Cost taken in all, by this object.
  uint64_t taken() const { return taken_; }
  // Nothing is taken that no synced record covers: the bound that makes restore() safe. From the first call on, next()
  // is never() for what would pass `through`, in terms of taken(); a record that was saved at taken() = t covers
  // t + its `ahead` once it is synced. Never less than before.
  void cover(uint64_t through) { covered_ = std::max(covered_.value_or(0), through); }

  // Called once, before anything is taken, with the last record. `clean`: the process that saved it ended in
  // order, and sent nothing afterwards. `grace`: how long what was in flight, or had been given up on less
  // than a grace before, may still be counted, from now (a limit's own unanswered_grace goes before); 0:
  // there was none, which only an end in order can tell.
  // Windows of more than 10 s and calendars have spent the record + min(N, what the limits allowed in the time since,
  // `ahead` of the record), never a negative share; where the record has no window of more than 10 s, what was in
  // flight. Shorter ones are held for W + grace. Buckets are empty; after a clean stop, as recorded. Of the concurrency
  // nothing is held: connections died with the process. Of limits in shadow only calendars outlive the process. false:
  // not a record (cut, changed); every window is held for W + grace, every bucket is empty, every calendar's period is
  // spent.
  bool restore(std::string_view record, Now now, bool clean, Duration grace);
  // The same where no record was ever made, so that no long window ever let anything through.
  void restore_unrecorded(Now now, Duration grace);

 private:
  using Member = LimitMember;

  Member make_member(const LimitConfig& config, Now now) const;
  void name_lanes(const std::vector<LimitConfig>& limits);
  void seed(Member& fresh, const std::vector<Member>& old, Now now);
  void seed_calendar(Member& fresh, const std::vector<Member>& old, Now now);
  void set_pace(const LimitSetConfig& config, Now now);
  void set_count_in_force(const LimitSetConfig& config, const LimitConfig& shortest);
  void use_count_in_force(Now now);
  const WindowLimit* longest(const std::vector<Member>& members) const;
  bool is_covered(uint32_t cost) const { return !covered_ || taken_ + cost <= *covered_; }
  // How long after `from`, with everything whole by then, the k-th send can leave.
  Duration fresh(WallTime from, uint64_t k, uint8_t lane) const;
  Instant estimate_beyond(const CalendarLimit& calendar, Now now, uint64_t k, uint8_t lane) const;

  enum class Which : uint8_t { short_ones, all };
  void hold(Which which, Now now, Duration grace);
  Duration grace_of(const Member& member, Duration grace) const;
  void use_configured_count();
  void restore_from(const SpendsRecord& record, Now now, bool clean, Duration grace);
  void restore_long(WindowLimit& window, const SpendsRecord& record, Now now, Duration elapsed, bool clean,
                    Duration grace);
  void restore_short(WindowLimit& window, const SpendsRecord& record, Now now, Duration elapsed, Duration grace);
  void restore_calendar(CalendarLimit& calendar, const SpendsRecord& record, Now now, bool clean, Duration grace);
  void restore_bucket(BucketLimit& bucket, const SpendsRecord& record, Now now, Duration elapsed, bool clean);

  Duration timeout_;
  ReturnMargin margin_;  // the windows point at it
  std::vector<Member> members_;
  std::optional<ConcurrencyLimit> concurrency_;
  std::vector<std::string> lanes_;  // classes; lane k is lanes_[k - 1]
  std::optional<Pace> pace_;
  std::optional<CountInForce> in_force_;  // of paced_; none: there is no window
  size_t paced_ = 0;                      // the member that pace_ spreads
  uint64_t cost_out_ = 0;                 // of what is in flight
  std::vector<uint64_t> cost_out_by_lane_{0};
  uint64_t sends_out_ = 0;
  uint64_t taken_ = 0;
  std::optional<uint64_t> covered_;    // taken_ never passes it
  mutable uint64_t largest_cost_ = 1;  // asked for; only ahead() looks at it
};

}  // namespace forebay
