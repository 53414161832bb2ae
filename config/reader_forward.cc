// The part of Reader that knows forward doors: which keys are theirs, and where what they store may go.
#include <array>
#include <string_view>

#include "config/reader.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 3> forward_keys{"queue", "inline", "reply"};

bool has_no_body(uint32_t status) {
  return status == 204 || status == 304;
}

}  // namespace

void Reader::check_forward_keys(const Given& given, const Where& where) {
  const DoorConfig& door = target_.door;
  if (door.type != DoorConfig::Type::forward) {
    for (const std::string_view name : forward_keys) {
      const auto found = given.find(name);
      if (found == given.end()) continue;
      complain(found->second, where.shown + "." + std::string(name) + " belongs to a door of `type: forward`");
    }
    return;
  }
  if (!given.contains("queue")) {
    complain(where.place, where.shown + ".queue is missing", "where its requests go, such as queue: sms");
  }
  if (has_no_body(door.reply.status) && !door.reply.body.empty()) {
    complain(given.find("reply")->second,
             where.shown + ".reply: a status of " + std::to_string(door.reply.status) + " has no body");
  }
}

// A whole request can only go where one goes out for each message, to a URL that a path can be put behind.
void Reader::check_forward_doors() {
  for (const Reference& reference : references_) {
    if (reference.where.path != "doors[].queue") continue;
    const auto queue = target_.config.queues.find(reference.name);
    if (queue == target_.config.queues.end()) continue;  // told already
    const std::string lead = reference.where.shown + ": queue `" + reference.name + "` ";
    if (queue->second.pull) {
      complain(reference.where.place, lead + "is pulled", "a forward door needs one that drains into a sink");
      continue;
    }
    const auto found = target_.config.sinks.find(queue->second.sink);
    if (found == target_.config.sinks.end()) continue;
    const SinkConfig& sink = found->second;
    const std::string into = lead + "drains into sink `" + sink.name + "`, ";
    if (sink.type != "http") {
      complain(reference.where.place, into + "which is not of type http", "requests are sent on as requests");
    } else if (sink.batch.max > 1) {
      complain(reference.where.place, into + "which sends batches", "a request that is sent on stands alone");
    } else if (sink.url.find_first_of("?#") != std::string::npos) {
      complain(reference.where.place, into + "whose url has a query or a fragment",
               "the path and query of each request are put behind it");
    }
  }
}

}  // namespace forebay
