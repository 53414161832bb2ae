// The publish door's paths: which request is whose.
#pragma once

#include <string_view>

namespace forebay {

enum class Action {
  publish,
  publish_batch,
  lease,
  ack,
  nack,
  extend,
  release_message,
  publish_topic,
  publish_topic_batch,
  stream,
  find_message,
  cancel_message,
  unknown_path,    // 404
  unknown_method,  // 405; `allow` says what goes
};

struct Route {
  Action action = Action::unknown_path;
  std::string_view name;  // the queue, topic or id in the path, still percent-encoded
  std::string_view allow;
};

Route route_of(std::string_view method, std::string_view path);

}  // namespace forebay
