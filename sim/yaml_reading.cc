#include "sim/yaml_reading.h"

#include <algorithm>
#include <charconv>

#include "base/duration_text.h"
#include "base/size_text.h"
#include "config/forms.h"

namespace forebay::sim {

void YamlReading::complain(const YAML::Node& node, const std::string& what) {
  errors_.push_back(file_ + ":" + std::to_string(node.Mark().line + 1) + ": " + what);
}

bool YamlReading::section(const YAML::Node& node, std::initializer_list<std::string_view> keys) {
  if (!node.IsMap()) return complain(node, "here must be a map"), false;
  for (const auto& entry : node) {
    const std::string key = entry.first.Scalar();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) complain(entry.first, "unknown key `" + key + "`");
  }
  return true;
}

void YamlReading::list(const YAML::Node& node, const char* key, const std::function<void(const YAML::Node&)>& f) {
  const YAML::Node items = node[key];
  if (!items) return;
  if (!items.IsSequence()) return complain(items, std::string("`") + key + "` must be a list");
  for (const YAML::Node& item : items) f(item);
}

Duration YamlReading::duration(const YAML::Node& node) {
  std::string_view text = node.Scalar();
  const bool back = text.starts_with('-');
  if (back) text.remove_prefix(1);
  Duration value;
  if (!parse_duration(text, &value)) complain(node, "`" + node.Scalar() + "` is not a duration");
  return back ? Duration{-value.ns} : value;
}

uint64_t YamlReading::count(const YAML::Node& node) {
  uint64_t value = 0;
  if (!parse_count(node.Scalar(), &value)) complain(node, "`" + node.Scalar() + "` is not a count");
  return value;
}

double YamlReading::number(const YAML::Node& node) {
  std::string_view text = node.Scalar();
  Duration as_duration;
  uint64_t as_count = 0;
  if (parse_duration(text, &as_duration)) return as_duration.as_seconds();
  if (parse_count(text, &as_count)) return static_cast<double>(as_count);
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) complain(node, "`" + node.Scalar() + "` is no number");
  return percent ? value / 100 : value;
}

void YamlReading::rate(const YAML::Node& node, uint64_t* count, Duration* per) {
  if (!parse_rate(node.Scalar(), count, per)) complain(node, "`" + node.Scalar() + "` is not a rate");
}

void YamlReading::read(const YAML::Node& node, const char* key, Duration* out) {
  if (node[key]) *out = duration(node[key]);
}

void YamlReading::read(const YAML::Node& node, const char* key, bool* out) {
  if (!node[key]) return;
  const std::string text = node[key].Scalar();
  if (text != "true" && text != "false") complain(node[key], "`" + text + "` is neither true nor false");
  *out = text == "true";
}

void YamlReading::read(const YAML::Node& node, const char* key, std::string* out) {
  if (node[key]) *out = node[key].Scalar();
}

void YamlReading::read(const YAML::Node& node, const char* key, double* out) {
  if (node[key]) *out = number(node[key]);
}

void YamlReading::read_count(const YAML::Node& node, const char* key, uint64_t* out) {
  if (node[key]) *out = count(node[key]);
}

void YamlReading::read_count(const YAML::Node& node, const char* key, uint32_t* out) {
  if (node[key]) *out = static_cast<uint32_t>(count(node[key]));
}

void YamlReading::read_rate(const YAML::Node& node, const char* key, uint64_t* count, Duration* per) {
  if (node[key]) rate(node[key], count, per);
}

}  // namespace forebay::sim
