// Reading a scenario's values out of YAML, each with the line it stands on where it is wrong. Errors are gathered.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace forebay::sim {

class YamlReading {
 public:
  explicit YamlReading(std::string file) : file_(std::move(file)) {}

  void complain(const YAML::Node& node, const std::string& what);
  std::vector<std::string>& errors() { return errors_; }

  // A map, and none but these keys in it; false: complained.
  bool section(const YAML::Node& node, std::initializer_list<std::string_view> keys);
  // f(item) for each of the list under `key`; it may be missing.
  void list(const YAML::Node& node, const char* key, const std::function<void(const YAML::Node&)>& f);

  // What is missing leaves *out as it is.
  void read(const YAML::Node& node, const char* key, Duration* out);
  void read(const YAML::Node& node, const char* key, bool* out);
  void read(const YAML::Node& node, const char* key, std::string* out);
  void read(const YAML::Node& node, const char* key, double* out);
  void read_count(const YAML::Node& node, const char* key, uint64_t* out);
  void read_count(const YAML::Node& node, const char* key, uint32_t* out);
  void read_rate(const YAML::Node& node, const char* key, uint64_t* count, Duration* per);

  Duration duration(const YAML::Node& node);  // a sign in front is taken
  uint64_t count(const YAML::Node& node);
  double number(const YAML::Node& node);  // `5%`, durations (as seconds) and counts too
  void rate(const YAML::Node& node, uint64_t* count, Duration* per);

 private:
  std::string file_;
  std::vector<std::string> errors_;
};

}  // namespace forebay::sim
