#include "base/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace forebay {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t last_year_s = 4'102'444'800;  // 2100-01-01

int64_t plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

std::vector<Zone::Range> ranges_of(const date::time_zone& zone) {
  std::vector<Zone::Range> ranges;
  for (int64_t at = 0; at < last_year_s;) {
    const date::sys_info info = zone.get_info(date::sys_seconds{std::chrono::seconds{at}});
    const Duration offset = Duration::seconds(info.offset.count());
    if (ranges.empty() || ranges.back().offset != offset) ranges.push_back({WallTime{at * second_ns}, offset, {}});
    const int64_t end = info.end.time_since_epoch().count();
    if (end <= at) break;
    at = end;
  }
  return ranges;
}

std::unique_ptr<Zone> read_zone(const std::string& name) {
  if (name.empty() || name == "UTC") return std::make_unique<Zone>("UTC", std::vector<Zone::Range>{{}});
  try {
    return std::make_unique<Zone>(name, ranges_of(*date::locate_zone(name)));
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

Zone::Zone(std::string name, std::vector<Range> ranges) : name_(std::move(name)), ranges_(std::move(ranges)) {
  if (ranges_.empty()) ranges_.push_back({});
  ranges_.front().begin = WallTime{std::numeric_limits<int64_t>::min()};
  ranges_.front().shown = LocalTime{std::numeric_limits<int64_t>::min()};
  for (size_t i = 1; i < ranges_.size(); i++) {
    const Range& before = ranges_[i - 1];
    ranges_[i].shown = std::max(before.shown, LocalTime{plus(ranges_[i].begin.ns, before.offset.ns)});
  }
}

const Zone::Range& Zone::range_of(WallTime at) const {
  const auto after = std::upper_bound(ranges_.begin() + 1, ranges_.end(), at,
                                      [](WallTime t, const Range& range) { return t < range.begin; });
  return *(after - 1);
}

LocalTime Zone::local(WallTime at) const {
  return {plus(at.ns, range_of(at).offset.ns)};
}

LocalTime Zone::forward(WallTime at) const {
  const Range& range = range_of(at);
  const LocalTime now{plus(at.ns, range.offset.ns)};
  return now >= range.shown ? now : LocalTime{range.shown.ns - 1};
}

WallTime Zone::first(LocalTime reading) const {
  // In the last range by whose begin not every reading up to this one has come.
  const auto after = std::upper_bound(ranges_.begin() + 1, ranges_.end(), reading,
                                      [](LocalTime l, const Range& range) { return l < range.shown; });
  const Range& range = *(after - 1);
  return std::max(range.begin, WallTime{plus(reading.ns, -range.offset.ns)});
}

const Zone* find_zone(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Zone>, std::less<>> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return found->second.get();
  std::unique_ptr<Zone> zone = read_zone(std::string(name));
  if (!zone) return nullptr;
  return known.emplace(name, std::move(zone)).first->second.get();
}

}  // namespace forebay
