#include "relay/pins.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_check.h"
#include "config/load.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

using Json = nlohmann::ordered_json;

Problem bad_pin(int status, std::string detail) {
  return refusal(status, status == 400 ? "bad-request" : "bad-pin", "These limits cannot be pinned", std::move(detail));
}

// What the config's reader would take for a variable or a file.
bool has_dollar(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().find('$') != std::string::npos;
  return value.is_structured() && std::any_of(value.begin(), value.end(), has_dollar);
}

std::optional<Problem> check_members(const Json& pin) {
  if (!pin.is_object() || pin.empty()) {
    return bad_pin(422, "a pin is an object with \"limits\", \"concurrency\" or \"pace\"");
  }
  for (const auto& [name, value] : pin.items()) {
    if (name != "limits" && name != "concurrency" && name != "pace") {
      return bad_pin(422, "\"" + name + "\" cannot be pinned; \"limits\", \"concurrency\" and \"pace\" can");
    }
    if (value.is_null()) return bad_pin(422, "\"" + name + "\" is null; leave it out to have it as configured");
  }
  if (has_dollar(pin)) return bad_pin(422, "a pin is taken as it stands: no ${…}");
  return std::nullopt;
}

// A config with nothing but that sink and the classes that its limits may speak of: JSON is YAML.
std::string config_text(const Json& pin, const std::string& name, const Config& config) {
  Json sink = pin;
  sink["type"] = "http";
  sink["url"] = "http://pinned.invalid/";
  Json classes = Json::object();
  for (const auto& [queue_name, queue] : config.queues) {
    if (queue.sink != name) continue;
    for (const auto& [klass, settings] : queue.classes) classes[klass] = {{"priority", settings.priority}};
  }
  Json queue = {{"sink", name}};
  if (!classes.empty()) queue["classes"] = std::move(classes);
  return Json({{"sinks", {{name, std::move(sink)}}}, {"queues", {{"q", std::move(queue)}}}}).dump();
}

}  // namespace

void Pin::apply(SinkConfig* sink) const {
  if (limits) sink->limits = *limits;
  if (concurrency) sink->concurrency = *concurrency;
  if (pace) std::tie(sink->pace, sink->pace_off) = *pace;
}

std::variant<Pin, Problem> read_pin(std::string_view text, const std::string& name, const Config& config) {
  if (text.size() > pin_bytes_max) return bad_pin(422, "a pin has " + std::to_string(pin_bytes_max) + " bytes at most");
  // Which bounds the nesting as well.
  if (const std::string_view flaw = json_flaw(text); !flaw.empty()) return bad_pin(400, "it " + std::string(flaw));
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return bad_pin(400, "it is not JSON");
  if (auto problem = check_members(json)) return *problem;
  Config checked;
  std::vector<ConfigError> errors;
  const auto no_variables = [](const std::string&) { return std::optional<std::string>(); };
  if (!load_config_text(config_text(json, name, config), "pin", &checked, &errors, no_variables)) {
    std::string detail;
    for (const ConfigError& error : errors) {
      detail += (detail.empty() ? "" : "; ") + error.what + (error.hint.empty() ? "" : " (" + error.hint + ")");
    }
    return bad_pin(422, detail);
  }
  const SinkConfig& sink = checked.sinks.at(name);
  Pin pin;
  pin.text = json.dump();
  if (json.contains("limits")) pin.limits = sink.limits;
  if (json.contains("concurrency")) pin.concurrency = sink.concurrency;
  if (json.contains("pace")) pin.pace = {sink.pace, sink.pace_off};
  return pin;
}

}  // namespace forebay
