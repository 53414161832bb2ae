// JSON in which no object gives a member twice: which of the two was meant would depend on who reads it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace forebay {

// What `text` says; discarded if it is not JSON. `repeated`: the first name that an object gives again; empty: none.
// Nesting is the caller's to have bounded.
nlohmann::json parse_unique_json(std::string_view text, std::string* repeated);

}  // namespace forebay
