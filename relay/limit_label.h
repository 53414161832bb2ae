// The label `limit` of metrics: a sink's limit by its name ("300/1s", "concurrency", "key:5/1h"); a queue's with the
// queue before it ("queue sms: 300/1s"), for it stands among those of its sink.
#pragma once

#include <string>
#include <string_view>

namespace forebay {

inline std::string queue_limit_label(std::string_view queue, std::string_view limit) {
  std::string label = "queue ";
  label += queue;
  label += ": ";
  return label += limit;
}

}  // namespace forebay
