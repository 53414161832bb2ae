// Attempts: the sends under way, by ticket. A ticket is given once; it names a place, and the places are few: as many
// as were ever under way at the same time. 72 bytes a place, O(1), no hashing.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "limiter/limit.h"

namespace forebay {

struct Attempt {
  Sequence sequence = 0;
  SinkId sink = 0;
  bool probe = false;
  bool handed_out = false;                                                 // to a consumer: its permits are settled
  bool took_queue = false, took_queue_key = false, took_sink_key = false;  // permits of these limits
  uint8_t queue_tag = 0;                                                   // as Taken::lane, of the queue's limits
  KeyHash key = 0;
  Taken taken;
};

class Attempts {
 public:
  static constexpr uint32_t most = 1 << 24;  // under way at once

  Ticket add(const Attempt& attempt) {
    uint32_t place = free_;
    if (place != 0) {
      free_ = places_[place - 1].next_free;
    } else {
      places_.emplace_back();
      place = static_cast<uint32_t>(places_.size());
      assert(place < most);
    }
    Place& at = places_[place - 1];
    at.attempt = attempt;
    at.ticket = ++given_ << 24 | place;
    return at.ticket;
  }

  // Likewise; good until the next add() or take().
  Attempt& operator[](Ticket ticket) {
    Place& at = places_[ticket % most - 1];
    assert(at.ticket == ticket);
    return at.attempt;
  }
  // Only of one that add() gave and that was not taken yet.
  Attempt take(Ticket ticket) {
    const auto place = static_cast<uint32_t>(ticket % most);
    assert(place > 0 && place <= places_.size() && places_[place - 1].ticket == ticket);
    Place& at = places_[place - 1];
    at.ticket = 0;
    at.next_free = free_;
    free_ = place;
    return at.attempt;
  }

 private:
  struct Place {
    Attempt attempt;
    Ticket ticket = 0;  // 0: free
    uint32_t next_free = 0;
  };

  std::vector<Place> places_;  // numbered from 1
  uint32_t free_ = 0;
  uint64_t given_ = 0;
};

}  // namespace forebay
