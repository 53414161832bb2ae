#include "config/limit_warnings.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/duration_text.h"
#include "base/size_text.h"
#include "base/week_hours.h"
#include "config/forms.h"

namespace forebay {
namespace {

using Warnings = std::vector<std::string>;
using Limits = std::vector<LimitConfig>;

constexpr double unbounded = std::numeric_limits<double>::infinity();

// Sends a second that the tightest enforced window or bucket lets through over a long time.
double least_rate(const Limits& limits) {
  double least = unbounded;
  for (const LimitConfig& limit : limits) {
    if (limit.kind == LimitConfig::Kind::calendar || !limit.enforce) continue;
    least = std::min(least, static_cast<double>(limit.count) / limit.per.as_seconds());
  }
  return least;
}

double rate_of_sink(const Config& config, const QueueConfig& queue) {
  const auto sink = config.sinks.find(queue.sink);
  return sink == config.sinks.end() ? unbounded : least_rate(sink->second.limits);
}

double longest_seconds(LimitConfig::Period period) {
  constexpr double day = 86'400;
  if (period == LimitConfig::Period::day) return day;
  return (period == LimitConfig::Period::week ? 7 : 31) * day;
}

// In whole units, for people.
std::string about(double seconds) {
  if (seconds < 1) return "less than a second";
  const int64_t whole = static_cast<int64_t>(seconds);
  return format_duration(Duration::seconds(whole < 120 ? whole : whole / 60 * 60));
}

std::string about_bytes(double bytes) {
  constexpr double mib = 1 << 20, gib = 1 << 30;
  const double rounded = std::ceil(bytes / mib);
  return bytes < 10 * gib ? format_size(static_cast<uint64_t>(rounded) << 20)
                          : format_size(static_cast<uint64_t>(std::ceil(bytes / gib)) << 30);
}

void check_quotas(const std::string& where, const Limits& limits, double rate, Warnings* out) {
  constexpr double hour = 3600;
  if (rate == unbounded) return;
  for (const LimitConfig& limit : limits) {
    if (limit.kind != LimitConfig::Kind::calendar) continue;
    const std::string period = format_period(limit.period);
    const double count = static_cast<double>(limit.count);
    const double let_through = rate * longest_seconds(limit.period);
    if (count > let_through) {
      out->push_back(where + ": limit " + limit.name + " is never reached: the others let through " +
                     std::to_string(static_cast<uint64_t>(let_through)) + " in a " + period);
    } else if (count / rate < hour) {
      out->push_back(where + ": limit " + limit.name + " may be used up within " + about(count / rate) +
                     ", and then nothing is sent until the " + period + " is over");
    }
  }
}

// What a key's history takes, with its place in the table.
constexpr double bytes_per_key = 64;

// Each send of the longest window may have been to a key of its own.
double history_bytes(const Limits& key_limits, double rate) {
  Duration longest;
  for (const LimitConfig& limit : key_limits) longest = std::max(longest, limit.per);
  return key_limits.empty() || rate == unbounded ? 0 : rate * longest.as_seconds() * bytes_per_key;
}

// A week of both clocks, which must be one.
bool never_together(const HoursConfig& a, const HoursConfig& b) {
  std::string why;
  const auto of_a = WeekHours::parse(a.open, &why), of_b = WeekHours::parse(b.open, &why);
  if (!of_a || !of_b || of_a->always() || of_b->always() || a.zone != b.zone) return false;
  for (LocalTime at = start_of_day(0); at < start_of_day(7);) {
    const WeekHours::Span in_a = of_a->at(at), in_b = of_b->at(at);
    if (in_a.open && in_b.open) return false;
    at = std::min(in_a.until, in_b.until);
  }
  return true;
}

void check_zone(const std::string& where, const HoursConfig& hours, Warnings* out) {
  if (!hours.zone.empty() && hours.open.empty() && hours.closed.empty()) {
    out->push_back(where + ".zone has no effect without hours or closed");
  }
}

}  // namespace

void warn_about_quotas(const Config& config, Warnings* out) {
  for (const auto& [name, sink] : config.sinks) {
    check_quotas("sinks." + name, sink.limits, least_rate(sink.limits), out);
  }
  for (const auto& [name, queue] : config.queues) {
    check_quotas("queues." + name, queue.limits, std::min(least_rate(queue.limits), rate_of_sink(config, queue)), out);
  }
}

void warn_about_key_memory(const Config& config, Warnings* out) {
  double bytes = 0;
  std::string sets;
  const auto add = [&](const std::string& where, double needed) {
    if (needed <= 0) return;
    bytes += needed;
    sets += (sets.empty() ? "" : ", ") + where + ".key_limits " + about_bytes(needed);
  };
  for (const auto& [name, sink] : config.sinks) {
    add("sinks." + name, history_bytes(sink.key_limits, least_rate(sink.limits)));
  }
  for (const auto& [name, queue] : config.queues) {
    const double rate = std::min(least_rate(queue.limits), rate_of_sink(config, queue));
    add("queues." + name, history_bytes(queue.key_limits, rate));
  }
  if (bytes <= static_cast<double>(config.key_memory)) return;
  out->push_back("key_memory is " + format_size(config.key_memory) + ", and if every send is to a key of its own, " +
                 about_bytes(bytes) + " are needed: " + sets);
}

void warn_about_hours(const Config& config, Warnings* out) {
  for (const auto& [name, sink] : config.sinks) check_zone("sinks." + name, sink.hours, out);
  for (const auto& [name, queue] : config.queues) {
    const std::string where = "queues." + name;
    const auto sink = config.sinks.find(queue.sink);
    const HoursConfig of_sink = sink == config.sinks.end() ? HoursConfig{} : sink->second.hours;
    check_zone(where, queue.hours, out);
    if (never_together(queue.hours, of_sink)) {
      out->push_back(where + ".hours and those of sinks." + queue.sink + " never overlap: nothing is ever sent");
    }
    for (const auto& [lane, settings] : queue.classes) {
      const std::string of_class = where + ".classes." + lane;
      check_zone(of_class, settings.hours, out);
      const bool queue_shut = never_together(settings.hours, queue.hours);
      if (!queue_shut && !never_together(settings.hours, of_sink)) continue;
      out->push_back(of_class + ".hours and those of " + (queue_shut ? where : "sinks." + queue.sink) +
                     " never overlap: nothing of this class is ever sent");
    }
  }
}

// `default` is always there, with priority 1 unless it is configured.
void warn_about_floors(const QueueConfig& queue, Warnings* out) {
  const bool has_default = queue.classes.contains("default");
  for (const auto& [name, lane] : queue.classes) {
    bool behind = !has_default && ClassConfig{}.priority <= lane.priority;
    for (const auto& [other, settings] : queue.classes) {
      behind = behind || (other != name && settings.priority <= lane.priority);
    }
    if (lane.floor == 0 || behind) continue;
    out->push_back("queues." + queue.name + ".classes." + name + ".floor has no effect: no class goes before it");
  }
}

}  // namespace forebay
