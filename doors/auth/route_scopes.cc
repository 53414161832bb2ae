#include "doors/auth/route_scopes.h"

namespace forebay {
namespace {

using On = NeededScope::On;

struct Row {
  DoorSide door;
  std::string_view method;  // empty: whatever it is
  std::string_view prefix, suffix;
  Verb verb;
  On on;
};

// The first row that fits. The most frequent come first; a message's own verbs before the message itself.
constexpr Row rows[] = {
    {DoorSide::http, "", "/v1/queues/", "/messages", Verb::publish, On::name},
    {DoorSide::http, "", "/v1/queues/", "/messages:batch", Verb::publish, On::name},
    {DoorSide::http, "", "/v1/topics/", "/messages", Verb::publish, On::name},
    {DoorSide::http, "", "/v1/topics/", "/messages:batch", Verb::publish, On::name},
    {DoorSide::http, "", "/v1/queues/", "/messages:lease", Verb::pull, On::name},
    {DoorSide::http, "", "/v1/queues/", "/messages:ack", Verb::pull, On::name},
    {DoorSide::http, "", "/v1/queues/", "/messages:nack", Verb::pull, On::name},
    {DoorSide::http, "", "/v1/queues/", "/messages:extend", Verb::pull, On::name},
    {DoorSide::http, "", "/v1/topics/", "/stream", Verb::read, On::name},
    {DoorSide::http, "", "/v1/messages/", ":release", Verb::cancel, On::message},
    {DoorSide::http, "DELETE", "/v1/messages/", "", Verb::cancel, On::message},
    {DoorSide::http, "", "/v1/messages/", "", Verb::read, On::message},
    {DoorSide::admin, "", "/healthz", "", Verb::admin, On::open},
    {DoorSide::admin, "", "/readyz", "", Verb::admin, On::open},
    {DoorSide::admin, "", "/", "", Verb::admin, On::open},
    {DoorSide::admin, "", "/metrics", "", Verb::admin, On::metrics},
};

bool has_name(const Row& row) {
  return row.on == On::name || row.on == On::message;
}

// What stands between prefix and suffix, if it is one whole segment; of a row without a name, nothing.
std::optional<std::string_view> name_in(const Row& row, std::string_view path) {
  if (!has_name(row)) return path == row.prefix ? std::optional(std::string_view()) : std::nullopt;
  if (path.size() <= row.prefix.size() + row.suffix.size()) return std::nullopt;
  if (!path.starts_with(row.prefix) || !path.ends_with(row.suffix)) return std::nullopt;
  path.remove_prefix(row.prefix.size());
  path.remove_suffix(row.suffix.size());
  if (path.find('/') != path.npos) return std::nullopt;
  return path;
}

}  // namespace

std::optional<NeededScope> needed_scope(DoorSide door, std::string_view method, std::string_view path) {
  for (const Row& row : rows) {
    if (row.door != door || (!row.method.empty() && row.method != method)) continue;
    if (const auto name = name_in(row, path)) return NeededScope{row.verb, row.on, *name};
  }
  return std::nullopt;
}

}  // namespace forebay
