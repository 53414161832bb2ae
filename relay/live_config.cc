#include "relay/live_config.h"

#include <utility>

#include "doors/refusal.h"

namespace forebay {
namespace {

std::optional<Problem> unless_applied(const std::string& refused) {
  if (refused.empty()) return std::nullopt;
  return refusal(422, "bad-pin", "These limits cannot be pinned", refused);
}

}  // namespace

LiveConfig::LiveConfig(const Config& config, std::span<const QueueId> queue_ids, Core& core, Backlog& backlog)
    : core_(core), backlog_(backlog), file_(config), running_(config), queue_ids_(queue_ids.begin(), queue_ids.end()) {}

LiveConfig::Pins LiveConfig::noted_pins(const Config& file, Complaints* complaints) const {
  Pins pins;
  for (const auto& [name, sink] : file.sinks) {
    const std::string note = backlog_.noted(pin_note(name));
    if (note.empty()) continue;
    auto pin = read_pin(note, name, file);
    if (const auto* problem = std::get_if<Problem>(&pin)) {
      complaints->emplace(name, "what is pinned on sink \"" + name + "\" does not hold: " + problem->detail);
    } else {
      pins.emplace(name, std::move(std::get<Pin>(pin)));
    }
  }
  return pins;
}

void LiveConfig::restore(Now now) {
  Pins pins = noted_pins(file_, &complaints_);
  if (pins.empty()) return;
  const std::string refused = apply(file_, pins, queue_ids_, now);
  if (refused.empty()) return;
  for (const auto& [name, pin] : pins) {
    complaints_.emplace(name, "what is pinned on sink \"" + name + "\" does not hold: " + refused);
  }
}

std::vector<std::string> LiveConfig::complaints() const {
  std::vector<std::string> all;
  for (const auto& [sink, complaint] : complaints_) all.push_back(complaint);
  return all;
}

std::string LiveConfig::reconfigure(const Config& file, std::span<const QueueId> queue_ids, Now now) {
  Complaints complaints;
  Pins pins = noted_pins(file, &complaints);
  if (!complaints.empty()) return complaints.begin()->second + "; unpin it first";
  return apply(file, std::move(pins), queue_ids, now);
}

std::string LiveConfig::apply(const Config& file, Pins pins, std::span<const QueueId> queue_ids, Now now) {
  Config running = file;
  for (const auto& [name, pin] : pins) pin.apply(&running.sinks.at(name));
  std::string refused = core_.reconfigure(running, queue_ids, now);
  if (!refused.empty()) return refused;
  if (&file != &file_) file_ = file;
  if (queue_ids.data() != queue_ids_.data()) queue_ids_.assign(queue_ids.begin(), queue_ids.end());
  running_ = std::move(running);
  pins_ = std::move(pins);
  if (on_change) on_change();
  return {};
}

std::optional<Problem> LiveConfig::pin(const std::string& sink, std::string_view json, Now now) {
  auto pin = read_pin(json, sink, file_);
  if (auto* problem = std::get_if<Problem>(&pin)) return std::move(*problem);
  Pins pins = pins_;
  pins[sink] = std::move(std::get<Pin>(pin));
  auto refused = unless_applied(apply(file_, std::move(pins), queue_ids_, now));
  if (!refused) complaints_.erase(sink);
  return refused;
}

std::optional<Problem> LiveConfig::unpin(const std::string& sink, Now now) {
  Pins pins = pins_;
  pins.erase(sink);
  auto refused = unless_applied(apply(file_, std::move(pins), queue_ids_, now));
  if (!refused) complaints_.erase(sink);
  return refused;
}

std::string LiveConfig::pinned(const std::string& sink) const {
  const auto found = pins_.find(sink);
  return found == pins_.end() ? std::string() : found->second.text;
}

}  // namespace forebay
