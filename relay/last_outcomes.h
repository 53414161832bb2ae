// LastOutcomes: how the last attempt of a message that waits again ended, for those who ask. Bounded; the oldest are
// forgotten first, and a restart forgets all.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <string>
#include <utility>

#include "base/ids.h"

namespace forebay {

class LastOutcomes {
 public:
  void set(Sequence sequence, std::string what) {
    const auto [at, inserted] = outcomes_.insert_or_assign(sequence, std::move(what));
    (void)at;
    if (inserted) order_.push_back(sequence);
    if (order_.size() > count_max) {
      outcomes_.erase(order_.front());
      order_.pop_front();
    }
  }
  void erase(Sequence sequence) { outcomes_.erase(sequence); }
  std::string find(Sequence sequence) const {
    const auto found = outcomes_.find(sequence);
    return found == outcomes_.end() ? std::string() : found->second;
  }

 private:
  static constexpr size_t count_max = 16'384;
  absl::flat_hash_map<Sequence, std::string> outcomes_;
  std::deque<Sequence> order_;
};

}  // namespace forebay
