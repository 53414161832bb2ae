// KeyAndCost: what fairness and limits go by, read from a message as it comes in.
//
// key: what the producer names (Forebay-Key, the envelope's "key"), else what the queue's `key` points at. A string
// goes by its characters, a number and a bool by how they are written. Nothing there, null, an object, an array, an
// empty text, a body that is not JSON: no key. None of that is an error. cost: a whole number from 1, as a number or as
// text; anything else is a miss and costs 1. Above 2^32 - 1 it is that. headers: by name in any case, first among those
// of the request, then among those that are forwarded (all that an envelope has); of two by one name the first counts.
//
// A body is parsed once at most, and only where something points into it. Objects that name a member twice: the first
// counts. Not for several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "doors/intake.h"
#include "relay/value_path.h"

namespace forebay {

struct KeyAndCost {
  KeyHash key = 0;
  uint32_t cost = 1;
  bool cost_missed = false;
};

struct KeyAndCostPaths {
  ValuePath key, cost;
};

class KeyAndCostReader {
 public:
  explicit KeyAndCostReader(uint64_t seed);
  ~KeyAndCostReader();

  KeyAndCost read(const KeyAndCostPaths& paths, const NewMessage& message);
  KeyHash hash(std::string_view key) const;

 private:
  struct Json;  // simdjson, kept out of this header
  std::string_view find(const ValuePath& path, const NewMessage& message);

  uint64_t seed_;
  std::unique_ptr<Json> json_;
};

}  // namespace forebay
