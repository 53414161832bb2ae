// What is sent to each server, and how its replies are counted.
#pragma once

#include <cstdint>
#include <string>

#include "hammer.h"

namespace forebay::bench {

constexpr size_t kBodyBytes = 300;

// 300 bytes of text that does not compress to nothing; the same each time.
std::string sample_body();

std::string http_publish(const std::string& queue);  // one message
std::string http_batch(const std::string& queue,
                       uint32_t messages);  // NDJSON envelopes, Prefer: return=minimal
std::string http_post(const std::string& path, const std::string& headers, const std::string& body);
std::string http_get_request(const std::string& path);
// A reply is good where its status is `status`.
ReplyReader http_replies(int status);
// As above; a 503 with Retry-After is good too and counted in `refused`.
ReplyReader http_replies_or_refusals(int status, uint64_t* refused);

std::string redis_xadd(uint32_t commands);  // so many XADDs of the sample body to one stream
ReplyReader redis_replies();                // good: a bulk string

}  // namespace forebay::bench
