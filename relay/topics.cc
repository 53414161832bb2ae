#include "relay/topics.h"

#include <algorithm>

namespace forebay {
namespace {

std::string note_of(std::string_view topic, std::string_view queue) {
  return "subscription:" + std::string(topic) + ":" + std::string(queue);
}

bool holds(const std::vector<std::string>& queues, std::string_view queue) {
  return std::find(queues.begin(), queues.end(), queue) != queues.end();
}

}  // namespace

void Topics::follow(const Config& running) {
  queues_.clear();
  for (const auto& [name, queue] : running.queues) queues_.push_back(name);
  topics_.clear();
  for (const auto& [name, config] : running.topics) {
    Topic& topic = topics_[name];
    topic.config = config;
    subscribe(&topic);
  }
}

void Topics::subscribe(Topic* topic) const {
  topic->queues.clear();
  for (const std::string& queue : topic->config.queues) {
    if (backlog_.noted(note_of(topic->config.name, queue)) != "-") topic->queues.push_back(queue);
  }
  for (const std::string& queue : queues_) {
    if (holds(topic->config.queues, queue)) continue;
    if (backlog_.noted(note_of(topic->config.name, queue)) == "+") topic->queues.push_back(queue);
  }
}

const std::vector<std::string>* Topics::queues_of(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second.queues;
}

const TopicConfig* Topics::find(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second.config;
}

bool Topics::set(std::string_view name, std::string_view queue, bool subscribed) {
  Topic& topic = topics_.find(name)->second;
  if (holds(topic.queues, queue) == subscribed) return false;
  const bool as_configured = holds(topic.config.queues, queue) == subscribed;
  backlog_.note(note_of(name, queue), as_configured ? "" : subscribed ? "+" : "-");
  subscribe(&topic);
  return true;
}

}  // namespace forebay
