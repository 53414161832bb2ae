#include "doors/http/unique_json.h"

#include <set>
#include <vector>

namespace forebay {

nlohmann::json parse_unique_json(std::string_view text, std::string* repeated) {
  using Json = nlohmann::json;
  std::vector<std::set<std::string>> open;  // names given so far in each object that is not closed
  repeated->clear();
  const auto note = [&](int, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event != Json::parse_event_t::key) return true;
    const auto& name = parsed.get_ref<const std::string&>();
    if (!open.back().insert(name).second && repeated->empty()) *repeated = name;
    return true;
  };
  return Json::parse(text, note, false);
}

}  // namespace forebay
