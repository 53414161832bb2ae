#include "doors/http/pull_requests.h"

#include "base/duration_text.h"
#include "base/json_check.h"
#include "doors/http/unique_json.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

using Json = nlohmann::json;

// Reads members off an object; the first that is wrong is kept, and what is left over in the end is unknown.
class Members {
 public:
  explicit Members(std::string_view body) {
    if (body.empty()) return;
    if (const std::string_view flaw = json_flaw(body); !flaw.empty()) {
      complain("it " + std::string(flaw));
    } else {
      std::string repeated;
      json_ = parse_unique_json(body, &repeated);
      if (!json_.is_object()) complain("it is not a JSON object");
      if (!repeated.empty()) complain(quoted(repeated) + " is given more than once");
    }
  }

  void number(const char* name, uint32_t max, uint32_t* into) {
    const Json value = take(name);
    if (value.is_null()) return;
    if (!value.is_number_unsigned() || value < 1 || value > max) {
      return complain(quoted(name) + " must be a whole number from 1 to " + std::to_string(max));
    }
    *into = value.get<uint32_t>();
  }

  std::optional<Duration> duration(const char* name, Duration min, Duration max) {
    const Json value = take(name);
    if (value.is_null()) return std::nullopt;
    Duration duration;
    const bool good = value.is_string() && parse_duration(value.get_ref<const std::string&>(), &duration);
    if (good && duration >= min && duration <= max) return duration;
    complain(quoted(name) + " must be a duration from " + format_duration(min) + " to " + format_duration(max) +
             ", such as \"20s\"");
    return std::nullopt;
  }

  std::vector<std::string> texts(const char* name, size_t max) {
    std::vector<std::string> texts;
    const Json value = take(name);
    if (!value.is_array() || value.empty() || value.size() > max) {
      complain(quoted(name) + " must be a list of 1 to " + std::to_string(max) + " lease ids");
      return texts;
    }
    for (const Json& item : value) {
      if (!item.is_string()) {
        complain(quoted(name) + " must hold strings");
        break;
      }
      texts.push_back(item.get<std::string>());
    }
    return texts;
  }

  // After everything known was taken.
  std::optional<Problem> problem() {
    if (what_.empty() && json_.is_object() && !json_.empty()) {
      complain(quoted(json_.begin().key()) + " is not known here");
    }
    if (what_.empty()) return std::nullopt;
    return refusal(422, "bad-lease-request", "The request cannot be used", what_);
  }

 private:
  static std::string quoted(const std::string& name) { return "\"" + name + "\""; }
  void complain(std::string what) {
    if (what_.empty()) what_ = std::move(what);
  }
  Json take(const char* name) {
    if (!json_.is_object() || !json_.contains(name)) return nullptr;
    Json value = std::move(json_[name]);
    json_.erase(name);
    return value;
  }

  Json json_ = Json::object();
  std::string what_;
};

}  // namespace

std::variant<LeaseRequest, Problem> read_lease_request(std::string_view body) {
  Members members(body);
  LeaseRequest request;
  members.number("max", lease_messages_max, &request.max);
  request.wait = members.duration("wait", Duration{}, lease_wait_max).value_or(Duration{});
  request.lease = members.duration("lease", lease_min, lease_max);
  if (auto problem = members.problem()) return *problem;
  return request;
}

std::variant<LeaseChange, Problem> read_lease_change(std::string_view body, LeaseVerb verb) {
  Members members(body);
  LeaseChange change;
  change.lease_ids = members.texts("lease_ids", lease_ids_max);
  if (verb == LeaseVerb::nack) change.delay = members.duration("delay", {}, Duration::days(365)).value_or(Duration{});
  if (verb == LeaseVerb::extend) change.lease = members.duration("lease", lease_min, lease_max);
  if (auto problem = members.problem()) return *problem;
  return change;
}

}  // namespace forebay
