#include "limiter/key_history.h"

#include <algorithm>

namespace forebay {
namespace {

constexpr uint32_t thinned_from = 256;  // stamps; below, the two that are nearest are joined

// Leaves out every stamp that has a later one in its grain.
void thin(KeyStamps* stamps, const KeyHistory::Grains& grains) {
  const Instant newest = (*stamps)[stamps->size - 1].at();
  uint32_t kept = stamps->size - 1;
  for (uint32_t i = kept; i-- > 0;) {
    const KeyStamp stamp = (*stamps)[i];
    const int64_t grain = grains.grain(newest - stamp.at(), stamps->size).ns;
    if (stamp.at().ns / grain != (*stamps)[kept].at().ns / grain) (*stamps)[--kept] = stamp;
  }
  stamps->leave_out_front(kept);
}

// The stamp that is nearest to the one after it.
uint32_t nearest(const KeyStamps& stamps) {
  uint32_t nearest = 0;
  Duration least = Duration::max();
  for (uint32_t i = 0; i + 1 < stamps.size; i++) {
    const Duration gap = stamps[i + 1].at() - stamps[i].at();
    if (gap < least) least = gap, nearest = i;
  }
  return nearest;
}

}  // namespace

void KeyHistory::store(const KeyStamps& stamps) {
  if (shape_ == ring) {
    Ring* r = get_ring();
    r->head = stamps.head, r->size = stamps.size, r->popped = stamps.popped;
    return;
  }
  KeyStamp straight[inside_max];
  for (uint32_t i = 0; i < stamps.size; i++) straight[i] = {stamps[i].at(), stamps.before(i + 1)};
  std::copy_n(straight, stamps.size, inside_);
  shape_ = stamps.size & 3u;
}

// False: there is no memory for it.
bool KeyHistory::move_to(uint32_t capacity, KeyHeap& heap) {
  const KeyStamps from = stamps();
  Ring* old = shape_ == ring ? get_ring() : nullptr;
  assert(capacity >= from.size);
  if (capacity <= inside_max) {
    shape_ = 0;
    store(from);
  } else {
    auto* r = static_cast<Ring*>(heap.take(Ring::bytes(capacity)));
    if (r == nullptr) return false;
    *r = {capacity, 0, from.size, from.popped};
    for (uint32_t i = 0; i < from.size; i++) r->slots()[i] = from[i];
    set_ring(r);
  }
  if (old != nullptr) heap.give_back(old, Ring::bytes(from.capacity));
  return true;
}

bool KeyHistory::grow(uint32_t size_max, KeyHeap& heap) {
  const uint32_t now = stamps().capacity;
  return now < size_max && move_to(std::min(size_max, std::max(4u, now + now / 2)), heap);
}

// Makes room for a send at `at`; or, where the newest stamp is its nearest, says that it can join that one.
bool KeyHistory::join_some(Instant at, const Grains& grains) {
  KeyStamps s = stamps();
  const uint32_t before = s.size;
  if (before >= thinned_from) thin(&s, grains);
  if (s.size == before) {
    const uint32_t left_out = nearest(s);
    const Instant newest = s[before - 1].at();
    if (at > newest && at - newest < s[left_out + 1].at() - s[left_out].at()) return true;
    for (uint32_t i = left_out; i + 1 < before; i++) s[i] = s[i + 1];
    s.size--;
  }
  store(s);
  return false;
}

void KeyHistory::push(Instant at, uint32_t cost, Instant by, uint32_t enough, const Grains& grains, KeyHeap& heap) {
  cost = std::min(cost, enough);
  KeyStamps s = stamps();
  if (s.size > 0 && s[s.size - 1].at() == at) {
    s[s.size - 1].through += std::min(cost, enough - std::min(enough, s.cost(s.size - 1)));
    return;
  }
  if (s.size > 0 && at < s[0].at() && s.total() >= enough) return;
  uint32_t gone = 0;
  const auto after = [&s](uint32_t i) { return s.total() - s.before(i + 1); };
  while (gone < s.size && (s[gone].at() <= by || (s[gone].at() <= at && after(gone) + cost >= enough))) gone++;
  s.drop_front(gone);
  if (s.size == s.capacity) {
    store(s);
    const bool joins = !grow(std::min(enough, stamps_max), heap) && join_some(at, grains);
    s = stamps();
    if (joins) {
      s[s.size - 1] = {at, s[s.size - 1].through + cost};
      return;
    }
  }
  uint32_t i = s.size++;
  for (; i > 0 && s[i - 1].at() > at; i--) s[i] = {s[i - 1].at(), s[i - 1].through + cost};
  s[i] = {at, (i > 0 ? s[i - 1].through : s.popped) + cost};
  store(s);
}

void KeyHistory::trim(Instant by) {
  KeyStamps s = stamps();
  uint32_t gone = 0;
  while (gone < s.size && s[gone].at() <= by) gone++;
  if (gone == 0) return;
  s.drop_front(gone);
  store(s);
}

void KeyHistory::shrink(KeyHeap& heap) {
  const KeyStamps s = stamps();
  if (shape_ != ring) return;
  if (s.size <= inside_max) {
    move_to(inside_max, heap);
  } else if (s.size < s.capacity / 4) {
    move_to(s.size * 2, heap);  // no memory for the copy: as it is
  }
}

void KeyHistory::release(KeyHeap& heap) {
  if (shape_ == ring) heap.give_back(get_ring(), Ring::bytes(get_ring()->capacity));
  shape_ = 0;
}

}  // namespace forebay
