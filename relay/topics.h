// Topics: which queues a topic fans out to: those that the config names, and what operators subscribed or unsubscribed
// since. The latter are notes in the backlog ("subscription:TOPIC:QUEUE", "+" or "-"), so they survive restarts and
// reloads; a note that says what the config says anyway is taken back. A topic that is not in the config is none.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.h"
#include "config/config.h"

namespace forebay {

class Topics {
 public:
  explicit Topics(Backlog& backlog) : backlog_(backlog) {}

  // After recovery, and after each change of the config.
  void follow(const Config& running);
  // In the order of the config, then of their names. nullptr: no such topic.
  const std::vector<std::string>* queues_of(std::string_view topic) const;
  const TopicConfig* find(std::string_view topic) const;

  // Of a topic and a queue that are there. False: it is so already. Writes the note.
  bool set(std::string_view topic, std::string_view queue, bool subscribed);

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [name, topic] : topics_) visit(name, topic.queues);
  }

 private:
  struct Topic {
    TopicConfig config;
    std::vector<std::string> queues;
  };
  void subscribe(Topic* topic) const;

  Backlog& backlog_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::vector<std::string> queues_;  // that are there, by name
};

}  // namespace forebay
