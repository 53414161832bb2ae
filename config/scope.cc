#include "config/scope.h"

#include <algorithm>
#include <array>

#include "config/forms.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 5> names{"publish", "pull", "read", "cancel", "admin"};

}  // namespace

std::string_view verb_name(Verb verb) {
  return names[static_cast<size_t>(verb)];
}

std::string scope_text(Verb verb, std::string_view name) {
  std::string text(verb_name(verb));
  if (!name.empty()) text.append(":").append(name);
  return text;
}

bool parse_scope(std::string_view text, Scope* scope) {
  const size_t colon = text.find(':');
  const auto found = std::find(names.begin(), names.end(), text.substr(0, colon));
  if (found == names.end()) return false;
  scope->verb = static_cast<Verb>(found - names.begin());
  const bool named = colon != text.npos;
  if (named == (scope->verb == Verb::admin)) return false;
  scope->name = named ? text.substr(colon + 1) : "";
  return !named || scope->name == "*" || is_name(scope->name);
}

}  // namespace forebay
