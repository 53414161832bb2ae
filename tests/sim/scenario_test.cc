// Every scenario of a folder is a test by its file's name, with each of its seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace forebay::sim {
namespace {

std::vector<std::string> scenario_files() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(FOREBAY_SCENARIOS)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  return std::filesystem::path(info.param).stem().string();
}

class Scenarios : public testing::TestWithParam<std::string> {};

TEST_P(Scenarios, hold) {
  Scenario scenario;
  for (const std::string& error : load_scenario(GetParam(), &scenario)) ADD_FAILURE() << error;
  if (HasFailure()) return;
  ASSERT_FALSE(scenario.expectations.empty()) << "it expects nothing";
  for (const uint64_t seed : scenario.seeds) {
    const ScenarioResult result = run_scenario(scenario, seed);
    std::printf("seed %llu, digest %016llx\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(result.digest));
    for (const std::string& figure : result.figures) std::printf("  %s\n", figure.c_str());
    for (const std::string& failure : result.failures) ADD_FAILURE() << "seed " << seed << ": " << failure;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(scenario_files()), test_name);

}  // namespace
}  // namespace forebay::sim
