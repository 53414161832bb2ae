// The publish door's answers as JSON. Times are RFC 3339 in UTC; what is unknown, or never comes, is null.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

// 202 {"id","queue","position","estimated_delivery_time","deduplicated"} with Location.
Response accepted_response(const AcceptedMessage& accepted);

// 202 {"accepted","estimated_delivery_time":{"first","last"},"messages":[{"id","position","deduplicated"}]};
// minimal: without the messages, and Preference-Applied. First and last are of the times, not of the lines.
// `count`: messages, of which a topic makes several copies or none.
Response batch_response(std::span<const AcceptedMessage> accepted, size_t count, bool minimal);

// 202 {"id","deduplicated","copies":[{"queue","id","position","estimated_delivery_time"}]}. The id is the first copy's;
// null: nobody is subscribed.
Response topic_response(std::span<const AcceptedMessage> copies);

// 202 {"accepted","estimated_delivery_time","messages":[{"id","deduplicated","copies":[…]}]}
Response topic_batch_response(std::span<const AcceptedMessage> copies, size_t count);

// 200 {"id","queue","state","attempts","last_outcome","position","estimated_delivery_time","waiting_on"}.
Response status_response(const MessageStatus& status);

// 200 {"id","state":"cancelled"}
Response cancelled_response(std::string_view id);

}  // namespace forebay
