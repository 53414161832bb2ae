// What consumers are answered.
#pragma once

#include <span>
#include <string_view>

#include "doors/pulling.h"
#include "doors/server.h"

namespace forebay {

// 200 {"messages":[{"id","lease_id","attempt","key","body"|"body_base64","headers"}]}. A body of JSON (by its content
// type) is given as it was written, other text as a string, anything else in base64. `headers` are what a sink would be
// sent: Content-Type, Idempotency-Key, and those forwarded.
Response leased_response(std::span<const LeasedMessage> messages);

// 200 {"results":[{"lease_id","status"}]}
Response lease_results_response(std::span<const std::string> lease_ids, std::span<const LeaseResult> results);

}  // namespace forebay
