// KeyMeter: bounds per key as a downstream counts them, sliding windows all; exact, whatever it costs in memory.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace forebay::sim {

class KeyMeter {
 public:
  struct Window {
    uint64_t bound;
    Duration per;
    uint64_t worst = 0;  // the most that the window of any key held
  };

  explicit KeyMeter(std::vector<Window> windows) : windows_(std::move(windows)) {}

  bool has_room(KeyHash key, Instant now);
  void count(KeyHash key, Instant now);
  const std::vector<Window>& windows() const { return windows_; }
  size_t keys() const { return came_.size(); }

 private:
  static uint64_t held(const std::vector<Instant>& came, Instant now, Duration per);
  std::vector<Window> windows_;
  absl::flat_hash_map<KeyHash, std::vector<Instant>> came_;  // rising
};

}  // namespace forebay::sim
