#include "sim/key_meter.h"

#include <algorithm>

namespace forebay::sim {

uint64_t KeyMeter::held(const std::vector<Instant>& came, Instant now, Duration per) {
  return static_cast<uint64_t>(came.end() - std::upper_bound(came.begin(), came.end(), now - per));
}

bool KeyMeter::has_room(KeyHash key, Instant now) {
  const auto found = came_.find(key);
  if (found == came_.end()) return true;
  return std::all_of(windows_.begin(), windows_.end(),
                     [&](const Window& w) { return held(found->second, now, w.per) < w.bound; });
}

void KeyMeter::count(KeyHash key, Instant now) {
  std::vector<Instant>& came = came_[key];
  came.push_back(now);
  Duration longest;
  for (Window& window : windows_) {
    window.worst = std::max(window.worst, held(came, now, window.per));
    longest = std::max(longest, window.per);
  }
  const auto gone = std::upper_bound(came.begin(), came.end(), now - longest);
  if (gone - came.begin() > 16) came.erase(came.begin(), gone);
}

}  // namespace forebay::sim
