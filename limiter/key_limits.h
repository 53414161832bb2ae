#pragma once
#include <span>
#include <string>
#include "config/config.h"
#include "base/time.h"
#include "base/ids.h"
#include "limiter/limit.h"
namespace forebay {
struct KeyMemory { uint64_t bytes_max; uint64_t bytes_used = 0; };
class KeyLimits { public:
  KeyLimits(std::span<const LimitConfig>, OnKeyOverflow, Duration, KeyMemory&){}
  bool empty() const {return true;}
  Instant next(KeyHash, Now n, uint32_t) const {return n.steady;}
  void take(KeyHash, Now, uint32_t){}
  void settle(KeyHash, Taken, Now, SettledAs){}
  const std::string& blocking(KeyHash, Now, uint32_t) const { static const std::string e; return e; }
  bool refuses(KeyHash) const {return false;}
  uint32_t max_cost() const {return 0xFFFFFFFFu;}
  Instant estimate(KeyHash, Now n, uint64_t) const {return n.steady;}
  void age(Now){}
  void reconfigure(std::span<const LimitConfig>, OnKeyOverflow, Duration, Now){}
  void spent(KeyHash, Instant, uint32_t, Now){}
  uint64_t keys() const {return 0;} uint64_t memory_bytes() const {return 0;}
};
}
