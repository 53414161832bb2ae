#include "doors/http/routes.h"

#include <optional>

namespace forebay {
namespace {

struct Row {
  std::string_view method;
  std::string_view prefix;
  std::string_view suffix;
  Action action;
  std::string_view allow;  // every method of this path
};

// The first row that fits the path and the method; rows of one path stand together. A message's own verbs
// come before the message itself, whose name would take them in.
constexpr Row rows[] = {
    {"POST", "/v1/queues/", "/messages", Action::publish, "POST"},
    {"POST", "/v1/queues/", "/messages:batch", Action::publish_batch, "POST"},
    {"POST", "/v1/queues/", "/messages:lease", Action::lease, "POST"},
    {"POST", "/v1/queues/", "/messages:ack", Action::ack, "POST"},
    {"POST", "/v1/queues/", "/messages:nack", Action::nack, "POST"},
    {"POST", "/v1/queues/", "/messages:extend", Action::extend, "POST"},
    {"POST", "/v1/topics/", "/messages", Action::publish_topic, "POST"},
    {"POST", "/v1/topics/", "/messages:batch", Action::publish_topic_batch, "POST"},
    {"GET", "/v1/topics/", "/stream", Action::stream, "GET"},
    {"POST", "/v1/messages/", ":release", Action::release_message, "POST"},
    {"GET", "/v1/messages/", "", Action::find_message, "GET, HEAD, DELETE"},
    {"HEAD", "/v1/messages/", "", Action::find_message, "GET, HEAD, DELETE"},
    {"DELETE", "/v1/messages/", "", Action::cancel_message, "GET, HEAD, DELETE"},
};

// What stands between prefix and suffix, if it is one whole segment.
std::optional<std::string_view> name_in(const Row& row, std::string_view path) {
  if (path.size() <= row.prefix.size() + row.suffix.size()) return std::nullopt;
  if (!path.starts_with(row.prefix) || !path.ends_with(row.suffix)) return std::nullopt;
  path.remove_prefix(row.prefix.size());
  path.remove_suffix(row.suffix.size());
  if (path.find('/') != path.npos) return std::nullopt;
  return path;
}

}  // namespace

Route route_of(std::string_view method, std::string_view path) {
  const Row* other_method = nullptr;
  for (const Row& row : rows) {
    const auto name = name_in(row, path);
    if (!name) continue;
    if (row.method == method) return {row.action, *name, row.allow};
    if (other_method == nullptr) other_method = &row;
  }
  if (other_method == nullptr) return {};
  return {Action::unknown_method, {}, other_method->allow};
}

}  // namespace forebay
