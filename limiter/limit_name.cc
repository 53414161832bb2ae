#include "limiter/limit_name.h"

#include "base/duration_text.h"

namespace forebay {

std::string canonical_name(const LimitConfig& config) {
  std::string name = std::to_string(config.count) + "/" + format_duration(config.per);
  if (config.kind == LimitConfig::Kind::bucket) name += " burst " + std::to_string(config.burst);
  return name;
}

std::string limit_name(const LimitConfig& config) {
  return config.name.empty() ? canonical_name(config) : config.name;
}

}  // namespace forebay
