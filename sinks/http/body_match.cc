#include "sinks/http/body_match.h"

#include <algorithm>

#include "sinks/json_find.h"

namespace forebay {

struct BodyMatch::Parsed {
  nlohmann::json root;  // discarded: not JSON
};

BodyMatch::BodyMatch(std::string_view body, bool cut) : body_(body), cut_(cut) {}

BodyMatch::~BodyMatch() = default;

std::optional<std::string> BodyMatch::match(const ResponseRule& rule) {
  if (rule.json_pointer.empty()) return std::string();
  if (cut_) return std::nullopt;
  if (parsed_ == nullptr)
    parsed_ = std::make_unique<Parsed>(Parsed{nlohmann::json::parse(body_.begin(), body_.end(), nullptr, false)});
  const nlohmann::json* value = parsed_->root.is_discarded() ? nullptr : find_json(parsed_->root, rule.json_pointer);
  if (value == nullptr) return std::nullopt;
  if (rule.in.empty()) return " " + rule.json_pointer;
  std::optional<std::string> text = scalar_text(*value);
  if (!text || std::find(rule.in.begin(), rule.in.end(), *text) == rule.in.end()) return std::nullopt;
  return " " + rule.json_pointer + " " + *text;
}

}  // namespace forebay
