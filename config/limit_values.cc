// Scalars of limits, shares and times of opening.
#include <cassert>

#include "base/cron.h"
#include "base/duration_text.h"
#include "base/week_hours.h"
#include "base/zone.h"
#include "config/forms.h"
#include "config/value_stores.h"
#include "config/zones.h"

namespace forebay {
namespace {

// Ranges are the same for the limits of sinks and queues.
const Key& window_row(std::string_view name) {
  const Key* key = find_key("sinks.*.limits[]." + std::string(name));
  assert(key != nullptr);
  return *key;
}

}  // namespace

StoreResult store_rate(const Key& key, std::string_view text, Slot slot) {
  LimitConfig& limit = *std::get<LimitConfig*>(slot);
  if (!parse_rate(text, &limit.count, &limit.per)) {
    return Wrong{"is not a rate", "a count per duration, such as 300/1s"};
  }
  if (!in_range(key, limit.count)) return out_of_range(key);
  const Key& per = window_row("per");
  if (in_range(per, static_cast<uint64_t>(limit.per.ns))) return std::nullopt;
  return Wrong{"has a window out of range", range_text(per)};
}

StoreResult store_limit(const Key& key, std::string_view text, Slot slot) {
  LimitConfig& limit = *std::get<LimitConfig*>(slot);
  if (parse_quota(text, &limit.count, &limit.period)) {
    limit.kind = LimitConfig::Kind::calendar;
    const Key& count = window_row("count");
    return in_range(count, limit.count) ? std::nullopt : out_of_range(count);
  }
  StoreResult wrong = store_rate(key, text, slot);
  if (wrong && wrong->what == "is not a rate") wrong->hint += ", or per day, week or month";
  return wrong;
}

StoreResult store_key_limit(const Key& key, std::string_view text, Slot slot) {
  LimitConfig& limit = *std::get<LimitConfig*>(slot);
  LimitConfig::Period period;
  uint64_t count = 0;
  if (parse_quota(text, &count, &period)) {
    return Wrong{"is a quota of the calendar, and this limit is a window",
                 "such as " + format_rate(count, Duration::days(1)), true};
  }
  return store_rate(key, text, &limit);
}

StoreResult store_per(const Key& key, std::string_view text, Slot slot) {
  LimitConfig& limit = *std::get<LimitConfig*>(slot);
  if (parse_period(text, &limit.period)) {
    limit.kind = LimitConfig::Kind::calendar;
    return std::nullopt;
  }
  StoreResult wrong = store_duration(key, text, &limit.per);
  if (wrong && wrong->what == "is not a duration") wrong->hint += ", or day, week or month";
  return wrong;
}

StoreResult store_percent(const Key& key, std::string_view text, Slot slot) {
  double share = 0, number = 0;
  if (!parse_percent(text, &share)) {
    const bool fraction = text.find('.') != text.npos;
    const bool plain = parse_decimal(text, &number) && (!fraction || number <= 1);
    if (!plain) return Wrong{"is not a share", "such as 20%"};
    return Wrong{"is not a share", "did you mean " + format_percent(fraction ? number : number / 100) + "?", true};
  }
  const bool fits =
      share * 100 >= static_cast<double>(key.range.min) && share * 100 <= static_cast<double>(key.range.max);
  if (!fits) return out_of_range(key);
  *std::get<double*>(slot) = share;
  return std::nullopt;
}

StoreResult store_share(const Key& key, std::string_view text, Slot slot) {
  constexpr double least = 0.01, most = 1000;
  double share = 0;
  if (!parse_decimal(text, &share)) return Wrong{"is not a number", "such as 2 or 0.5"};
  if (share < least || share > most) return out_of_range(key);
  *std::get<double*>(slot) = share;
  return std::nullopt;
}

StoreResult store_source(const Key& key, std::string_view text, Slot slot) {
  ValueSource& source = *std::get<ValueSource*>(slot);
  if (text == key.word) {
    source = ValueSource{};
    return std::nullopt;
  }
  const std::string why = why_not_source(text, &source);
  if (why.empty()) return std::nullopt;
  const std::string meant =
      text.starts_with("json:") ? "json:/" + std::string(text.substr(5)) : "json:" + std::string(text);
  ValueSource unused;
  if (why_not_source(meant, &unused).empty()) return Wrong{why, "did you mean " + meant + "?", true};
  return Wrong{why, "json:/pointer or header:Name, such as json:/phone or header:X-Tenant"};
}

StoreResult store_hours(const Key& key, std::string_view text, Slot slot) {
  std::string why;
  if (text != key.word && !WeekHours::parse(text, &why)) return Wrong{"is not opening hours", why, true};
  *std::get<std::string*>(slot) = std::string(text == key.word ? "" : text);
  return std::nullopt;
}

StoreResult store_cron(const Key&, std::string_view text, Slot slot) {
  std::string why;
  const std::optional<Cron> cron = Cron::parse(text, &why);
  if (!cron) return Wrong{"is not a cron line", why, true};
  if (cron->next(WallTime{}, *find_zone("UTC")).is_never()) return Wrong{"never comes", "no month has such a day"};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

StoreResult store_zone(const Key& key, std::string_view text, Slot slot) {
  if (text.empty() || find_zone(text) == nullptr) {
    const std::string nearest = nearest_zone(text);
    return Wrong{"is not a time zone here",
                 nearest.empty() ? "an IANA name, such as Asia/Shanghai or UTC" : "did you mean " + nearest + "?"};
  }
  *std::get<std::string*>(slot) = std::string(text == key.word ? "" : text);
  return std::nullopt;
}

}  // namespace forebay
