#include "sinks/json_find.h"

#include <charconv>

namespace forebay {

using nlohmann::json;

namespace {

std::string unescaped(std::string_view token) {  // RFC 6901: ~1 is /, ~0 is ~
  std::string out;
  for (size_t i = 0; i < token.size(); i++) {
    bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    out += !escape ? token[i] : token[++i] == '1' ? '/' : '~';
  }
  return out;
}

const json* element_of(const json& array, std::string_view token) {
  size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  bool plain = error == std::errc{} && end == token.data() + token.size();
  bool leading_zero = token.size() > 1 && token[0] == '0';
  return plain && !leading_zero && index < array.size() ? &array[index] : nullptr;
}

}  // namespace

const json* find_json(const json& root, std::string_view pointer) {
  const json* at = &root;
  while (at != nullptr && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    size_t end = pointer.find('/', 1);
    std::string_view token = pointer.substr(1, end == pointer.npos ? end : end - 1);
    pointer = end == pointer.npos ? std::string_view{} : pointer.substr(end);
    if (at->is_array()) {
      at = element_of(*at, token);
    } else {
      auto member = at->is_object() ? at->find(unescaped(token)) : at->end();
      at = at->is_object() && member != at->end() ? &*member : nullptr;
    }
  }
  return at;
}

std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_structured()) return std::nullopt;
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace forebay
