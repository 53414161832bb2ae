// Stands in for doors/server.cc.
#include <strings.h>

#include <nlohmann/json.hpp>

#include "doors/server.h"

namespace forebay {
std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  return std::nullopt;
}
Response problem_response(const Problem& problem) {
  Response r;
  r.status = problem.status;
  r.content_type = "application/problem+json";
  r.body = nlohmann::json{{"title", problem.title}, {"detail", problem.detail}}.dump();
  return r;
}
}  // namespace forebay
