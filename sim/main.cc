// forebay_sim: worlds from the command line (./dev sim). Exit 0: all held; 1: something did not; 2: usage.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sim/random_world.h"
#include "sim/scenario.h"

namespace forebay::sim {
namespace {

struct Options {
  std::optional<uint64_t> seed;
  double hours = 0;
  std::string scenario;
  std::string folder = "tests/scenarios";
  bool list = false;
};

using Clock = std::chrono::steady_clock;

// True: as it should be.
bool play(const Scenario& scenario, uint64_t seed, bool show_figures) {
  const std::clock_t begun = std::clock();
  const ScenarioResult result = run_scenario(scenario, seed);
  const double took = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  fmt::print("{} seed {} digest {:016x}  {:.0f} virtual s, {} messages, {:.2f} M events/s{}\n", scenario.name, seed,
             result.digest, result.virtual_time.as_seconds(), result.counts.accepted,
             static_cast<double>(result.counts.core_events()) / took / 1e6, result.failures.empty() ? "" : "  FAILED");
  if (show_figures) {
    for (const std::string& figure : result.figures) fmt::print("  {}\n", figure);
  }
  for (const std::string& failure : result.failures) fmt::print("  {}\n", failure);
  std::fflush(stdout);
  return result.failures.empty();
}

std::vector<std::string> scenario_paths(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string stem(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

int list(const Options& options) {
  for (const std::string& path : scenario_paths(options.folder)) {
    Scenario scenario;
    const auto errors = load_scenario(path, &scenario);
    fmt::print("{:28} {}\n", stem(path), errors.empty() ? scenario.about : "cannot be read: " + errors.front());
  }
  return 0;
}

// A file, or the name of one in the folder.
int play_scenario(const Options& options) {
  std::string path = options.scenario;
  if (!std::filesystem::exists(path)) {
    const auto paths = scenario_paths(options.folder);
    const auto named = [&](const std::string& known) { return stem(known) == options.scenario; };
    const auto found = std::find_if(paths.begin(), paths.end(), named);
    if (found == paths.end()) return fmt::print(stderr, "there is no scenario \"{}\"; --list names them\n", path), 2;
    path = *found;
  }
  Scenario scenario;
  const auto errors = load_scenario(path, &scenario);
  for (const std::string& error : errors) fmt::print(stderr, "{}\n", error);
  if (!errors.empty()) return 2;
  bool held = true;
  const std::vector<uint64_t> seeds = options.seed ? std::vector{*options.seed} : scenario.seeds;
  for (const uint64_t seed : seeds) held &= play(scenario, seed, true);
  return held ? 0 : 1;
}

// One world of that seed, or for so many hours of real time one after the other, seeds counting up.
int play_random(const Options& options) {
  uint64_t seed = options.seed ? *options.seed : std::random_device{}();
  const auto end = Clock::now() + std::chrono::duration<double, std::ratio<3600>>(options.hours);
  do {
    const Scenario scenario = random_scenario(seed);
    if (!play(scenario, seed, false)) {
      fmt::print("{}again: ./dev sim --seed {}\n", describe(scenario), seed);
      return 1;
    }
    ++seed;
  } while (Clock::now() < end);
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Forebay's simulated world: random worlds by seed, or scenarios by name.");
  app.add_option("--seed", options.seed, "of the world (default: drawn, and printed)");
  app.add_option("--hours", options.hours, "random worlds one after the other for so long");
  app.add_option("--scenario", options.scenario, "a scenario's file or name");
  app.add_option("--folder", options.folder, "where scenarios are named from")->capture_default_str();
  app.add_flag("--list", options.list, "the scenarios and what they show");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  spdlog::set_level(spdlog::level::off);
  if (options.list) return list(options);
  return options.scenario.empty() ? play_random(options) : play_scenario(options);
}

}  // namespace
}  // namespace forebay::sim

int main(int argc, char** argv) {
  return forebay::sim::run(argc, argv);
}
