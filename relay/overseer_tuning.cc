// How the Overseer changes what is in force while everything goes on: pins, and the config file read again.
#include "doors/refusal.h"
#include "relay/overseer.h"

namespace forebay {

std::optional<Problem> Overseer::pin_limits(std::string_view sink, std::string_view json, uint64_t token,
                                            PublishListener& listener) {
  const SinkLane* lane = find_lane(sink);
  if (lane == nullptr) return no_such("sink", sink);
  const std::string name = lane->config().name;
  if (auto refused = live_.pin(name, json, clock_.now())) return refused;
  backlog_.note(pin_note(name), live_.pinned(name));
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

std::optional<Problem> Overseer::unpin_limits(std::string_view sink, uint64_t token, PublishListener& listener) {
  const SinkLane* lane = find_lane(sink);
  if (lane == nullptr) return no_such("sink", sink);
  const std::string name = lane->config().name;
  // A pin that could not be read is noted all the same.
  if (live_.pinned(name).empty() && backlog_.noted(pin_note(name)).empty()) {
    answers_.unchanged(token, listener);
    return std::nullopt;
  }
  if (auto refused = live_.unpin(name, clock_.now())) return refused;
  backlog_.note(pin_note(name), "");
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

std::optional<Problem> Overseer::set_subscribed(std::string_view topic, std::string_view queue, bool subscribed,
                                                uint64_t token, PublishListener& listener) {
  if (topics_.find(topic) == nullptr) return no_such("topic", topic);
  if (find_queue(queue) == nullptr) return no_such("queue", queue);
  if (topics_.set(topic, queue, subscribed)) {
    answers_.changed(backlog_.open_batch(), token, listener, 1);
  } else {
    answers_.unchanged(token, listener);
  }
  return std::nullopt;
}

Reloaded Overseer::reload() {
  if (on_reload) return on_reload();
  Reloaded refused;
  refused.errors.push_back({"", 0, 0, "there is no config file to read", ""});
  return refused;
}

}  // namespace forebay
