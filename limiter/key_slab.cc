#include "limiter/key_slab.h"

#include <algorithm>
#include <new>

namespace forebay {

uint64_t KeySlab::weight_of_next() const {
  if (open_ != nothing) return 0;
  if (is_full()) return UINT64_MAX;
  const uint64_t wider = has_place() ? 0 : KeyHeap::weight(room_next() * sizeof(uintptr_t));
  return KeyHeap::weight(Chunk::bytes()) + wider;
}

bool KeySlab::widen(KeyHeap& heap) {
  const uint32_t room = room_next();
  auto* wider = static_cast<uintptr_t*>(heap.take(room * sizeof(uintptr_t)));
  if (wider == nullptr) return false;
  if (chunks_ > 0) std::copy_n(directory_, chunks_, wider);
  heap.give_back(directory_, room_ * sizeof(uintptr_t));
  directory_ = wider;
  room_ = room;
  return true;
}

bool KeySlab::add_chunk(KeyHeap& heap) {
  if (is_full() || (!has_place() && !widen(heap))) return false;
  auto* fresh = static_cast<Chunk*>(heap.take(Chunk::bytes()));
  if (fresh == nullptr) return false;
  for (uint32_t i = 0; i < chunk_records; i++) (new (&fresh->records()[i]) KeyHistory(0))->link() = i + 1;
  uint32_t place = chunks_;
  if (hole_ != nothing) {
    place = hole_;
    hole_ = static_cast<uint32_t>(directory_[place] >> 1);
  } else {
    chunks_++;
  }
  directory_[place] = reinterpret_cast<uintptr_t>(fresh);
  open(place);
  return true;
}

void KeySlab::open(uint32_t place) {
  chunk(place)->before = nothing;
  chunk(place)->after = open_;
  if (open_ != nothing) chunk(open_)->before = place;
  open_ = place;
}

void KeySlab::close(uint32_t place) {
  const uint32_t before = chunk(place)->before, after = chunk(place)->after;
  if (after != nothing) chunk(after)->before = before;
  (before == nothing ? open_ : chunk(before)->after) = after;
}

uint32_t KeySlab::insert(KeyHash key, KeyHeap& heap) {
  assert(key != 0);
  if (open_ == nothing && !add_chunk(heap)) return none;
  const uint32_t place = open_;
  Chunk* c = chunk(place);
  const uint32_t i = c->free;
  c->free = static_cast<uint16_t>(c->records()[i].link());
  if (++c->live == chunk_records) close(place);
  new (&c->records()[i]) KeyHistory(key);
  return place * chunk_records + i;
}

void KeySlab::drop_chunk(uint32_t place, KeyHeap& heap) {
  close(place);
  heap.give_back(chunk(place), Chunk::bytes());
  directory_[place] = uintptr_t{hole_} << 1 | 1;
  hole_ = place;
}

void KeySlab::erase(uint32_t index, KeyHeap& heap) {
  const uint32_t place = index / chunk_records;
  Chunk* c = chunk(place);
  if (c->live-- == chunk_records) open(place);
  (new (&c->records()[index % chunk_records]) KeyHistory(0))->link() = c->free;
  c->free = static_cast<uint16_t>(index % chunk_records);
  if (c->live == 0) drop_chunk(place, heap);
}

void KeySlab::clear(KeyHeap& heap) {
  for (uint32_t c = 0; c < chunks_; c++) {
    if (!is_hole(c)) heap.give_back(chunk(c), Chunk::bytes());
  }
  heap.give_back(directory_, room_ * sizeof(uintptr_t));
  directory_ = nullptr;
  chunks_ = room_ = 0;
  hole_ = open_ = nothing;
}

}  // namespace forebay
