// Rounds: whose turn it is among members that share something (flows of a class, queues of a sink). Deficit round robin
// with the debt carried over (surplus round robin): a member whose turn has come sends first and pays afterwards, by
// cost / weight rounds in which it is passed over. Members are told by number; who owns them keeps a `turn` for each.
// Source of the idea: M. Shreedhar, G. Varghese, "Efficient Fair Queuing using Deficit Round Robin" (SIGCOMM 1995).
//
// Promise: a member that joins waits for one turn of each of the others at most; over any stretch in which two members
// both wait, what they send differs by one send each, weighed, at most. O(1) amortised: a round in which nobody may
// send is looked through once, then the rounds go on to the first in which somebody may.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <deque>

namespace forebay {

class Rounds {
 public:
  bool empty() const { return ring_.empty(); }
  size_t size() const { return ring_.size(); }

  // Only one that is not in it.
  void join(uint32_t member, uint64_t& turn) {
    turn = std::max(turn, round_ << shift);
    ring_.push_back(member);
  }

  // The member whose turn it is; it stays so until served() or leave(). `turn_of(member)`: its turn.
  template <typename TurnOf>
  uint32_t front(TurnOf turn_of) {
    assert(!ring_.empty());
    for (;;) {
      if (left_ == 0) next_round();
      const uint32_t member = ring_.front();
      const uint64_t comes = turn_of(member) >> shift;
      if (comes <= round_) return member;
      earliest_ = std::min(earliest_, comes);
      to_the_end();
    }
  }

  // What a send of that cost is worth, in parts of a round.
  static uint64_t price(uint64_t cost, double weight) {
    if (weight == 1) return cost << shift;
    return static_cast<uint64_t>(std::ceil(static_cast<double>(cost << shift) / weight));
  }

  // The member in front sent something, and has more to send (`stays`) or leaves.
  void served(uint64_t& turn, uint64_t price, bool stays) {
    turn = std::max(turn, round_ << shift) + price;
    served_ = true;
    if (!stays) return leave();
    if (turn >> shift > round_) {
      earliest_ = std::min(earliest_, turn >> shift);
      to_the_end();
    }
  }

  // The one in front has nothing to send.
  void leave() {
    ring_.pop_front();
    --left_;
  }

  // visit(member) in the order of their turns, about, until it returns false.
  template <typename Visit>
  void scan(Visit visit) const {
    for (const uint32_t member : ring_) {
      if (!visit(member)) return;
    }
  }

 private:
  static constexpr unsigned shift = 16;  // of a turn: parts of a round, for weights

  void to_the_end() {
    const uint32_t member = ring_.front();
    ring_.pop_front();
    ring_.push_back(member);
    --left_;
  }
  void next_round() {
    round_ = served_ || earliest_ == UINT64_MAX ? round_ + 1 : std::max(round_ + 1, earliest_);
    left_ = ring_.size();
    earliest_ = UINT64_MAX;
    served_ = false;
  }

  std::deque<uint32_t> ring_;
  size_t left_ = 0;  // members not looked at in this round
  uint64_t round_ = 0;
  uint64_t earliest_ = UINT64_MAX;
  bool served_ = false;
};

}  // namespace forebay
