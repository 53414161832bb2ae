// FlowTable: the flows of one queue. A flow is what waits of one key in one class: a line of sequences and its place in
// the rounds (relay/rounds.h). It is there while a message of it is (waiting, in flight or dead), and no longer.
//
// Memory: 48 bytes a flow, and 6 to 12 for finding it; its first run of neighbours lies in the flow itself, further
// ones in nodes of 12 bytes, so that a hot key's line costs at most 12 bytes a message. Storage is in blocks of 4,096,
// so nothing is moved and no growth takes longer than a block; the index is in 64 parts for the same reason. A Flow& is
// good until forget() of that flow. Like a RunQueue, a line has no middle: who owns the messages skips those that are
// gone when they come to the front.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "relay/message_entry.h"

namespace forebay {

struct Flow {
  // idle: nothing to send, or (order: strict) its head is not ready. queued: it stands in the rounds of its class.
  // parked: its key is blocked; it comes back by time, by a settle of its key, or by an operator.
  enum class State : uint8_t { idle, queued, parked };

  KeyHash key = 0;
  uint64_t turn = 0;      // of the rounds
  uint64_t head_run = 0;  // as in RunQueue: first << 16 | count; 0: the line is empty
  uint32_t next_node = 0, last_node = 0;
  uint32_t members = 0;  // its messages, dead ones too
  uint32_t ready = 0;    // of those, the ready ones in its line
  uint8_t klass = 0;
  uint8_t weight = 1;
  State state = State::idle;
  bool stuck = false;    // parked without a time
  bool limited = false;  // parked by a key limit
};
static_assert(sizeof(Flow) == 48);

class FlowTable {
 public:
  static constexpr uint64_t flows_max = overflow_flow - 1;

  Flow& operator[](FlowId id) { return blocks_[id / per_block]->at(id % per_block); }
  const Flow& operator[](FlowId id) const { return blocks_[id / per_block]->at(id % per_block); }
  uint64_t size() const { return size_; }

  FlowId find(uint8_t klass, KeyHash key) const;  // no_flow: none
  FlowId add(uint8_t klass, KeyHash key);         // only when there is none, and fewer than flows_max
  // Only without members, and when nobody holds its number any more. What is left in its line is gone.
  void forget(FlowId id);

  // -- its line --
  static bool line_empty(const Flow& flow) { return flow.head_run == 0; }
  static Sequence front(const Flow& flow) { return flow.head_run >> 16; }
  void push(Flow& flow, Sequence sequence);
  void push_front(Flow& flow, Sequence sequence);
  void pop(Flow& flow);
  // visit(sequence) from the front until it returns false.
  template <typename Visit>
  void scan(const Flow& flow, Visit visit) const {
    for (uint64_t run = flow.head_run, node = flow.next_node; run != 0;) {
      for (uint64_t i = 0; i < count(run); ++i) {
        if (!visit(first(run) + i)) return;
      }
      if (node == 0) return;
      run = runs_[node].run();
      node = runs_[node].next;
    }
  }

  // visit(id) for every flow.
  template <typename Visit>
  void for_each(Visit visit) {
    for (FlowId id = 1; id <= used_; ++id) {
      if ((*this)[id].key != 0) visit(id);
    }
  }

  size_t memory_bytes() const;

 private:
  static constexpr size_t per_block = 4096;
  static constexpr size_t parts = 64;
  static constexpr uint64_t count_max = 0xFFFF;
  static Sequence first(uint64_t run) { return run >> 16; }
  static uint64_t count(uint64_t run) { return run & 0xFFFF; }

  struct Node {
    uint32_t low = 0, high = 0, next = 0;
    uint64_t run() const { return static_cast<uint64_t>(high) << 32 | low; }
    void set_run(uint64_t run) { low = static_cast<uint32_t>(run), high = static_cast<uint32_t>(run >> 32); }
  };
  // Nodes by number, from 1, in blocks.
  class Nodes {
   public:
    Node& operator[](uint64_t id) { return (*blocks_[id / per_block])[id % per_block]; }
    const Node& operator[](uint64_t id) const { return (*blocks_[id / per_block])[id % per_block]; }
    uint32_t take();
    void give_back(uint32_t id);
    size_t memory_bytes() const { return blocks_.size() * sizeof(Block); }

   private:
    using Block = std::array<Node, per_block>;
    std::vector<std::unique_ptr<Block>> blocks_;
    uint32_t free_ = 0, used_ = 0;
  };

  struct Named {
    uint8_t klass;
    KeyHash key;
  };
  struct Hash {
    using is_transparent = void;
    const FlowTable* table;
    size_t operator()(FlowId id) const { return hash((*table)[id].klass, (*table)[id].key); }
    size_t operator()(const Named& named) const { return hash(named.klass, named.key); }
  };
  struct Equal {
    using is_transparent = void;
    const FlowTable* table;
    bool operator()(FlowId a, FlowId b) const { return a == b; }
    bool operator()(FlowId a, const Named& b) const { return (*table)[a].key == b.key && (*table)[a].klass == b.klass; }
    bool operator()(const Named& a, FlowId b) const { return (*this)(b, a); }
  };
  using Part = absl::flat_hash_set<FlowId, Hash, Equal>;

  // Keys are hashes already; the class turns them apart.
  static size_t hash(uint8_t klass, KeyHash key) {
    return (key ^ (klass * 0x9E3779B97F4A7C15ull)) * 0xD6E8FEB86659FD93ull;
  }
  static size_t part_of(KeyHash key) { return key >> 58; }

  using Block = std::array<Flow, per_block>;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Part> index_;  // by part_of; empty until the first flow
  Nodes runs_;
  FlowId free_ = 0, used_ = 0;
  uint64_t size_ = 0;
};

}  // namespace forebay
