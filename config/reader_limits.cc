// The part of Reader that knows limits: of sinks, of queues and of keys.
#include <algorithm>
#include <set>

#include "base/size_text.h"
#include "config/forms.h"
#include "config/reader.h"

namespace forebay {
namespace {

const std::string limit_forms =
    "a window is {count: 300, per: 1s}, a quota {count: 1M, per: day}, a bucket {rate: 300/1s, burst: 50}";
using Form = LimitConfig::Kind;
constexpr uint64_t window_count_max = 10'000'000;

std::string canonical_name(const LimitConfig& limit, bool of_keys) {
  if (limit.kind == Form::calendar) return std::to_string(limit.count) + "/" + format_period(limit.period);
  std::string name = (of_keys ? "key:" : "") + format_rate(limit.count, limit.per);
  if (limit.kind == Form::bucket) name += " burst " + std::to_string(limit.burst);
  return name;
}

// How the items of a kind are written, for hints.
struct Words {
  std::string list, item, forms;
};

const Words& words_of(Kind kind) {
  static const Words limits{"[300/1s]", "300/1s or {count: 300, per: 1s}", limit_forms};
  static const Words key_limits{"[1/1m, 5/1h]", "5/1h or {count: 5, per: 1h}", "a key limit is {count: 5, per: 1h}"};
  static const Words producer_limits{"[100/1s]", "100/1s or {count: 100, per: 1s}",
                                     "a producer limit is {count: 100, per: 1s}"};
  if (kind == Kind::key_limits) return key_limits;
  return kind == Kind::producer_limits ? producer_limits : limits;
}

bool has_name(const std::vector<LimitConfig>& limits, const std::string& name) {
  return std::any_of(limits.begin(), limits.end(), [&](const LimitConfig& limit) { return limit.name == name; });
}

}  // namespace

void Reader::read_limits(const Key& key, const YAML::Node& node, const Where& where) {
  if (!node.IsSequence()) {
    const Place place = node.IsNull() ? where.place : place_of(node);
    return complain(place, where.shown + " must be a list", "such as " + words_of(key.kind).list);
  }
  std::vector<LimitConfig>& limits = *std::get<std::vector<LimitConfig>*>(key.slot(target_));
  for (size_t i = 0; i < node.size(); ++i) {
    const Where item{where.path + "[]", where.shown + "[" + std::to_string(i) + "]", place_of(node[i])};
    const size_t errors_before = errors_->size();
    if (!read_limit(node[i], item, key.kind)) continue;
    LimitConfig& limit = target_.limit;
    if (limit.name.empty()) limit.name = canonical_name(limit, key.kind == Kind::key_limits);
    // `concurrency` is that of the sink's concurrency.
    const bool taken = limit.name == "concurrency" || has_name(limits, limit.name);
    if (taken && errors_->size() == errors_before) {
      complain(item.place, item.shown + ": a limit called `" + limit.name + "` is there already",
               "give one of them a name of its own");
    }
    limits.push_back(limit);
  }
}

bool Reader::read_limit(const YAML::Node& node, const Where& where, Kind kind) {
  target_.limit = LimitConfig{};
  const bool plain_window = kind != Kind::limits;
  if (node.IsScalar()) {
    const Key& count = *find_key(where.path + ".count");
    const Key plain{.kind = plain_window ? Kind::key_limit : Kind::limit,
                    .slot = [](Target& target) -> Slot { return &target.limit; },
                    .range = {1, std::min(count.range.max, window_count_max)}};
    read_value(plain, node, where);
  } else if (node.IsMap()) {
    const Given given = read_section(node, where);
    plain_window ? require(given, {"count", "per"}, where, words_of(kind).forms) : check_limit(given, where);
  } else {
    complain(where.place, where.shown + " must be a rate or a map", "such as " + words_of(kind).item);
    return false;
  }
  return true;
}

void Reader::require(const Given& given, std::initializer_list<const char*> names, const Where& where,
                     const std::string& forms) {
  for (const char* name : names) {
    if (!given.contains(name)) complain(where.place, where.shown + "." + name + " is missing", forms);
  }
}

// What belongs to another form of limit would silently have no effect.
void Reader::check_limit(const Given& given, const Where& where) {
  LimitConfig& limit = target_.limit;
  const bool bucket = given.contains("rate") || given.contains("burst");
  if (bucket && (given.contains("count") || given.contains("per"))) {
    return complain(where.place, where.shown + " is half a window and half a bucket", limit_forms);
  }
  if (bucket) limit.kind = Form::bucket;
  bucket ? require(given, {"rate", "burst"}, where, limit_forms) : require(given, {"count", "per"}, where, limit_forms);
  const auto only = [&](Form kind, const std::string& whose, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const auto found = given.find(name);
      if (limit.kind == kind || found == given.end()) continue;
      const std::string is = limit.kind == Form::bucket   ? "a bucket"
                             : limit.kind == Form::window ? "a window"
                                                          : "a quota";
      complain(found->second, where.shown + "." + name + " belongs to " + whose + ", not to " + is, limit_forms);
    }
  };
  only(Form::window, "a window", {"margin", "unanswered_grace"});
  only(Form::calendar, "a quota", {"zone", "reserve"});
  if (limit.kind != Form::window || limit.count <= window_count_max) return;
  complain(given.at("count"), where.shown + ".count is out of range for a window",
           "1 to " + format_count(window_count_max));
}

void Reader::read_shares(const Key& key, const YAML::Node& node, const Where& where) {
  if (!node.IsMap()) {
    const Place place = node.IsNull() ? where.place : place_of(node);
    return complain(place, where.shown + " must be a map from classes to shares", "such as {otp: 20%}");
  }
  const bool of_sink = where.path.starts_with("sinks.");
  const std::string owner = of_sink ? target_.sink.name : target_.queue.name;
  auto& shares = *std::get<std::vector<std::pair<std::string, double>>*>(key.slot(target_));
  const Key percent{.path = key.path, .kind = Kind::percent, .range = key.range};
  std::set<std::string> seen;
  double sum = 0, share = 0;
  for (const auto& pair : node) {
    const std::string lane = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const Where here{where.path, where.shown + "." + lane, place_of(pair.first)};
    if (!seen.insert(lane).second) {
      complain(here.place, here.shown + " is given twice");
    } else if (read_into(percent, pair.second, here, &share)) {
      shares.emplace_back(lane, share);
      sum += share;
    }
    reserves_.push_back({lane, owner, where.shown, here.place, of_sink});
  }
  if (sum > 1 + 1e-9) complain(where.place, where.shown + " sums to " + format_percent(sum), "at most 100%");
}

}  // namespace forebay
