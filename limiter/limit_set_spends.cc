// LimitSet across restarts: what is recorded of the spends, and what is held because of it.
#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <utility>

#include "limiter/limit_set.h"
#include "limiter/spends.h"

namespace forebay {
namespace {

constexpr int64_t groups_max = 500;

bool is_long(Duration per) {
  return per > short_window;
}

int64_t ceil_div(int64_t a, int64_t b) {
  return a / b + (a % b > 0 ? 1 : 0);
}

// Settles to come are later than any that have been.
Duration still_to_come(const Permits& permits, Now now) {
  const SettleTimes& times = permits.unanswered();
  if (times.empty()) return {};
  return std::max(Duration{}, times.entry(times.entries() - 1).at - now.steady);
}

// Offsets are rounded up to whole units: what is recorded as later is held longer.
SpendsRecord::Window record_window(const WindowLimit& window, uint64_t count, Now now) {
  const Permits& permits = window.permits();
  SpendsRecord::Window record{window.name(), count, window.per(), {}, {}};
  const Duration to_come = still_to_come(permits, now);
  if (!is_long(window.per())) {
    if (to_come > Duration{}) record.spent.push_back({to_come, 1});
    return record;
  }
  const int64_t span = permits.hold().ns + to_come.ns;
  const int64_t unit = std::max(Duration::seconds(1).ns, ceil_div(span, groups_max));
  std::map<int64_t, uint64_t> by_place;
  for (const SettleTimes* times : {&permits.answered(), &permits.unanswered()}) {
    for (size_t i = 0; i < times->entries(); i++) {
      const SettleTimes::Group group = times->entry(i);
      if (group.at + permits.hold() > now.steady) by_place[ceil_div((group.at - now.steady).ns, unit)] += group.count;
    }
  }
  record.unit = Duration{unit};
  for (const auto& [place, spent] : by_place) record.spent.push_back({Duration{place * unit}, spent});
  return record;
}

// The window's own record, else that of one as long, else of the longest: it remembers the most.
const SpendsRecord::Window* record_of(const WindowLimit& window, const SpendsRecord& record) {
  const SpendsRecord::Window* as_long = nullptr;
  const SpendsRecord::Window* longest = nullptr;
  for (const SpendsRecord::Window& r : record.windows) {
    if (r.name == window.name()) return &r;
    if (r.per == window.per() && as_long == nullptr) as_long = &r;
    if (longest == nullptr || r.per > longest->per) longest = &r;
  }
  return as_long != nullptr ? as_long : longest;
}

}  // namespace

bool LimitSet::has_long_window() const {
  return std::any_of(members_.begin(), members_.end(), [](const Member& m) { return m.enforced() && m.is_long(); });
}

uint64_t LimitSet::ahead() const {
  uint64_t least = std::numeric_limits<uint64_t>::max();
  for (const Member& m : members_) {
    if (m.enforced() && m.is_long()) least = std::min(least, std::max<uint64_t>(m.config.count / 16, 1));
  }
  return std::max(least, largest_cost_);
}

std::string LimitSet::save(Now now, uint64_t ahead) const {
  SpendsRecord record;
  record.ahead = ahead;
  record.wall = now.wall;
  record.steady = now.steady;
  record.in_flight = cost_out_;
  for (const Member& m : members_) {
    if (m.calendar) record.calendars.push_back(m.calendar->record(now));
    // What is not enforced bounds nothing, and a record's windows and buckets are read as bounds.
    if (m.calendar || !m.enforced()) continue;
    if (m.window) {
      record.windows.push_back(record_window(*m.window, m.config.count, now));
    } else {
      const Gcra& gcra = m.bucket->gcra();
      const Duration owed = gcra.next(now.steady, {}) - now.steady;
      record.buckets.push_back({m.bucket->name(), gcra.count(), gcra.per(), m.bucket->burst(), owed});
    }
  }
  // As configured, also for the windows above: what was adapted down may be raised again after the record.
  if (pace_) record.pace = SpendsRecord::Paced{members_[paced_].config.count, pace_->per(), pace_->tolerance()};
  return encode(record);
}

Duration LimitSet::grace_of(const Member& member, Duration grace) const {
  return grace == Duration{} ? grace : member.config.unanswered_grace.value_or(grace);
}

void LimitSet::hold(Which which, Now now, Duration grace) {
  for (Member& m : members_) {
    if (m.calendar) {
      if (which == Which::all) m.calendar->hold(now, grace_of(m, grace));
    } else if (!m.enforced()) {
      continue;
    } else if (m.bucket) {
      m.bucket->empty(now);
    } else if (which == Which::all || !is_long(m.window->per())) {
      m.window->permits().spend({{now.steady + grace_of(m, grace), m.window->permits().count()}});
    }
  }
}

// What is held is held of the whole N, also where a sink that is still throttled from before starts slowly.
void LimitSet::use_configured_count() {
  if (in_force_) members_[paced_].window->permits().set_count(members_[paced_].config.count);
}

void LimitSet::restore_unrecorded(Now now, Duration grace) {
  assert(taken_ == 0);
  use_configured_count();
  hold(Which::short_ones, now, grace);
  if (in_force_) use_count_in_force(now);
}

// `elapsed`: how old the record is at least. What is not known to have settled may have done so until now.
void LimitSet::restore_long(WindowLimit& window, const SpendsRecord& record, Now now, Duration elapsed, bool clean,
                            Duration grace) {
  const Instant recorded = now.steady - elapsed;
  std::vector<SettleTimes::Group> spent;
  uint64_t unknown = record.in_flight;
  if (const SpendsRecord::Window* known = record_of(window, record); known != nullptr && is_long(known->per)) {
    for (const SpendsRecord::Group& group : known->spent) spent.push_back({recorded + group.offset, group.count});
    if (!clean) unknown += std::min(window.permits().count(), record.allowed_in(record.age_most(now)));
  }
  if (unknown > 0) spent.push_back({now.steady + grace, unknown});
  window.permits().spend(std::move(spent));
}

void LimitSet::restore_short(WindowLimit& window, const SpendsRecord& record, Now now, Duration elapsed,
                             Duration grace) {
  Instant settled = now.steady + grace;
  const SpendsRecord::Window* known = record_of(window, record);
  if (known != nullptr && !known->spent.empty()) {
    settled = std::max(settled, now.steady - elapsed + known->spent.back().offset);
  }
  window.permits().spend({{settled, window.permits().count()}});
}

void LimitSet::restore_bucket(BucketLimit& bucket, const SpendsRecord& record, Now now, Duration elapsed, bool clean) {
  bucket.empty(now);
  if (!clean) return;
  for (const SpendsRecord::Bucket& known : record.buckets) {
    if (known.name == bucket.name()) return bucket.gcra().set_theoretical(now.steady - elapsed + known.owed);
  }
}

void LimitSet::restore_calendar(CalendarLimit& calendar, const SpendsRecord& record, Now now, bool clean,
                                Duration grace) {
  const SpendsRecord::Calendar* known = nullptr;
  for (const SpendsRecord::Calendar& r : record.calendars) {
    if (r.name == calendar.name()) known = &r;
  }
  for (const SpendsRecord::Calendar& r : record.calendars) {
    if (known == nullptr && calendar.is_of(r)) known = &r;
  }
  // The process before did not have it: what was in flight is all that is known.
  if (known == nullptr) return calendar.restore(calendar.record(now), now.wall, record.in_flight, now, grace);
  const uint64_t unknown = clean ? 0 : std::min(calendar.effective(), record.allowed_in(record.age_most(now)));
  calendar.restore(*known, record.wall, unknown, now, grace);
}

bool LimitSet::restore(std::string_view bytes, Now now, bool clean, Duration grace) {
  assert(taken_ == 0 && grace >= Duration{});
  SpendsRecord record;
  use_configured_count();
  const bool known = decode(bytes, &record);
  if (known) {
    restore_from(record, now, clean, grace);
  } else {
    hold(Which::all, now, grace);
  }
  if (in_force_) use_count_in_force(now);
  return known;
}

void LimitSet::restore_from(const SpendsRecord& record, Now now, bool clean, Duration grace) {
  const Duration elapsed = record.age_least(now);
  // A clean stop that left something in flight gave it up at the end: it may be counted for a grace yet.
  if (clean) grace = record.in_flight > 0 ? std::max(grace, timeout_) : Duration{};
  for (Member& m : members_) {
    const Duration own_grace = grace_of(m, grace);
    if (m.calendar) {
      restore_calendar(*m.calendar, record, now, clean, own_grace);
    } else if (!m.enforced()) {
      continue;
    } else if (m.bucket) {
      restore_bucket(*m.bucket, record, now, elapsed, clean);
    } else if (is_long(m.window->per())) {
      restore_long(*m.window, record, now, elapsed, clean, own_grace);
    } else {
      restore_short(*m.window, record, now, elapsed, own_grace);
    }
  }
}

}  // namespace forebay
