#include "config/schema.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <unordered_map>

#include "base/duration_text.h"
#include "base/size_text.h"
#include "config/forms.h"

namespace forebay {
namespace {

struct LaterValue {
  std::string_view path;
  std::string_view value;  // `*` at its end: and whatever follows
};

constexpr std::array later_values{
    LaterValue{"queues.*.supersede", "json:*"},
    LaterValue{"queues.*.classes.*.supersede", "json:*"},
};

std::string number_text(Kind kind, uint64_t number) {
  if (kind == Kind::size) return format_size(number);
  if (kind == Kind::percent || kind == Kind::shares) return std::to_string(number) + "%";
  if (kind == Kind::duration || kind == Kind::pace || kind == Kind::per)
    return format_duration({static_cast<int64_t>(number)});
  return format_count(number);
}

std::string pace_text(const SinkConfig& sink) {
  return sink.pace_off ? "off" : format_duration(sink.pace);
}

// The text of what a slot points at. Overloads by type; a type without one has no text of its own.
struct SlotText {
  const Key& key;

  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const bool* value) const { return std::string(key.choices[*value ? 1 : 0]); }
  std::string operator()(const uint32_t* value) const { return number_text(key.kind, *value); }
  std::string operator()(const uint64_t* value) const { return number_text(key.kind, *value); }
  std::string operator()(const double* value) const {
    return key.kind == Kind::percent ? format_percent(*value) : format_decimal(*value);
  }
  std::string operator()(const std::string* value) const { return value->empty() ? std::string(key.word) : *value; }
  std::string operator()(const ValueSource* value) const {
    if (value->from == ValueSource::From::none) return std::string(key.word);
    return (value->from == ValueSource::From::json ? "json:" : "header:") + value->name;
  }
  std::string operator()(const std::optional<bool>* value) const { return *value ? (*this)(&**value) : ""; }
  std::string operator()(const Duration* value) const {
    return *value == Duration::max() ? std::string(key.word) : format_duration(*value);
  }
  std::string operator()(const std::optional<Duration>* value) const { return *value ? format_duration(**value) : ""; }
  std::string operator()(const SinkConfig* value) const { return pace_text(*value); }
  template <typename T>
  std::string operator()(const T* value) const {
    if constexpr (std::is_enum_v<T>) {
      return std::string(key.choices[static_cast<size_t>(*value)]);
    } else {
      return "";
    }
  }
};

}  // namespace

const Key* find_key(std::string_view path) {
  static const std::unordered_map<std::string_view, const Key*> by_path = [] {
    std::unordered_map<std::string_view, const Key*> map;
    for (const Key& key : keys()) map.emplace(key.path, &key);
    return map;
  }();
  const auto found = by_path.find(path);
  return found == by_path.end() ? nullptr : found->second;
}

std::string_view parent_path(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? "" : path.substr(0, dot);
}

std::string_view last_name(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

std::span<const Key* const> keys_below(std::string_view path) {
  static const std::unordered_map<std::string_view, std::vector<const Key*>> by_parent = [] {
    std::unordered_map<std::string_view, std::vector<const Key*>> map;
    for (const Key& key : keys()) map[parent_path(key.path)].push_back(&key);
    return map;
  }();
  const auto found = by_parent.find(path);
  return found == by_parent.end() ? std::span<const Key* const>{} : found->second;
}

bool is_later_value(const Key& key, std::string_view value) {
  return std::any_of(later_values.begin(), later_values.end(), [&](const LaterValue& later) {
    if (later.path != key.path) return false;
    if (!later.value.ends_with('*')) return later.value == value;
    return value.starts_with(later.value.substr(0, later.value.size() - 1));
  });
}

std::string slot_text(const Key& key, Target& target) {
  if (key.slot == nullptr) return "";
  return std::visit(SlotText{key}, key.slot(target));
}

std::string default_text(const Key& key) {
  Target fresh;
  return slot_text(key, fresh);
}

std::string range_text(const Key& key) {
  if (key.kind == Kind::share) return "0.01 to 1000";
  if (key.range.max == UINT64_MAX) return "";
  return number_text(key.kind, key.range.min) + " to " + number_text(key.kind, key.range.max);
}

}  // namespace forebay
