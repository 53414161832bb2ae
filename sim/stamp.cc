#include "sim/stamp.h"

#include "sim/draw.h"

namespace forebay::sim {

KeyHash Stamp::key_of(uint64_t first, uint64_t n) {
  return mixed(first + n);
}

KeyHash Stamp::next_key(Random& random) {
  switch (keys.kind) {
    case KeyModel::Kind::none:
      return request.key;
    case KeyModel::Kind::uniform:
      return key_of(keys.first, random.below(keys.keys));
    case KeyModel::Kind::hot:
      if (keys.keys < 2 || uniform(random) <= keys.hot_share) return key_of(keys.first, 0);
      return key_of(keys.first, 1 + random.below(keys.keys - 1));
    case KeyModel::Kind::fresh:
      return key_of(keys.first, made_);
    case KeyModel::Kind::round:
      break;
  }
  return key_of(keys.first, made_ % keys.keys);
}

AdmitRequest Stamp::next(Random& random) {
  AdmitRequest made = request;
  made.key = next_key(random);
  ++made_;
  if (cost_most > made.cost) made.cost += static_cast<uint32_t>(random.below(cost_most - made.cost + 1));
  if (bytes_most > made.bytes) made.bytes += static_cast<uint32_t>(random.below(bytes_most - made.bytes + 1));
  if (delay_most.ns > 0) made.delay = uniform(random, {}, delay_most);
  return made;
}

}  // namespace forebay::sim
