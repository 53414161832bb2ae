// The part of Reader that knows who may do what: tokens, their scopes, and the doors that may not be without them.
#include <algorithm>
#include <set>

#include "config/forms.h"
#include "config/reader.h"
#include "config/scope.h"
#include "config/suggest.h"

namespace forebay {

// Two tokens of one name could not be told apart in answers; two that are alike, nowhere.
void Reader::read_token(const YAML::Node& node, const Where& where) {
  target_.token = AuthToken{};
  const Given given = read_section(node, where);
  for (const AuthToken& other : target_.config.tokens) {
    if (given.contains("name") && !other.name.empty() && other.name == target_.token.name) {
      complain(given.at("name"), where.shown + ".name: a token called `" + other.name + "` is there already");
    }
    if (given.contains("token") && !other.token.empty() && other.token == target_.token.token) {
      complain(given.at("token"), where.shown + ".token: it is the same as that of `" + other.name + "`");
    }
  }
  target_.config.tokens.push_back(std::move(target_.token));
}

void Reader::check_scopes() {
  std::set<std::string> queue_names, all_names;
  for (const auto& [name, queue] : target_.config.queues) queue_names.insert(name);
  all_names = queue_names;
  for (const auto& [name, topic] : target_.config.topics) all_names.insert(name);
  for (const GivenScope& given : scopes_) {
    Scope scope;
    if (!parse_scope(given.text, &scope) || scope.verb == Verb::admin || scope.name == "*") continue;
    const bool of_topics = scope.verb == Verb::publish || scope.verb == Verb::read;
    const std::set<std::string>& names = of_topics ? all_names : queue_names;
    if (names.contains(scope.name)) continue;
    const std::string nearest = nearest_name(scope.name, std::vector<std::string>(names.begin(), names.end()));
    complain(given.where.place,
             given.where.shown + ": `" + given.shown_text + "` names no queue" + (of_topics ? " and no topic" : ""),
             nearest.empty() ? "" : "did you mean " + nearest + "?");
  }
}

void Reader::check_admin_doors() {
  if (!target_.config.tokens.empty()) return;
  for (size_t i = 0; i < target_.config.doors.size(); ++i) {
    const DoorConfig& door = target_.config.doors[i];
    if (door.type != DoorConfig::Type::admin || is_loopback(door.host)) continue;
    complain(door_places_[i],
             "doors[" + std::to_string(i) + "].listen: an admin door beyond this machine needs auth.tokens",
             "whoever reaches it may pause, purge and reload; give a token with `may: [admin]`, or listen on "
             "127.0.0.1:7071");
  }
}

}  // namespace forebay
