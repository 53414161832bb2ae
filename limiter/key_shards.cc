#include "limiter/key_shards.h"

#include <new>

namespace forebay {

KeyShards::Ref KeyShards::look_up(KeyHash key) const {
  const uint64_t hash = KeyTable::mix(key);
  const uint32_t index = shard_of(hash).find(key, hash);
  if (index == KeyTable::none) return none;
  return last_ = number_of(hash) << 24 | index;
}

KeyShards::Ref KeyShards::insert(KeyHash key) {
  const uint64_t hash = KeyTable::mix(key);
  const uint32_t index = shards_[number_of(hash)].insert(key, hash, heap_);
  if (index == KeyTable::none) return none;
  size_++;
  return last_ = number_of(hash) << 24 | index;
}

void KeyShards::erase(Ref ref) {
  if (ref == last_) last_ = none;
  shards_[ref >> 24].erase(ref & KeyTable::none, heap_);
  size_--;
  if (size_ == 0) clear();
}

void KeyShards::clear() {
  last_ = none;
  for (uint32_t s = 0; s < count(); s++) shards_[s].clear(heap_);
  size_ = 0;
  if (split_) unsplit();
}

void KeyShards::unsplit() {
  heap_.give_back(shards_, many * sizeof(KeyTable));
  shards_ = &one_;
  split_ = false;
}

void KeyShards::split() {
  auto* tables = static_cast<KeyTable*>(heap_.take(many * sizeof(KeyTable)));
  if (tables == nullptr) return;
  for (uint32_t s = 0; s < many; s++) new (&tables[s]) KeyTable();
  one_.for_each([&](uint32_t, KeyHistory& history) {
    const uint64_t hash = KeyTable::mix(history.key());
    KeyTable& table = tables[hash >> 56];
    const uint32_t index = table.insert(history.key(), hash, heap_);
    assert(index != KeyTable::none);
    table.at(index) = history;
    history = KeyHistory(history.key());  // its ring has moved
  });
  one_.clear(heap_);
  last_ = none;
  shards_ = tables;
  split_ = true;
}

}  // namespace forebay
