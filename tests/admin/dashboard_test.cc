#include "tests/admin/dashboard.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "config/config.h"
#include "relay/metrics.h"
#include "tests/support/process.h"

namespace forebay {
namespace {

using Json = nlohmann::json;

Json dashboard() {
  return Json::parse(source_file("dashboards/grafana/overview.json"));
}

// Names of the samples in a text exposition: a histogram's are those with _bucket, _sum and _count.
std::set<std::string> sample_names(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) names.insert(line.substr(0, line.find_first_of("{ ")));
  }
  return names;
}

std::set<std::string> metric_names(const std::string& expr) {
  static const std::regex name("\\b(forebay|process)_[a-z0-9_]+");
  return {std::sregex_token_iterator(expr.begin(), expr.end(), name), std::sregex_token_iterator()};
}

TEST(Dashboard, NamesOnlyMetricsThatAreExported) {
  Metrics metrics(sample_config(), "0.1.0");
  const auto exported = sample_names(metrics.text());
  std::set<std::string> used;
  for (const auto& [panel, expr] : queries_of(dashboard())) {
    const auto names = metric_names(expr);
    EXPECT_FALSE(names.empty()) << panel;
    for (const std::string& name : names) EXPECT_TRUE(exported.contains(name)) << panel << ": " << name;
    used.insert(names.begin(), names.end());
  }
  EXPECT_GT(used.size(), 25u);
}

TEST(Dashboard, VariablesAreFilledFromMetricsThatAreExported) {
  Metrics metrics(sample_config(), "0.1.0");
  const auto exported = sample_names(metrics.text());
  std::set<std::string> variables;
  const Json all = dashboard();
  for (const Json& variable : all["templating"]["list"]) {
    variables.insert(variable["name"]);
    if (variable["type"] == "datasource") continue;
    EXPECT_EQ(variable["datasource"]["uid"], "${datasource}");
    for (const std::string& name : metric_names(variable["query"]["query"])) {
      EXPECT_TRUE(exported.contains(name)) << name;
    }
  }
  EXPECT_EQ(variables, (std::set<std::string>{"datasource", "job", "queue", "sink"}));
}

TEST(Dashboard, EveryPanelSaysWhatItShowsInWhichUnit) {
  std::set<int> ids;
  const Json all = dashboard();
  EXPECT_GE(all["schemaVersion"], 38);  // Grafana 10
  for (const Json& panel : all["panels"]) {
    const std::string title = panel["title"];
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second) << title;
    EXPECT_GT(panel["description"].get<std::string>().size(), 20u) << title;
    EXPECT_FALSE(panel["fieldConfig"]["defaults"]["unit"].get<std::string>().empty()) << title;
    EXPECT_FALSE(panel["fieldConfig"]["defaults"]["thresholds"]["steps"].empty()) << title;
    EXPECT_EQ(panel["datasource"]["uid"], "${datasource}") << title;
    for (const Json& target : panel["targets"]) EXPECT_EQ(target["datasource"]["uid"], "${datasource}") << title;
  }
}

TEST(Dashboard, PanelsDoNotOverlap) {
  std::set<std::pair<int, int>> taken;
  const Json all = dashboard();
  for (const Json& panel : all["panels"]) {
    const Json& pos = panel["gridPos"];
    const int x = pos["x"], y = pos["y"], w = pos["w"], h = pos["h"];
    EXPECT_LE(x + w, 24) << panel["title"];
    for (int i = 0; i < w; i++) {
      for (int j = 0; j < h; j++) EXPECT_TRUE(taken.emplace(x + i, y + j).second) << panel["title"];
    }
  }
}

TEST(Promtool, FindsNothingWrongWithTheMetrics) {
  Metrics metrics(sample_config(), "0.1.0");
  const testing::TempDir folder;
  testing::Process promtool(
      {"sh", "-c", "promtool check metrics <\"$0\"", folder.write("metrics.txt", metrics.text())});
  EXPECT_EQ(promtool.read_all(), "");
  EXPECT_EQ(promtool.wait(), 0);
}

TEST(Promtool, FindsNothingWrongWithTheScrapeConfig) {
  testing::Process promtool(
      {"promtool", "check", "config", FOREBAY_SOURCE_DIR "/dashboards/prometheus/prometheus.yml"});
  const std::string said = promtool.read_all();
  EXPECT_NE(said.find("SUCCESS"), std::string::npos) << said;
  EXPECT_EQ(promtool.wait(), 0) << said;
}

}  // namespace
}  // namespace forebay
