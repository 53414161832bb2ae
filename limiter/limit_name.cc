#include "limiter/limit_name.h"

#include "base/duration_text.h"

namespace forebay {
namespace {

std::string period_name(LimitConfig::Period period) {
  switch (period) {
    case LimitConfig::Period::day:
      return "day";
    case LimitConfig::Period::week:
      return "week";
    case LimitConfig::Period::month:
      return "month";
  }
  return {};
}

}  // namespace

std::string canonical_name(const LimitConfig& config) {
  if (config.kind == LimitConfig::Kind::calendar) {
    return std::to_string(config.count) + "/" + period_name(config.period);
  }
  std::string name = std::to_string(config.count) + "/" + format_duration(config.per);
  if (config.kind == LimitConfig::Kind::bucket) name += " burst " + std::to_string(config.burst);
  return name;
}

std::string limit_name(const LimitConfig& config) {
  return config.name.empty() ? canonical_name(config) : config.name;
}

}  // namespace forebay
