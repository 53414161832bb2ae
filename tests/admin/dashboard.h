// The shipped dashboard as the tests see it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace forebay {

// A file of the source tree, whole.
std::string source_file(const std::string& path);

struct PanelQuery {
  std::string panel;
  std::string expr;
};

// Every query of every panel and annotation, as written.
std::vector<PanelQuery> queries_of(const nlohmann::json& dashboard);

// With the dashboard's variables filled in, as Grafana would with "All" chosen.
std::string filled_in(std::string expr);

// A config with two queues, two sinks and a limit, for a Metrics to export.
struct Config sample_config();

}  // namespace forebay
