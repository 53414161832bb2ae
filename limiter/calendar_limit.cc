#include "limiter/calendar_limit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "limiter/limit_name.h"

namespace forebay {
namespace {

constexpr int64_t minute_ns = Duration::minutes(1).ns;
constexpr uint64_t periods_max = 80'000;  // days: two centuries

uint64_t total(const std::vector<uint64_t>& by_lane) {
  return std::accumulate(by_lane.begin(), by_lane.end(), uint64_t{0});
}

Instant plus(Instant at, Duration time) {
  return time < Instant::never() - at ? at + time : Instant::never();
}

}  // namespace

CalendarLimit::CalendarLimit(const LimitConfig& config, Duration default_grace, const std::vector<std::string>& lanes,
                             Now now) {
  use(config, default_grace, lanes);
  set_period(&book_, now.wall - guard);
}

void CalendarLimit::use(const LimitConfig& config, Duration default_grace, const std::vector<std::string>& lanes) {
  assert(config.count >= 1 && config.count <= 1'000'000'000 && lanes.size() <= UINT8_MAX);
  name_ = limit_name(config);
  period_ = config.period;
  zone_name_ = config.zone;
  zone_ = find_zone(config.zone);
  assert(zone_ != nullptr);
  count_ = config.count;
  grace_ = config.unanswered_grace.value_or(default_grace);
  lanes_ = lanes;
  reserve_.assign(lanes.size() + 1, 0);
  uint64_t left = count_;
  for (const auto& [class_name, share] : config.reserve) {
    const auto lane = std::find(lanes.begin(), lanes.end(), class_name);
    if (lane == lanes.end()) continue;
    const auto kept =
        static_cast<uint64_t>(std::floor(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_) + 1e-6));
    reserve_[static_cast<size_t>(lane - lanes.begin()) + 1] = std::min(kept, left);
    left -= std::min(kept, left);
  }
  book_.spent.resize(std::max(reserve_.size(), book_.spent.size()));
  reserve_.resize(book_.spent.size());
  out_.resize(book_.spent.size());
}

// The first day of the period that holds `day`, or of one so many later.
int64_t CalendarLimit::first_day(int64_t day, int64_t later) const {
  switch (period_) {
    case LimitConfig::Period::day:
      return day + later;
    case LimitConfig::Period::week:
      return day - weekday_of(day) + 7 * later;
    case LimitConfig::Period::month:
      return start_of_month(day, later);
  }
  return day;
}

void CalendarLimit::set_period(Book* book, WallTime at) const {
  const int64_t day = day_of(zone_->forward(at));
  book->start = zone_->first(start_of_day(first_day(day, 0)));
  book->end = zone_->first(start_of_day(first_day(day, 1)));
}

WallTime CalendarLimit::opening(WallTime at, uint64_t n) const {
  if (n > periods_max) return WallTime::never();
  const int64_t day = day_of(zone_->forward(std::max(at - guard, book_.start)));
  const WallTime start = zone_->first(start_of_day(first_day(day, static_cast<int64_t>(n))));
  return start < WallTime::never() - guard ? start + guard : WallTime::never();
}

uint64_t CalendarLimit::room_beside(const ByLane& spent, uint8_t lane) const {
  uint64_t used = 0;
  for (size_t i = 0; i < spent.size(); i++) used += i == lane ? spent[i] : std::max(spent[i], reserve_[i]);
  return count_ - std::min(count_, used);
}

uint64_t CalendarLimit::most(uint8_t lane) const {
  return count_ - std::min(count_, total(reserve_) - reserve_[lane]);
}

// What is carried: all that is in flight, and what may be counted by a clock that is ahead of this midnight.
CalendarLimit::Book CalendarLimit::rolled(WallTime wall) const {
  if (!is_over(wall)) return book_;
  Book book{{}, {}, out_};
  set_period(&book, wall - guard);
  for (const Late& late : late_) {
    if (late.until >= book.start - guard) book.spent[late.lane] += late.cost;
  }
  return book;
}

void CalendarLimit::roll(WallTime wall) {
  if (!is_over(wall)) return;
  book_ = rolled(wall);
  std::erase_if(late_, [&](const Late& late) { return late.until < book_.end - guard; });
}

Instant CalendarLimit::next(Now now, uint32_t cost, uint8_t lane) const {
  if (!is_over(now.wall) && room_beside(book_.spent, lane) >= cost) return now.steady;
  for (Now at = now;;) {
    const Book book = rolled(at.wall);
    if (room_beside(book.spent, lane) >= cost) return at.steady;
    // What is in flight is carried from period to period until it settles.
    if (room_beside(out_, lane) < cost || book.end.is_never()) return Instant::never();
    at.steady = plus(at.steady, book.end + guard - at.wall);
    at.wall = book.end + guard;
    if (at.steady.is_never()) return at.steady;
  }
}

void CalendarLimit::take(Now now, uint32_t cost, uint8_t lane) {
  assert(lane < out_.size());
  roll(now.wall);
  book_.spent[lane] += cost;
  out_[lane] += cost;
}

void CalendarLimit::settle(Taken taken, Now now, SettledAs how) {
  roll(now.wall);
  assert(out_[taken.lane] >= taken.cost && book_.spent[taken.lane] >= taken.cost);
  out_[taken.lane] -= taken.cost;
  if (how == SettledAs::not_sent) {
    book_.spent[taken.lane] -= taken.cost;
  } else {
    add_late(how == SettledAs::unanswered ? now.wall + grace_ : now.wall, taken.lane, taken.cost);
  }
}

// Exact at the edge; beyond it in whole minutes, rounded late, so that they are few however long the grace is.
void CalendarLimit::add_late(WallTime until, uint8_t lane, uint64_t cost) {
  if (until < book_.end - guard || cost == 0) return;
  const int64_t beyond = std::max<int64_t>((until - book_.end).ns, 0);
  until = book_.end + Duration{(beyond + minute_ns - 1) / minute_ns * minute_ns};
  for (auto late = late_.rbegin(); late != late_.rend(); ++late) {
    if (late->until == until && late->lane == lane) {
      late->cost += cost;
      return;
    }
  }
  late_.push_back({until, lane, cost});
}

uint64_t CalendarLimit::room(Now now, uint8_t lane) const {
  return room_beside(is_over(now.wall) ? rolled(now.wall).spent : book_.spent, lane);
}

uint64_t CalendarLimit::remaining(Now now) const {
  return count_ - std::min(count_, total(is_over(now.wall) ? rolled(now.wall).spent : book_.spent));
}

double CalendarLimit::utilization(Now now) const {
  return 1.0 - static_cast<double>(remaining(now)) / static_cast<double>(count_);
}

double CalendarLimit::rate_per_second() const {
  return static_cast<double>(count_) / std::max(1.0, (book_.end - book_.start).as_seconds());
}

void CalendarLimit::reconfigure(const LimitConfig& config, Duration default_grace,
                                const std::vector<std::string>& lanes, Now now) {
  roll(now.wall);
  const bool other = config.period != period_ || config.zone != zone_name_;
  use(config, default_grace, lanes);
  if (other) set_period(&book_, std::max(now.wall - guard, book_.start));
}

void CalendarLimit::assume(const std::vector<uint64_t>& in_flight, uint64_t spent) {
  for (size_t lane = 0; lane < in_flight.size(); lane++) {
    book_.spent[lane] += in_flight[lane];
    out_[lane] += in_flight[lane];
  }
  book_.spent[0] += spent;
}

SpendsRecord::Calendar CalendarLimit::record(Now now) const {
  SpendsRecord::Calendar record{name_, period_, zone_name_, book_.start, book_.end, {}};
  for (size_t lane = 0; lane < book_.spent.size(); lane++) {
    SpendsRecord::Share share{lane == 0 ? "" : lanes_[lane - 1], book_.spent[lane], out_[lane], {}};
    for (const Late& late : late_) {
      if (late.lane == lane) share.late.push_back({late.until - now.wall, late.cost});
    }
    record.shares.push_back(std::move(share));
  }
  return record;
}

// A class that has no lane any more is spent as any other.
void CalendarLimit::restore(const SpendsRecord::Calendar& known, WallTime recorded, uint64_t unknown, Now now,
                            Duration grace) {
  book_.start = known.start, book_.end = known.end;
  const WallTime counted_by = now.wall + grace;
  for (const SpendsRecord::Share& share : known.shares) {
    const auto found = std::find(lanes_.begin(), lanes_.end(), share.lane);
    const auto lane = static_cast<uint8_t>(found == lanes_.end() ? 0 : found - lanes_.begin() + 1);
    book_.spent[lane] += share.spent;
    for (const SpendsRecord::Group& group : share.late) add_late(recorded + group.offset, lane, group.count);
    add_late(counted_by, lane, share.out);
  }
  book_.spent[0] += unknown;
  add_late(counted_by, 0, unknown);
  roll(now.wall);
  if (!is_of(known)) set_period(&book_, std::max(now.wall - guard, book_.start));
}

void CalendarLimit::hold(Now now, Duration grace) {
  book_.spent.assign(book_.spent.size(), 0);
  book_.spent[0] = count_;
  add_late(now.wall + grace, 0, count_);
}

}  // namespace forebay
