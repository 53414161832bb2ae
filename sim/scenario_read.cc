// Scenarios: from YAML to structs.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/rfc3339.h"
#include "config/forms.h"
#include "config/load.h"
#include "sim/class_number.h"
#include "sim/scenario.h"
#include "sim/scenario_parts.h"
#include "sim/yaml_reading.h"

namespace forebay::sim {
namespace {

void read_config(YamlReading& yaml, const YAML::Node& node, Scenario* scenario) {
  if (!node["config"]) return yaml.complain(node, "no `config`");
  YAML::Emitter out;
  out << node["config"];
  std::vector<ConfigError> errors;
  load_config_text(out.c_str(), scenario->name + " config", &scenario->config, &errors);
  for (const ConfigError& error : errors) yaml.errors().push_back(to_string(error));
}

void read_faults(YamlReading& yaml, const YAML::Node& node, Scenario* scenario) {
  yaml.list(node, "faults", [&](const YAML::Node& item) {
    if (!yaml.section(item, {"at", "kill", "power_cut", "clock", "disk_full"})) return;
    FaultSpec fault;
    yaml.read(item, "at", &fault.at);
    using Kind = FaultSpec::Kind;
    const std::pair<const char*, Kind> kinds[] = {{"kill", Kind::kill},
                                                  {"power_cut", Kind::power_cut},
                                                  {"clock", Kind::clock_step},
                                                  {"disk_full", Kind::disk_full}};
    for (const auto& [key, kind] : kinds) {
      if (!item[key]) continue;
      fault.kind = kind;
      fault.how_long = yaml.duration(item[key]);
    }
    scenario->faults.push_back(fault);
  });
}

void read_expectation(YamlReading& yaml, const YAML::Node& item, Scenario* scenario) {
  static constexpr std::string_view filters[] = {"queue", "class", "sink", "from", "to", "bound", "per", "k"};
  Expectation e;
  e.line = item.Mark().line + 1;
  for (const auto& entry : item) {
    const std::string key = entry.first.Scalar();
    if (std::find(std::begin(filters), std::end(filters), key) != std::end(filters)) continue;
    if (!e.figure.empty()) yaml.complain(entry.first, "two figures in one expectation: `" + key + "`");
    e.figure = key;
    if (entry.second.IsMap()) {
      yaml.section(entry.second, {"min", "max"});
      yaml.read(entry.second, "min", &e.least);
      yaml.read(entry.second, "max", &e.most);
    } else {
      e.least = e.most = yaml.number(entry.second);
    }
  }
  if (!is_figure(e.figure)) yaml.complain(item, "there is no figure `" + e.figure + "`");
  yaml.read(item, "from", &e.which.from);
  yaml.read(item, "to", &e.which.to);
  yaml.read(item, "sink", &e.sink);
  yaml.read(item, "bound", &e.bound);
  yaml.read(item, "per", &e.per);
  yaml.read_count(item, "k", &e.k);
  read_queue_and_class(yaml, item, scenario->config, &e.which);
  scenario->expectations.push_back(e);
}

void read_run(YamlReading& yaml, const YAML::Node& node, Scenario* scenario) {
  yaml.read(node, "about", &scenario->about);
  yaml.read(node, "for", &scenario->lasts);
  if (scenario->lasts <= Duration{}) yaml.complain(node, "no `for`");
  if (node["until"]) {
    if (node["until"].Scalar() != "idle") yaml.complain(node["until"], "`until` is `idle` or not there");
    scenario->until_idle = true;
  }
  if (node["converges"]) scenario->converges = yaml.duration(node["converges"]);
  if (node["seeds"]) {
    scenario->seeds.clear();
    yaml.list(node, "seeds", [&](const YAML::Node& seed) { scenario->seeds.push_back(yaml.count(seed)); });
  }
  if (node["starts"]) {
    const auto starts = parse_rfc3339(node["starts"].Scalar());
    if (!starts) return yaml.complain(node["starts"], "not a time of RFC 3339");
    scenario->starts = *starts;
  }
  if (!node["sync"]) return;
  yaml.section(node["sync"], {"least", "most"});
  yaml.read(node["sync"], "least", &scenario->sync.least);
  yaml.read(node["sync"], "most", &scenario->sync.most);
}

void read_scenario(YamlReading& yaml, const YAML::Node& node, Scenario* scenario) {
  if (!yaml.section(node, {"about", "config", "starts", "for", "until", "converges", "seeds", "sync", "traffic",
                           "downstream", "faults", "expect"})) {
    return;
  }
  read_run(yaml, node, scenario);
  read_config(yaml, node, scenario);
  if (!yaml.errors().empty()) return;
  yaml.list(node, "traffic",
            [&](const YAML::Node& item) { scenario->traffic.push_back(read_traffic(yaml, item, scenario->config)); });
  if (const YAML::Node downstreams = node["downstream"]) {
    for (const auto& entry : downstreams) {
      const std::string sink = entry.first.Scalar();
      if (!scenario->config.sinks.contains(sink)) yaml.complain(entry.first, "no sink `" + sink + "`");
      scenario->downstreams[sink] = read_downstream(yaml, entry.second);
    }
  }
  read_faults(yaml, node, scenario);
  yaml.list(node, "expect", [&](const YAML::Node& item) { read_expectation(yaml, item, scenario); });
}

}  // namespace

void read_queue_and_class(YamlReading& yaml, const YAML::Node& node, const Config& config, Which* which) {
  if (!node["queue"] && !node["class"]) return;
  const std::string name = node["queue"] ? node["queue"].Scalar() : config.queues.begin()->first;
  const auto queue = config.queues.find(name);
  if (queue == config.queues.end()) return yaml.complain(node, "no queue `" + name + "`");
  which->queue = static_cast<QueueId>(std::distance(config.queues.begin(), queue) + 1);
  if (!node["class"]) return;
  which->klass = class_number(queue->second, node["class"].Scalar());
  if (!which->klass) yaml.complain(node["class"], "no class `" + node["class"].Scalar() + "`");
}

std::vector<std::string> load_scenario_text(const std::string& text, const std::string& name, Scenario* scenario) {
  YamlReading yaml(name);
  Scenario read;
  read.name = name;
  try {
    read_scenario(yaml, YAML::Load(text), &read);
  } catch (const YAML::Exception& error) {
    yaml.errors().push_back(name + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  if (yaml.errors().empty()) *scenario = std::move(read);
  return yaml.errors();
}

std::vector<std::string> load_scenario(const std::string& path, Scenario* scenario) {
  std::ifstream in(path);
  if (!in) return {path + ": cannot be read"};
  std::ostringstream text;
  text << in.rdbuf();
  std::string name = path.substr(path.rfind('/') + 1);
  return load_scenario_text(text.str(), name.substr(0, name.rfind('.')), scenario);
}

}  // namespace forebay::sim
