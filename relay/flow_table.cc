#include "relay/flow_table.h"

namespace forebay {

uint32_t FlowTable::Nodes::take() {
  if (free_ != 0) {
    const uint32_t id = free_;
    free_ = (*this)[id].next;
    (*this)[id] = Node{};
    return id;
  }
  const uint32_t id = ++used_;
  if (id / per_block >= blocks_.size()) blocks_.push_back(std::make_unique<Block>());
  return id;
}

void FlowTable::Nodes::give_back(uint32_t id) {
  (*this)[id].next = free_;
  free_ = id;
}

FlowId FlowTable::find(uint8_t klass, KeyHash key) const {
  if (index_.empty()) return no_flow;
  const Part& part = index_[part_of(key)];
  const auto found = part.find(Named{klass, key});
  return found == part.end() ? no_flow : *found;
}

FlowId FlowTable::add(uint8_t klass, KeyHash key) {
  assert(key != 0 && size_ < flows_max);
  if (index_.empty()) index_.assign(parts, Part(0, Hash{this}, Equal{this}));
  FlowId id = free_;
  if (id != 0) {
    free_ = (*this)[id].next_node;
  } else {
    id = ++used_;
    if (id / per_block >= blocks_.size()) blocks_.push_back(std::make_unique<Block>());
  }
  Flow& flow = (*this)[id] = Flow{};
  flow.key = key;
  flow.klass = klass;
  index_[part_of(key)].insert(id);
  ++size_;
  return id;
}

void FlowTable::forget(FlowId id) {
  Flow& flow = (*this)[id];
  assert(flow.members == 0 && flow.state != Flow::State::queued);
  while (!line_empty(flow)) pop(flow);
  index_[part_of(flow.key)].erase(id);
  flow.key = 0;
  flow.next_node = free_;
  free_ = id;
  --size_;
}

void FlowTable::push(Flow& flow, Sequence sequence) {
  const uint64_t fresh = sequence << 16 | 1;
  if (line_empty(flow)) {
    flow.head_run = fresh;
    return;
  }
  const uint64_t last = flow.last_node != 0 ? runs_[flow.last_node].run() : flow.head_run;
  if (count(last) < count_max && first(last) + count(last) == sequence) {
    if (flow.last_node != 0) {
      runs_[flow.last_node].set_run(last + 1);
    } else {
      flow.head_run = last + 1;
    }
    return;
  }
  const uint32_t node = runs_.take();
  runs_[node].set_run(fresh);
  if (flow.last_node != 0) {
    runs_[flow.last_node].next = node;
  } else {
    flow.next_node = node;
  }
  flow.last_node = node;
}

void FlowTable::push_front(Flow& flow, Sequence sequence) {
  if (!line_empty(flow)) {
    const uint32_t node = runs_.take();
    runs_[node].set_run(flow.head_run);
    runs_[node].next = flow.next_node;
    flow.next_node = node;
    if (flow.last_node == 0) flow.last_node = node;
  }
  flow.head_run = sequence << 16 | 1;
}

void FlowTable::pop(Flow& flow) {
  assert(!line_empty(flow));
  if (count(flow.head_run) > 1) {
    flow.head_run += (1 << 16) - 1;
    return;
  }
  const uint32_t node = flow.next_node;
  if (node == 0) {
    flow.head_run = 0;
    return;
  }
  flow.head_run = runs_[node].run();
  flow.next_node = runs_[node].next;
  if (flow.next_node == 0) flow.last_node = 0;
  runs_.give_back(node);
}

// Of the index what its tables hold: a slot and a control byte each.
size_t FlowTable::memory_bytes() const {
  size_t bytes = blocks_.size() * sizeof(Block) + runs_.memory_bytes() + index_.capacity() * sizeof(Part);
  for (const Part& part : index_) bytes += part.capacity() * (sizeof(FlowId) + 1);
  return bytes;
}

}  // namespace forebay
