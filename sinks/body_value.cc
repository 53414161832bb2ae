#include "sinks/body_value.h"

#include <simdjson.h>
#include <strings.h>

#include <algorithm>

#include "base/base64.h"
#include "base/json_check.h"

namespace forebay {
namespace {

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Without its parameters.
std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return type;
}

bool may_be_json(std::string_view content_type, std::string_view body) {
  const std::string_view type = media_type(content_type);
  constexpr std::string_view json = "application/json", suffix = "+json", text = "text/";
  if (same(type, json) || (type.size() > suffix.size() && same(type.substr(type.size() - suffix.size()), suffix))) {
    return true;
  }
  if (same(type.substr(0, text.size()), text)) return false;
  const size_t first = body.find_first_not_of(" \t\r\n");
  return first != body.npos && (body[first] == '{' || body[first] == '[');
}

void append_escaped(char c, std::string* out) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      out->push_back('\\');
      out->push_back(c);
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      out->append("\\u00");
      out->push_back(digits[static_cast<unsigned char>(c) >> 4]);
      out->push_back(digits[c & 15]);
  }
}

}  // namespace

BodyForm body_form(std::string_view content_type, std::string_view body) {
  if (!is_utf8(body)) return BodyForm::bytes;
  return may_be_json(content_type, body) && json_flaw(body).empty() ? BodyForm::json : BodyForm::text;
}

void append_json_text(std::string_view text, std::string* out) {
  const bool utf8 = is_utf8(text);
  out->reserve(out->size() + text.size() + 2);
  out->push_back('"');
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || c == '"' || c == '\\' || byte == 0x7f) {
      append_escaped(c, out);
    } else if (byte < 0x80 || utf8) {
      out->push_back(c);
    } else {
      out->push_back(static_cast<char>(0xc0 | byte >> 6));
      out->push_back(static_cast<char>(0x80 | (byte & 0x3f)));
    }
  }
  out->push_back('"');
}

void append_body(BodyForm form, std::string_view body, std::string* out) {
  if (form == BodyForm::text) return append_json_text(body, out);
  if (form == BodyForm::bytes) {
    out->push_back('"');
    append_base64(body, out);
    out->push_back('"');
    return;
  }
  if (body.find_first_of("\r\n") == body.npos) {
    out->append(body);
    return;
  }
  std::string line(body.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t length = 0;
  if (simdjson::minify(body.data(), body.size(), line.data(), length) == simdjson::SUCCESS) {
    out->append(line, 0, length);
  } else {
    append_json_text(body, out);
  }
}

void append_body_value(std::string_view content_type, std::string_view body, std::string* out) {
  const BodyForm form = body_form(content_type, body);
  if (form == BodyForm::bytes) out->append("{\"body_base64\":");
  append_body(form, body, out);
  if (form == BodyForm::bytes) out->push_back('}');
}

void append_header_object(const std::vector<std::pair<std::string_view, std::string_view>>& headers, std::string* out) {
  out->push_back('{');
  for (size_t i = 0; i < headers.size(); ++i) {
    const auto first = std::find_if(headers.begin(), headers.begin() + static_cast<ptrdiff_t>(i),
                                    [&](const auto& header) { return same(header.first, headers[i].first); });
    if (first != headers.begin() + static_cast<ptrdiff_t>(i)) continue;
    if (out->back() != '{') out->push_back(',');
    append_json_text(headers[i].first, out);
    out->push_back(':');
    append_json_text(headers[i].second, out);
  }
  out->push_back('}');
}

}  // namespace forebay
