// The small numbers by which the inside of Forebay names things. Names (strings) live in the config and in
// the store file; everything hot goes by these.
#pragma once

#include <cstdint>

namespace forebay {

// A message's identity: unique in a store for ever, rising in order of acceptance, never reused.
// 0 is no message.
using Sequence = uint64_t;

// A queue's number. Stable across restarts: the store remembers which name has which number.
using QueueId = uint16_t;

// A sink's place in the running config. Not persistent.
using SinkId = uint16_t;

// One attempt under way, unique within a run of the process. 0 is none.
using Ticket = uint64_t;

// A key (a tenant, a phone number) as a number: XXH3 of its bytes, seeded by the store. 0 is no key.
using KeyHash = uint64_t;

}  // namespace forebay
