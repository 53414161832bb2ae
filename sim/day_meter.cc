#include <date/tz.h>

#include <chrono>

#include "sim/meter.h"

namespace forebay::sim {

struct DayMeter::Zone {
  const date::time_zone* zone;
};

DayMeter::DayMeter(uint64_t bound, const std::string& zone, Duration skew)
    : Meter(bound, Duration::days(1)), zone_(new Zone{date::locate_zone(zone)}), skew_(skew) {}

DayMeter::~DayMeter() = default;

// A day begins at its first local moment: where midnight is skipped, later; where it comes twice, the first time.
void DayMeter::turn(WallTime wall) {
  const WallTime own = wall + skew_;
  if (own >= begins_ && own < ends_) return;
  held_ = 0;
  using std::chrono::nanoseconds;
  const auto local = zone_->zone->to_local(date::sys_time<nanoseconds>(nanoseconds(own.ns)));
  const auto today = date::floor<date::days>(local);
  const auto begins = [&](date::local_days day) {
    return WallTime{nanoseconds(zone_->zone->to_sys(day, date::choose::earliest).time_since_epoch()).count()};
  };
  begins_ = begins(today);
  ends_ = begins(today + date::days(1));
}

bool DayMeter::has_room(Now now, uint32_t cost) {
  turn(now.wall);
  return held_ + cost <= bound();
}

void DayMeter::count(Now now, uint32_t cost) {
  turn(now.wall);
  held_ += cost;
  saw(held_);
}

Duration DayMeter::until_room(Now now, uint32_t cost) {
  return has_room(now, cost) ? Duration{} : ends_ - (now.wall + skew_);
}

}  // namespace forebay::sim
