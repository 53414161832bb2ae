// Several messages as one request.
//
// Its body is a JSON array, or NDJSON, of their bodies (body_value.h); an array of CloudEvents is a batch of them. Its
// Idempotency-Key is the first half of the SHA-256 of their ids in hex, so that the same messages in the same order
// have the same key, whenever they are sent. Forwarded headers that describe one body (Content-*) are not true of the
// whole, and left out.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

struct Joined {
  Delivery delivery;            // ticket, queue and headers are those of the first; message_id lists all ids
  std::vector<Ticket> tickets;  // of the others
};

// `group` is not empty, and of one queue with the same headers. The highest attempt is the request's.
Joined join(std::vector<Delivery> group, BatchConfig::Format format);

}  // namespace forebay
