// Looking a value up in parsed JSON by a pointer (RFC 6901).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

// nullptr: nothing is there.
const nlohmann::json* find_json(const nlohmann::json& root, std::string_view pointer);

// Strings bare, other scalars as JSON writes them. Objects and arrays: none.
std::optional<std::string> scalar_text(const nlohmann::json& value);

}  // namespace forebay
