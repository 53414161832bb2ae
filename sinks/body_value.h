// A message's body as one JSON value in one line, for lines of a file, batches and streams.
//
// JSON as it is written (line ends between its parts left out), UTF-8 as a string, anything else as
// {"body_base64": "…"}. A body is JSON when its content type says so, or when it is an object or an array that its type
// does not call text; and when it is whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay {

enum class BodyForm { json, text, bytes };

BodyForm body_form(std::string_view content_type, std::string_view body);

// The value of a body of that form; bytes only as the text of their base64.
void append_body(BodyForm form, std::string_view body, std::string* out);

// By its form, bytes as {"body_base64": "…"}.
void append_body_value(std::string_view content_type, std::string_view body, std::string* out);

// With its quotes. What is not UTF-8 is read as ISO 8859-1.
void append_json_text(std::string_view text, std::string* out);

// {"X-Tenant":"acme"}; of a name that comes twice, the first.
void append_header_object(const std::vector<std::pair<std::string_view, std::string_view>>& headers, std::string* out);

}  // namespace forebay
