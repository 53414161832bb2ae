// BurialOrder: a queue's dead letters in order of burial: by the millisecond in which they died, and within
// it by sequence. It holds exactly those that are dead now: who is replayed, purged or dropped leaves at
// once, so that a purge or a replay visits each once and a page is found without looking at what stands
// before it. 16 bytes each.
#pragma once

#include <absl/container/btree_set.h>

#include <cassert>
#include <cstdint>

#include "base/ids.h"

namespace forebay {

// Where a letter stands. It says so also when the letter is gone, and after a restart.
struct Burial {
  int64_t died_ms = 0;
  Sequence sequence = 0;
  auto operator<=>(const Burial&) const = default;
};

class BurialOrder {
 public:
  bool empty() const { return letters_.empty(); }
  uint64_t size() const { return letters_.size(); }
  const Burial& oldest() const { return *letters_.begin(); }

  void bury(Burial letter) {
    const bool is_new = letters_.insert(letter).second;
    assert(is_new);
    (void)is_new;
  }
  void dig_up(Burial letter) {
    const size_t dug_up = letters_.erase(letter);
    assert(dug_up == 1);
    (void)dug_up;
  }

  // Calls visit(burial) for those behind `last`, oldest first, until it returns false.
  template <typename Visit>
  void scan_after(Burial last, Visit visit) const {
    for (auto at = letters_.upper_bound(last); at != letters_.end() && visit(*at);) ++at;
  }

 private:
  absl::btree_set<Burial> letters_;
};

}  // namespace forebay
