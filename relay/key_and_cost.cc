#include "relay/key_and_cost.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <vector>

#include "base/json_check.h"
#include "doors/http_chars.h"
#include "relay/key_hash.h"

namespace forebay {
namespace {

namespace od = simdjson::ondemand;

constexpr size_t buffer_kept_bytes = 1 << 20;

using Headers = std::span<const std::pair<std::string_view, std::string_view>>;

std::string_view header_value(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string_view without_space(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

std::string_view token_of(od::value& value) {
  return value.raw_json_token();
}
std::string_view token_of(od::document& document) {
  std::string_view text;
  return document.raw_json_token().get(text) ? std::string_view() : text;
}

// Works on a value and on a document that is nothing but a scalar.
template <typename Value>
std::string_view scalar_text(Value& value) {
  od::json_type type;
  if (value.type().get(type)) return {};
  std::string_view text;
  if (type == od::json_type::string) return value.get_string().get(text) ? std::string_view() : text;
  if (type != od::json_type::number && type != od::json_type::boolean) return {};
  return without_space(token_of(value));
}

bool member_named(od::object object, std::string_view name, od::value* out) {
  for (auto result : object) {
    od::field field;
    std::string_view key;
    if (std::move(result).get(field) || field.unescaped_key().get(key)) return false;
    if (key == name) return *out = field.value(), true;
  }
  return false;
}

// RFC 6901: digits without a leading zero.
bool element_at(od::array array, std::string_view step, od::value* out) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size()) return false;
  if (step.size() > 1 && step.front() == '0') return false;
  for (auto result : array) {
    od::value value;
    if (std::move(result).get(value)) return false;
    if (index-- == 0) return *out = value, true;
  }
  return false;
}

bool step_into(od::value* value, std::string_view step) {
  od::json_type type;
  if (value->type().get(type)) return false;
  od::object object;
  od::array array;
  if (type == od::json_type::object) return !value->get_object().get(object) && member_named(object, step, value);
  if (type == od::json_type::array) return !value->get_array().get(array) && element_at(array, step, value);
  return false;
}

// 0: not a whole number from 1.
uint32_t cost_of(std::string_view text) {
  constexpr uint32_t most = std::numeric_limits<uint32_t>::max();
  if (!is_digits(text)) return 0;
  uint32_t cost = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cost);
  return error == std::errc::result_out_of_range ? most : cost;
}

}  // namespace

struct KeyAndCostReader::Json {
  std::string_view find(std::string_view body, const ValuePath& path) {
    if (!looked_at) good = parse(body);
    looked_at = true;
    if (!good) return {};
    document.rewind();
    if (path.steps.empty()) return scalar_text(document);
    od::value value;
    if (document.get_value().get(value)) return {};
    for (const std::string& step : path.steps) {
      if (!step_into(&value, step)) return {};
    }
    return scalar_text(value);
  }

  bool parse(std::string_view body) {
    if (body.empty()) return false;
    if (buffer.size() > buffer_kept_bytes) std::vector<char>().swap(buffer);
    if (buffer.size() < body.size() + simdjson::SIMDJSON_PADDING) {
      buffer.resize(body.size() + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer.data(), body.data(), body.size());
    if (parser.iterate(buffer.data(), body.size(), buffer.size()).get(document)) return false;
    return json_flaw(std::string_view(buffer.data(), body.size())).empty();
  }

  od::parser parser;
  od::document document;
  std::vector<char> buffer;
  bool looked_at = false;  // at the body of the message that is being read
  bool good = false;
};

KeyAndCostReader::KeyAndCostReader(uint64_t seed) : seed_(seed), json_(std::make_unique<Json>()) {}
KeyAndCostReader::~KeyAndCostReader() = default;

KeyHash KeyAndCostReader::hash(std::string_view key) const {
  return key_hash(key, seed_);
}

std::string_view KeyAndCostReader::find(const ValuePath& path, const NewMessage& message) {
  switch (path.from) {
    case ValueSource::From::none:
      break;
    case ValueSource::From::json:
      return json_->find(message.body, path);
    case ValueSource::From::header: {
      const std::string_view own = header_value(message.headers, path.header);
      return own.data() != nullptr ? own : header_value(message.forward, path.header);
    }
  }
  return {};
}

KeyAndCost KeyAndCostReader::read(const KeyAndCostPaths& paths, const NewMessage& message) {
  json_->looked_at = false;
  KeyAndCost found;
  // The text lives until the next find().
  found.key = hash(message.key.empty() ? find(paths.key, message) : message.key);
  if (paths.cost.from == ValueSource::From::none) return found;
  const uint32_t cost = cost_of(find(paths.cost, message));
  found.cost_missed = cost == 0;
  if (cost > 0) found.cost = cost;
  return found;
}

}  // namespace forebay
