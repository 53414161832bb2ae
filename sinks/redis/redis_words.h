// The command that a message becomes.
//
// - stream: XADD name [MAXLEN ~ n] * id … queue … [key …] attempt … idempotency_key … [method …] [target …]
//   [content_type …] [headers {…}] body …; method and target are a forwarded request's
// - list: RPUSH name body
// - channel: PUBLISH name body
//
// Bodies are as they are, any bytes. A list and a channel carry nothing but the body: what consumers of lists expect.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

std::vector<std::string> redis_words(const RedisSinkConfig& config, const Delivery& delivery);

}  // namespace forebay
