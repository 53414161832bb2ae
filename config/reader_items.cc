// The parts of Reader that know what the items of the config are: doors, sinks and queues, and how their keys
// belong together.
#include <algorithm>
#include <array>
#include <set>

#include "base/size_text.h"
#include "config/forms.h"
#include "config/reader.h"

namespace forebay {
namespace {

constexpr uint16_t http_port = 7070;
constexpr uint16_t admin_port = 7071;
constexpr uint16_t forward_port = 7072;

// Headers that the relay writes itself, or that would change where a request ends.
constexpr std::array<std::string_view, 12> own_headers{
    "connection",    "content-length",  "expect", "forebay-attempt", "forebay-message-id", "forebay-message-ids",
    "forebay-queue", "idempotency-key", "te",     "trailer",         "transfer-encoding",  "upgrade"};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string address_text(const DoorConfig& door) {
  const bool v6 = door.host.find(':') != std::string::npos;
  return (v6 ? "[" + door.host + "]" : door.host) + ":" + std::to_string(door.port);
}

DoorConfig default_door(DoorConfig::Type type) {
  DoorConfig door;
  door.type = type;
  using Type = DoorConfig::Type;
  door.port = type == Type::admin ? admin_port : type == Type::forward ? forward_port : http_port;
  return door;
}

}  // namespace

void Reader::read_door(const YAML::Node& node, const Where& where) {
  target_.door = DoorConfig{};
  const Given given = read_section(node, where);
  if (!given.contains("listen")) target_.door.port = default_door(target_.door.type).port;
  if (given.contains("tls")) check_tls(node["tls"], where);
  check_forward_keys(given, where);
  target_.config.doors.push_back(target_.door);
  door_places_.push_back(where.place);
}

void Reader::read_rule(const YAML::Node& node, const Where& where) {
  target_.rule = ResponseRule{};
  const Given given = read_section(node, where);
  if (given.contains("in") && !given.contains("json")) {
    complain(given.at("in"), where.shown + ".in needs json", "such as json: /Code");
  }
  for (const char* name : {"scope", "for"}) {
    if (!given.contains(name) || target_.rule.then == ResponseRule::Then::throttle) continue;
    complain(given.find(name)->second, where.shown + "." + name + " belongs to `then: throttle`");
  }
  target_.sink.responses.push_back(target_.rule);
}

void Reader::read_headers(const YAML::Node& node, const Where& where) {
  if (!node.IsMap()) {
    const Place place = node.IsNull() ? where.place : place_of(node);
    return complain(place, where.shown + " must be a map of texts", "such as {X-Tenant: shop}");
  }
  std::set<std::string> seen;
  for (const auto& pair : node) {
    const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const Where here{where.path, where.shown + "." + name, place_of(pair.first)};
    const bool own = std::find(own_headers.begin(), own_headers.end(), lower(name)) != own_headers.end();
    Substituted value;
    std::string text;
    if (!is_token(name)) {
      complain(here.place, where.shown + ": a name of a header has letters, digits and - only");
    } else if (own) {
      complain(here.place, here.shown + " is written by the relay itself");
    } else if (!seen.insert(lower(name)).second) {
      complain(here.place, here.shown + " is given twice");
    } else if (scalar(pair.second, here, &value)) {
      // A header's value may be a secret, so it is never shown.
      if (auto wrong = store_value({.kind = Kind::text}, value.text, &text)) {
        complain(place_of(pair.second), here.shown + ": the value " + wrong->what, wrong->hint);
      }
      target_.sink.headers.emplace_back(name, text);
    }
  }
}

void Reader::add_default_doors() {
  for (auto type : {DoorConfig::Type::http, DoorConfig::Type::admin}) {
    target_.config.doors.push_back(default_door(type));
    door_places_.push_back({1, 1});
  }
}

void Reader::check_doors() {
  std::vector<DoorConfig>& doors = target_.config.doors;
  for (size_t i = 0; i < doors.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (doors[i].port == 0 || doors[i].port != doors[j].port || doors[i].host != doors[j].host) continue;
      complain(door_places_[i], "doors[" + std::to_string(i) + "] listens on " + address_text(doors[i]) +
                                    " like doors[" + std::to_string(j) + "]");
    }
  }
}

// A message is one record, and a record lies in one file of the journal.
void Reader::check_messages_fit() {
  constexpr uint64_t record_overhead = 4096;
  const Config& config = target_.config;
  for (size_t i = 0; i < config.doors.size(); ++i) {
    const DoorConfig& door = config.doors[i];
    if (door.max_body_bytes + door.max_header_bytes + record_overhead <= config.journal.segment_bytes) continue;
    complain(door_places_[i],
             "doors[" + std::to_string(i) + "].max_body_bytes: such a message does not fit into a file of the journal",
             "journal.segment is " + format_size(config.journal.segment_bytes));
  }
}

// What the journal refuses. Below 8 files it has no room to turn over: reserves, the file being written, files being
// copied from.
void Reader::check_room(const Given& given) {
  constexpr uint64_t segments_min = 8;
  constexpr uint64_t page_bytes = 4096;
  constexpr size_t queues_max = 65'535;  // their numbers have 16 bits
  const Config& config = target_.config;
  if (config.journal.segment_bytes % page_bytes != 0) {
    const auto place = given.find("journal");
    complain(place != given.end() ? place->second : Place{1, 1}, "journal.segment must be a multiple of 4KiB",
             std::to_string(config.journal.segment_bytes) + " bytes are not");
  }
  if (config.queues.size() > queues_max) {
    complain(given.contains("queues") ? given.find("queues")->second : Place{1, 1}, "there can be 65,535 queues",
             "there are " + std::to_string(config.queues.size()));
  }
  if (config.max_bytes / segments_min >= config.journal.segment_bytes) return;
  const auto place = given.find("max_bytes");
  complain(place != given.end() ? place->second : Place{1, 1}, "max_bytes must hold at least 8 files of the journal",
           "8 × " + format_size(config.journal.segment_bytes));
}

}  // namespace forebay
