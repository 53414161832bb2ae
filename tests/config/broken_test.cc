// Broken config files and exactly what is said about them. The cases are in tests/config/broken/*.txt:
//   === name
//   the file
//   ---
//   line:column: message, one line each, in the order reported
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.h"

namespace forebay {
namespace {

struct Broken {
  std::string name;
  std::string yaml;
  std::string expected;
};

std::vector<Broken> read_cases(const std::filesystem::path& path) {
  std::vector<Broken> cases;
  std::ifstream in(path);
  bool expecting = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", ""});
      expecting = false;
    } else if (line == "---" && !cases.empty() && !expecting) {
      expecting = true;
    } else if (!cases.empty()) {
      (expecting ? cases.back().expected : cases.back().yaml) += line + "\n";
    }
  }
  return cases;
}

std::vector<Broken> all_cases() {
  std::vector<Broken> all;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(FOREBAY_SOURCE "/tests/config/broken")) {
    files.insert(entry.path());
  }
  for (const auto& file : files) {
    for (Broken& broken : read_cases(file)) all.push_back(std::move(broken));
  }
  return all;
}

std::string identifier(const testing::TestParamInfo<Broken>& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

void PrintTo(const Broken& broken, std::ostream* out) {
  *out << broken.name;
}

std::optional<std::string> variables(const std::string& name) {
  if (name == "SECRET") return "hunter2";
  if (name == "LINES") return "one\ntwo: three";
  return std::nullopt;
}

class BrokenConfig : public testing::TestWithParam<Broken> {};

TEST_P(BrokenConfig, is_told_exactly) {
  Config config;
  config.data_dir = "untouched";
  std::vector<ConfigError> errors;
  EXPECT_FALSE(load_config_text(GetParam().yaml, "t.yaml", &config, &errors, variables));
  EXPECT_EQ(config.data_dir, "untouched");
  std::string told;
  for (const ConfigError& error : errors) {
    const std::string line = to_string(error);
    ASSERT_TRUE(line.starts_with("t.yaml:")) << line;
    told += line.substr(7) + "\n";
  }
  EXPECT_EQ(told, GetParam().expected);
  EXPECT_EQ(told.find("hunter2"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, BrokenConfig, testing::ValuesIn(all_cases()), identifier);

TEST(BrokenConfigCases, are_fifty_kinds_and_more) {
  EXPECT_GE(all_cases().size(), 50u);
}

}  // namespace
}  // namespace forebay
