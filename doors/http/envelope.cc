#include "doors/http/envelope.h"

#include <simdjson.h>

#include <cassert>
#include <cstring>
#include <vector>

#include "base/base64.h"
#include "base/json_check.h"
#include "config/suggest.h"
#include "doors/http/field_values.h"
#include "doors/http_chars.h"
#include "doors/http_parser.h"

namespace forebay {
namespace {

namespace od = simdjson::ondemand;
static_assert(simdjson::SIMDJSON_PADDING <= body_padding_bytes);

// The line being read.
struct Line {
  EnvelopeStore& store;
  NewMessage& message;
  std::string_view default_type;
  unsigned seen = 0;  // bits of the members table
  bool has_body = false;
};

std::string flaw(simdjson::error_code error) {
  return std::string("is not JSON: ") + simdjson::error_message(error);
}

std::string quoted(std::string_view name, std::string_view what) {
  return "\"" + std::string(name) + "\" " + std::string(what);
}

std::string_view without_space(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

std::string_view keep(std::string_view text, EnvelopeStore* store) {
  assert(store->arena.capacity() - store->arena.size() >= text.size());
  const size_t at = store->arena.size();
  store->arena.append(text);
  return std::string_view(store->arena).substr(at);
}

od::json_type type_of(od::value& value) {
  od::json_type type;
  return value.type().get(type) == simdjson::SUCCESS ? type : od::json_type::null;
}

std::string read_string(od::value& value, EnvelopeStore* store, std::string_view* text) {
  if (type_of(value) != od::json_type::string) return "must be a string";
  const std::string_view token = without_space(value.raw_json_token());
  if (token.find('\\') == token.npos) {
    if (token.size() < 2 || token.back() != '"') return "is a string that is cut";
    *text = token.substr(1, token.size() - 2);
    return {};
  }
  std::string_view decoded;
  if (auto error = value.get_string().get(decoded)) return flaw(error);
  *text = keep(decoded, store);
  return {};
}

std::string read_as_written(od::value& value, std::string_view* text) {
  const od::json_type type = type_of(value);
  simdjson::error_code error = simdjson::SUCCESS;
  if (type == od::json_type::object) {
    od::object object;
    error = value.get_object().get(object);
    if (!error) error = object.raw_json().get(*text);
  } else if (type == od::json_type::array) {
    od::array array;
    error = value.get_array().get(array);
    if (!error) error = array.raw_json().get(*text);
  } else {
    *text = value.raw_json_token();
  }
  if (error) return flaw(error);
  *text = without_space(*text);
  return std::string(json_flaw(*text));
}

std::string begin_body(Line& line, std::string_view type) {
  if (line.has_body) return "is given beside another body";
  line.has_body = true;
  line.default_type = type;
  return {};
}

std::string take_body(Line& line, od::value& value) {
  const bool is_text = type_of(value) == od::json_type::string;
  std::string wrong = begin_body(line, is_text ? "text/plain" : "application/json");
  if (!wrong.empty()) return wrong;
  return is_text ? read_string(value, &line.store, &line.message.body) : read_as_written(value, &line.message.body);
}

std::string take_base64(Line& line, od::value& value) {
  std::string wrong = begin_body(line, "application/octet-stream");
  std::string_view text;
  if (wrong.empty()) wrong = read_string(value, &line.store, &text);
  if (!wrong.empty()) return wrong;
  const size_t at = line.store.arena.size();
  assert(line.store.arena.capacity() - at >= text.size() / 4 * 3);  // the text itself may be in the arena
  if (!append_base64_decoded(text, &line.store.arena)) return "is not base64";
  line.message.body = std::string_view(line.store.arena).substr(at);
  return {};
}

using FieldReader = std::string (*)(std::string_view text, NewMessage* message);

bool is_null(od::value& value) {
  return type_of(value) == od::json_type::null && without_space(value.raw_json_token()) == "null";
}

template <FieldReader read>
std::string take_string(Line& line, od::value& value) {
  if (is_null(value)) return {};
  std::string_view text;
  const std::string wrong = read_string(value, &line.store, &text);
  return wrong.empty() ? read(text, &line.message) : wrong;
}

template <FieldReader read>
std::string take_number(Line& line, od::value& value) {
  if (is_null(value)) return {};
  if (type_of(value) != od::json_type::number) return "must be a number";
  return read(without_space(value.raw_json_token()), &line.message);
}

std::string take_not_before(Line& line, od::value& value) {
  const bool is_number = type_of(value) == od::json_type::number;
  return is_number ? take_number<read_not_before>(line, value) : take_string<read_not_before>(line, value);
}

bool is_repeated(const HeaderViews& forwards, size_t first, std::string_view name) {
  for (size_t i = first; i < forwards.size(); ++i) {
    if (same_ignoring_case(forwards[i].first, name)) return true;
  }
  return false;
}

std::string take_header(Line& line, size_t first, std::string_view name, std::string_view value) {
  HeaderViews& forwards = line.store.forwards;
  if (same_ignoring_case(name, "Content-Type")) {
    if (line.message.content_type.data() != nullptr) return quoted(name, "is given more than once");
    const std::string wrong = read_content_type(value, &line.message);
    return wrong.empty() ? wrong : quoted(name, wrong);
  }
  if (is_repeated(forwards, first, name)) return quoted(name, "is given more than once");
  const std::string wrong = check_forward(name, value);
  if (!wrong.empty()) return quoted(name, wrong);
  forwards.emplace_back(name, value);
  return {};
}

std::string take_headers(Line& line, od::value& value) {
  if (is_null(value)) return {};
  od::object object;
  if (value.get_object().get(object)) return "must be an object of names and strings";
  const size_t first = line.store.forwards.size();
  size_t bytes = 0;
  for (auto result : object) {
    od::field field;
    if (auto error = std::move(result).get(field)) return flaw(error);
    std::string_view name, text;
    if (auto error = field.unescaped_key().get(name)) return flaw(error);
    name = keep(name, &line.store);
    std::string wrong = read_string(field.value(), &line.store, &text);
    if (!wrong.empty()) return quoted(name, wrong);
    bytes += name.size() + text.size();
    wrong = take_header(line, first, name, text);
    if (!wrong.empty()) return wrong;
    if (line.store.forwards.size() - first > forward_headers_max || bytes > forward_bytes_max) {
      return "are too much to forward: 64 headers and 16 KiB at most";
    }
  }
  return {};
}

struct Member {
  std::string_view name;
  std::string (*take)(Line& line, od::value& value);
};

constexpr Member members[] = {{"body", take_body},
                              {"body_base64", take_base64},
                              {"key", take_string<read_key>},
                              {"class", take_string<read_class>},
                              {"delay", take_string<read_delay>},
                              {"not_before", take_not_before},
                              {"ttl", take_string<read_ttl>},
                              {"retries", take_number<read_retries>},
                              {"hold", take_string<read_hold>},
                              {"idempotency_key", take_string<read_idempotency_key>},
                              {"headers", take_headers}};

std::string unknown_member(std::string_view name) {
  std::vector<std::string> known;
  for (const Member& member : members) known.emplace_back(member.name);
  const std::string nearest = nearest_name(name, known);
  return quoted(name, "is no member of an envelope") + (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
}

std::string take_field(Line& line, od::field field) {
  std::string_view name;
  if (auto error = field.unescaped_key().get(name)) return flaw(error);
  for (const Member& member : members) {
    if (member.name != name) continue;
    const unsigned bit = 1u << (&member - members);
    if ((line.seen & bit) != 0) return quoted(name, "is given more than once");
    line.seen |= bit;
    const std::string wrong = member.take(line, field.value());
    return wrong.empty() ? wrong : quoted(member.name, wrong);
  }
  return unknown_member(name);
}

std::string read_document(Line& line, od::document& document) {
  od::object object;
  if (auto error = document.get_object().get(object)) {
    return error == simdjson::INCORRECT_TYPE ? "it is not a JSON object" : "it " + flaw(error);
  }
  for (auto result : object) {
    od::field field;
    if (auto error = std::move(result).get(field)) return "it " + flaw(error);
    std::string wrong = take_field(line, field);
    if (!wrong.empty()) return wrong;
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return "it is not JSON: something follows the object";
  }
  return line.has_body ? "" : "neither \"body\" nor \"body_base64\" is given";
}

}  // namespace

struct EnvelopeReader::Json {
  od::parser parser;
};

EnvelopeReader::EnvelopeReader() : json_(std::make_unique<Json>()) {}
EnvelopeReader::~EnvelopeReader() = default;

std::string EnvelopeReader::read(std::string_view text, size_t readable_bytes, EnvelopeStore* store,
                                 NewMessage* message) {
  od::document document;
  const auto error = json_->parser.iterate(text.data(), text.size(), readable_bytes).get(document);
  if (error) return "it " + flaw(error);
  Line line{*store, *message, {}};
  std::string wrong = read_document(line, document);
  if (wrong.empty() && message->content_type.data() == nullptr) message->content_type = line.default_type;
  return wrong;
}

}  // namespace forebay
