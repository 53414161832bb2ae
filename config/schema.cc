#include "config/schema.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/duration_text.h"
#include "base/size_text.h"

namespace forebay {
namespace {

struct LaterValue {
  std::string_view path;
  std::string_view value;
};

constexpr std::array later_values{
    LaterValue{"doors[].type", "forward"},
    LaterValue{"sinks.*.type", "smtp"},
    LaterValue{"sinks.*.limits[].per", "day"},
};

std::string number_text(Kind kind, uint64_t number) {
  if (kind == Kind::size) return format_size(number);
  if (kind == Kind::duration || kind == Kind::pace) return format_duration({static_cast<int64_t>(number)});
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
  std::string operator()(const std::string* value) const { return *value; }
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
  const std::span<const Key> all = keys();
  auto found = std::find_if(all.begin(), all.end(), [&](const Key& key) { return key.path == path; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view last_name(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

std::vector<const Key*> keys_below(std::string_view path) {
  std::vector<const Key*> below;
  for (const Key& key : keys()) {
    const std::string_view name = last_name(key.path);
    const size_t parent_size = key.path.size() - name.size();
    const std::string_view parent = key.path.substr(0, parent_size == 0 ? 0 : parent_size - 1);
    if (parent == path && name != "*") below.push_back(&key);
  }
  return below;
}

bool is_later_value(const Key& key, std::string_view value) {
  return std::any_of(later_values.begin(), later_values.end(),
                     [&](const LaterValue& later) { return later.path == key.path && later.value == value; });
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
  if (key.range.max == UINT64_MAX) return "";
  return number_text(key.kind, key.range.min) + " to " + number_text(key.kind, key.range.max);
}

}  // namespace forebay
