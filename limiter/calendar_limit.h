// CalendarLimit: at most N sends in each day, week (from Monday) or month of a time zone, as counted by a downstream
// whose clock is off by up to 2 s from ours.
//
//   a send counts for the period in which it is taken, and also for the next one if it can be counted at or after
//   midnight − 2 s: its reply came then or later, or, without a reply, its close + grace is then or later
//   the next period's permits are there from midnight + 2 s on; until then the old one is in force
//
// Why N holds. What is counted in a period by a clock that is up to 2 s fast or slow is counted, by ours, from its
// midnight − 2 s until before the next one + 2 s: it was taken before that end, so in this period or in the one before;
// and one of the period before that is counted so late has settled, or may still be counted, at midnight − 2 s or
// later, which is what is carried over. A send that has not settled yet is carried on.
//
// Not sent: comes home, in whichever periods it counted. A reserve keeps a share of N for a class (a lane): a send may
// use what is left beyond the *unspent* parts of the other lanes' reserves.
//
// Goes by now.wall. A clock that steps back stays in the latest period seen, which keeps its spends, so a quota is
// never given twice; one that steps forward opens the period that it then shows, once. Answers are steady Instants that
// hold if the wall clock is not stepped: ask again at least every second.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/zone.h"
#include "config/config.h"
#include "limiter/limit.h"
#include "limiter/spends.h"

namespace forebay {

class CalendarLimit final : public Limit {
 public:
  static constexpr Duration guard = Duration::seconds(2);

  // `lanes`: the classes that lanes 1, 2, ... of the set stand for. Nothing spent.
  CalendarLimit(const LimitConfig& config, Duration default_grace, const std::vector<std::string>& lanes, Now now);

  const std::string& name() const override { return name_; }
  Instant next(Now now, uint32_t cost) const override { return next(now, cost, 0); }
  void take(Now now, uint32_t cost) override { take(now, cost, 0); }
  Instant next(Now now, uint32_t cost, uint8_t lane) const;
  // Also where there is no room, for a limit that only counts.
  void take(Now now, uint32_t cost, uint8_t lane);
  void settle(Taken taken, Now now, SettledAs how) override;
  uint64_t effective() const override { return count_; }
  double utilization(Now now) const override;
  double rate_per_second() const override;

  // What a lane may take now; the most it can take in a period; what is left of N, whoever's.
  uint64_t room(Now now, uint8_t lane) const;
  uint64_t most(uint8_t lane) const;
  uint64_t remaining(Now now) const;
  // When the n-th period after the one in force at `at` gives its permits; never(): centuries away.
  WallTime opening(WallTime at, uint64_t n) const;
  // Where the period in force begins.
  WallTime start(Now now) const { return rolled(now.wall).start; }
  uint64_t spent(Now now) const { return count_ - std::min(count_, remaining(now)); }

  // What is spent stays spent; of another kind of period or zone too, in the one that is then in force.
  void reconfigure(const LimitConfig& config, Duration default_grace, const std::vector<std::string>& lanes, Now now);
  // Taken before this existed: in flight by lane, to be settled as any other, and `spent` beside.
  void assume(const std::vector<uint64_t>& in_flight, uint64_t spent);

  // -- across restarts --
  SpendsRecord::Calendar record(Now now) const;
  // Spent: as recorded, and `unknown` that nobody can tell when: in the period of the record, and, as what was in
  // flight, in each that is not over by now + grace − 2 s.
  void restore(const SpendsRecord::Calendar& known, WallTime recorded, uint64_t unknown, Now now, Duration grace);
  // All of the period in force is spent, and may be counted until a grace from now.
  void hold(Now now, Duration grace);
  bool is_of(const SpendsRecord::Calendar& known) const { return known.period == period_ && known.zone == zone_name_; }

 private:
  using ByLane = std::vector<uint64_t>;
  struct Book {
    WallTime start, end;
    ByLane spent;
  };
  // May be counted until then, which is at or after book_.end − guard.
  struct Late {
    WallTime until;
    uint8_t lane;
    uint64_t cost;
  };

  void use(const LimitConfig& config, Duration default_grace, const std::vector<std::string>& lanes);
  int64_t first_day(int64_t day, int64_t later) const;
  void set_period(Book* book, WallTime at) const;
  uint64_t room_beside(const ByLane& spent, uint8_t lane) const;
  bool is_over(WallTime wall) const { return wall >= book_.end + guard; }
  Book rolled(WallTime wall) const;
  void roll(WallTime wall);
  void add_late(WallTime until, uint8_t lane, uint64_t cost);

  std::string name_;
  LimitConfig::Period period_ = LimitConfig::Period::day;
  std::string zone_name_;
  const Zone* zone_ = nullptr;
  uint64_t count_ = 0;
  Duration grace_;
  std::vector<std::string> lanes_;
  ByLane reserve_;  // by lane, as the next two; lane 0 has none
  Book book_;
  ByLane out_;  // in flight; part of what is spent
  std::vector<Late> late_;
};

}  // namespace forebay
