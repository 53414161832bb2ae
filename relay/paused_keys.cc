#include "relay/paused_keys.h"

#include <algorithm>

#include "relay/pause_notes.h"

namespace forebay {

void PausedKeys::note(const std::string& queue, size_t place, std::string_view key) {
  backlog_.note(key_pause_note(queue, place), key);
}

const std::vector<std::string>& PausedKeys::of(const std::string& queue) {
  const auto [found, is_new] = keys_.try_emplace(queue);
  std::vector<std::string>& keys = found->second;
  while (is_new && keys.size() < count_max) {
    std::string key = backlog_.noted(key_pause_note(queue, keys.size()));
    if (key.empty()) break;
    keys.push_back(std::move(key));
  }
  return keys;
}

PausedKeys::Change PausedKeys::set(const std::string& queue, const std::string& key, bool paused) {
  of(queue);
  std::vector<std::string>& keys = keys_.at(queue);
  const auto found = std::find(keys.begin(), keys.end(), key);
  if ((found != keys.end()) == paused) return Change::none;
  if (paused) {
    if (keys.size() >= count_max) return Change::full;
    note(queue, keys.size(), key);
    keys.push_back(key);
    return Change::made;
  }
  if (found != keys.end() - 1) {
    *found = keys.back();
    note(queue, static_cast<size_t>(found - keys.begin()), *found);
  }
  keys.pop_back();
  note(queue, keys.size(), "");
  return Change::made;
}

}  // namespace forebay
