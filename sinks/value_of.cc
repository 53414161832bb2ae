#include "sinks/value_of.h"

#include <strings.h>

#include "sinks/json_find.h"

namespace forebay {

std::optional<std::string> value_of(const ValueSource& source, const Delivery& delivery) {
  if (source.from == ValueSource::From::header) {
    for (const auto& [name, value] : delivery.headers) {
      const bool same =
          name.size() == source.name.size() && strncasecmp(name.data(), source.name.data(), name.size()) == 0;
      if (same) return std::string(value);
    }
    return std::nullopt;
  }
  if (source.from == ValueSource::From::none) return std::nullopt;
  const auto root = nlohmann::json::parse(delivery.body.begin(), delivery.body.end(), nullptr, false);
  const nlohmann::json* value = root.is_discarded() ? nullptr : find_json(root, source.name);
  return value == nullptr ? std::nullopt : scalar_text(*value);
}

std::string source_text(const ValueSource& source) {
  return (source.from == ValueSource::From::json ? "json:" : "header:") + source.name;
}

}  // namespace forebay
