#include "limiter/hours.h"

#include <algorithm>
#include <cassert>

namespace forebay {
namespace {

constexpr Duration horizon = Duration::days(5 * 366);
constexpr int steps_max = 100'000;  // spans looked through; a closing every minute of five years is told as never open
constexpr Duration lasts_max = Duration::days(400);
constexpr WallTime some_day = WallTime::from_ms(1'767'225'600'000);  // 2026-01-01: why_not() has no clock

std::string no_zone(const std::string& name) {
  return "there is no time zone \"" + name + "\"; it wants an IANA name like Europe/Berlin";
}

}  // namespace

std::string Hours::why_not(const HoursConfig& config) {
  std::string why;
  if (find_zone(config.zone) == nullptr) return no_zone(config.zone);
  if (!WeekHours::parse(config.open, &why)) return "hours: " + why;
  for (const HoursConfig::Closed& closed : config.closed) {
    if (!Cron::parse(closed.cron, &why)) return "closed: cron: " + why;
    if (find_zone(closed.zone) == nullptr) return "closed: " + no_zone(closed.zone);
    if (closed.lasts <= Duration{} || closed.lasts > lasts_max)
      return "closed: it lasts more than 0 and up to 400 days";
  }
  return Hours(config).opens(some_day).is_never() ? "with these it is never open" : "";
}

Hours::Hours(const HoursConfig& config) : zone_(find_zone(config.zone)) {
  std::string why;
  week_ = WeekHours::parse(config.open, &why).value();
  for (const HoursConfig::Closed& closed : config.closed) {
    const Zone* zone = closed.zone.empty() ? zone_ : find_zone(closed.zone);
    assert(zone != nullptr);
    closings_.push_back({Cron::parse(closed.cron, &why).value(), closed.lasts, zone});
  }
  assert(zone_ != nullptr);
}

Hours::Span Hours::span(WallTime at) const {
  for (const Span& kept : kept_) {
    if (kept.from <= at && at < kept.until) return kept;
  }
  Span& slot = kept_[next_kept_++ % kept_.size()];
  return slot = span_anew(at);
}

// Open until the first of what closes it; closed until the last of what does by now.
Hours::Span Hours::span_anew(WallTime at) const {
  Span found{at, WallTime::never(), true};
  WallTime shut_until{};
  if (!week_.always()) {
    const WeekHours::Span week = week_.at(zone_->forward(at));
    found.open = week.open;
    (week.open ? found.until : shut_until) = zone_->first(week.until);
  }
  for (const Closing& closing : closings_) {
    // A firing of the last minute closes it for longest; else any whose closing still lasts.
    WallTime fires = closing.cron.next(at - std::min(closing.lasts, Duration::minutes(1)), *closing.zone);
    if (fires > at) fires = closing.cron.next(at - closing.lasts, *closing.zone);
    if (fires > at) {
      found.until = std::min(found.until, fires);
      continue;
    }
    shut_until = found.open ? fires + closing.lasts : std::max(shut_until, fires + closing.lasts);
    found.open = false;
  }
  if (!found.open) found.until = shut_until;
  return found;
}

WallTime Hours::first(bool open, WallTime at) const {
  WallTime look = at;
  for (int steps = 0; steps < steps_max && look - at <= horizon; steps++) {
    const Span now = span(look);
    if (now.open == open) return look;
    if (now.until.is_never()) break;
    look = now.until;
  }
  return WallTime::never();
}

WallTime Hours::opens(WallTime at) const {
  return always() ? at : first(true, at);
}

WallTime Hours::closes(WallTime at) const {
  return always() ? WallTime::never() : first(false, at);
}

WallTime Hours::after(WallTime from, Duration work) const {
  assert(work >= Duration{});
  for (WallTime at = opens(from); !at.is_never() && at - from <= horizon; at = opens(at)) {
    const WallTime end = closes(at);
    if (end.is_never() || end - at >= work) return work < WallTime::never() - at ? at + work : WallTime::never();
    work = work - (end - at);
    at = end;
  }
  return WallTime::never();
}

}  // namespace forebay
