// The history of key limits across restarts: each send of a key is told to the backlog when it settles, together with
// its settle, and at the start the backlog tells those that may still count. What was in flight when the last process
// ended may be counted until its grace is over.
#include <xxhash.h>

#include <algorithm>
#include <map>

#include "relay/core.h"

namespace forebay {
namespace {

// Sets are numbered alike in every run: a queue's by its number, a sink's by its name.
uint32_t set_of(const Queue& queue) {
  return queue.id;
}
uint32_t set_of(const SinkLane& lane) {
  const std::string& name = lane.config().name;
  return 0x8000'0000u | XXH32(name.data(), name.size(), 0);
}

Duration longest(const std::vector<LimitConfig>& windows, Duration grace) {
  Duration longest{};
  for (const LimitConfig& window : windows) longest = std::max(longest, window.per + window.per / 1000);
  return longest + grace;
}

}  // namespace

Duration Core::key_history_length() const {
  Duration most{};
  for (const Queue& queue : queues_) {
    if (queue.configured) most = std::max(most, longest(queue.config.key_limits, lanes_[queue.sink]->config().timeout));
  }
  for (const auto& lane : lanes_) most = std::max(most, longest(lane->config().key_limits, lane->config().timeout));
  return most;
}

void Core::note_key_spend(const Attempt& attempt, const Queue& queue, SettledAs how, Now now) {
  if (attempt.key == 0 || how == SettledAs::not_sent) return;
  const SinkLane& lane = *lanes_[attempt.sink];
  const Duration grace = how == SettledAs::unanswered ? lane.config().timeout : Duration{};
  const int64_t settled_ms = time_.ms_at(now.steady + grace) + 1;
  if (attempt.took_queue_key) backlog_.key_spent(set_of(queue), attempt.key, settled_ms, 1);
  if (attempt.took_sink_key) backlog_.key_spent(set_of(lane), attempt.key, settled_ms, 1);
}

void Core::recover_key_history(Now now) {
  const Duration length = key_history_length();
  std::map<uint32_t, KeyLimits*> sets;
  for (const Queue& queue : queues_) {
    if (queue.key_limits && !queue.key_limits->empty()) sets[set_of(queue)] = queue.key_limits.get();
  }
  for (const auto& lane : lanes_) {
    if (lane->key_limits && !lane->key_limits->empty()) sets[set_of(*lane)] = lane->key_limits.get();
  }
  if (!sets.empty()) {
    backlog_.key_spends(time_.ms_at(now.steady - length), [&](uint32_t set, KeyHash key, int64_t ms, uint32_t cost) {
      const auto found = sets.find(set);
      if (found != sets.end()) found->second->spent(key, time_.instant(ms), cost, now);
    });
  }
  for (const Sequence sequence : std::exchange(crashed_, {})) {
    const MessageEntry& entry = *std::as_const(messages_).find(sequence);
    const Queue& queue = queue_of(entry.queue);
    const KeyHash key = key_of(queue, sequence, entry);
    if (key == 0 || !queue.configured) continue;
    const SinkLane& lane = *lanes_[queue.sink];
    const Instant settled = now.steady + lane.config().timeout;
    for (KeyLimits* limits : {queue.key_limits.get(), lane.key_limits.get()}) {
      if (limits != nullptr && !limits->empty()) limits->spent(key, settled, 1, now);
    }
  }
}

// Histories of keys that are over go a few at a time; so do throttles of keys.
void Core::age_keys(Now now) {
  if (now.steady - keys_aged_ < Duration::seconds(1)) return;
  keys_aged_ = now.steady;
  bool any = false;
  for (Queue& queue : queues_) {
    if (queue.key_limits) queue.key_limits->age(now), any = true;
  }
  for (const auto& lane : lanes_) {
    if (lane->key_limits) lane->key_limits->age(now), any = true;
    absl::erase_if(lane->throttled_keys, [&](const auto& key) { return key.second <= now.steady; });
  }
  if (!any || now.steady - key_spends_forgotten_ < Duration::minutes(10)) return;
  key_spends_forgotten_ = now.steady;
  backlog_.forget_key_spends(time_.ms_at(now.steady - key_history_length()));
}

}  // namespace forebay
