// The part of Reader that knows sinks: which keys belong to which type, and what each type must have.
#include <algorithm>
#include <array>

#include "config/reader.h"

namespace forebay {
namespace {

// Of the keys that not every type has, those it does: `required` where it cannot do without.
struct Belongs {
  std::string_view key;
  std::string_view types;
  std::string_view required;
};

constexpr std::array belongs{
    Belongs{"url", "http smtp redis", "http smtp redis"},
    Belongs{"method", "http", ""},
    Belongs{"headers", "http", ""},
    Belongs{"ca_file", "http smtp", ""},
    Belongs{"responses", "http", ""},
    Belongs{"pause_on", "http", ""},
    Belongs{"sign", "http", ""},
    Belongs{"batch", "http file", ""},
    Belongs{"path", "file", "file"},
    Belongs{"rotate", "file", ""},
    Belongs{"mail", "smtp", "smtp"},
    Belongs{"redis", "redis", "redis"},
};

bool lists(std::string_view types, std::string_view type) {
  for (size_t at = 0; at < types.size();) {
    const size_t end = std::min(types.find(' ', at), types.size());
    if (types.substr(at, end - at) == type) return true;
    at = end + 1;
  }
  return false;
}

// "http", "http or smtp", "http, smtp or redis"
std::string with_or(std::string types) {
  const size_t last = types.rfind(' ');
  if (last == types.npos) return types;
  const std::string tail = " or" + types.substr(last);
  types.resize(last);
  for (size_t space = types.find(' '); space != types.npos; space = types.find(' ', space + 2)) {
    types.insert(space, ",");
  }
  return types + tail;
}

// An example that fits the type.
Key as_example(Key key, const SinkConfig& sink) {
  if (key.kind == Kind::sink_url && sink.type == "smtp") key.example = "smtps://mail.example.com";
  if (key.kind == Kind::sink_url && sink.type == "redis") key.example = "redis://127.0.0.1:6379/0";
  return key;
}

}  // namespace

void Reader::read_sink(const std::string& name, const YAML::Node& node, const Where& where) {
  target_.sink = SinkConfig{};
  target_.sink.name = name;
  const Given given = read_section(node, where);
  check_sink_type(given, node, where);
  check_not_empty(node, where);
  check_signed_headers(given, where);
  target_.config.sinks.emplace(name, std::move(target_.sink));
}

void Reader::check_sink_type(const Given& given, const YAML::Node& node, const Where& where) {
  const SinkConfig& sink = target_.sink;
  for (const Belongs& rule : belongs) {
    const std::string key(rule.key);
    if (!given.contains(key)) {
      if (lists(rule.required, sink.type)) complain_missing(where, as_example(*find_key(where.path + "." + key), sink));
    } else if (!lists(rule.types, sink.type)) {
      complain(given.at(key), where.shown + "." + key + " is nothing that a sink of type " + sink.type + " has",
               "it belongs to type " + with_or(std::string(rule.types)));
    }
  }
  if (sink.url.empty() || !lists(belongs[0].types, sink.type)) return;
  const std::string scheme = sink.url.substr(0, sink.url.find("://"));
  if (scheme == sink.type || scheme == sink.type + "s") return;
  complain(place_of(node["url"]),
           where.shown + ".url: the URL does not begin with " + sink.type + "://" +
               (sink.type == "redis" ? "" : " or " + sink.type + "s://"),
           "the sink is of type " + sink.type);
}

// What is given and says nothing.
void Reader::check_not_empty(const YAML::Node& node, const Where& where) {
  const auto complain_if = [&](const YAML::Node& at, bool empty, const std::string& key) {
    if (at.IsDefined() && !at.IsNull() && empty) complain(place_of(at), where.shown + key + " is empty");
  };
  if (!node.IsMap()) return;
  const YAML::Node path = node["path"], sign = node["sign"], redis = node["redis"];
  complain_if(path, path.IsDefined() && path.IsScalar() && target_.sink.file.path.empty(), ".path");
  if (redis.IsDefined() && redis.IsMap()) {
    const YAML::Node name = redis["name"];
    complain_if(name, name.IsDefined() && name.IsScalar() && target_.sink.redis.name.empty(), ".redis.name");
  }
  if (sign.IsDefined() && sign.IsMap()) {
    const YAML::Node secrets = sign["secrets"];
    complain_if(secrets, secrets.IsDefined() && secrets.IsSequence() && secrets.size() == 0, ".sign.secrets");
  }
}

// These would be written twice.
void Reader::check_signed_headers(const Given& given, const Where& where) {
  if (target_.sink.sign.secrets.empty() || !given.contains("headers")) return;
  for (const auto& [name, value] : target_.sink.headers) {
    std::string lower;
    for (char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != "webhook-id" && lower != "webhook-timestamp" && lower != "webhook-signature") continue;
    complain(given.at("headers"), where.shown + ".headers." + name + " is written by the relay itself",
             "since the sink has `sign`");
  }
}

}  // namespace forebay
