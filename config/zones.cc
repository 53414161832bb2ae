#include "config/zones.h"

#include <date/tz.h>

#include <exception>
#include <vector>

#include "config/suggest.h"

namespace forebay {

// The library speaks through exceptions where there are no zone files at all; they end here.
std::string nearest_zone(std::string_view written) {
  std::vector<std::string> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) names.push_back(zone.name());
  } catch (const std::exception&) {
    return "";
  }
  const std::string nearest = nearest_name(written, names);
  if (!nearest.empty()) return nearest;
  // "Shanghai" of Asia/Shanghai
  for (const std::string& name : names) {
    const size_t slash = name.rfind('/');
    if (slash != std::string::npos && edit_distance(written, name.substr(slash + 1)) <= 1) return name;
  }
  return "";
}

}  // namespace forebay
