// What a forward door answers when a request is stored: what the config says, or what the sink replied.
#pragma once

#include "config/config.h"
#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

Response configured_reply(const ReplyConfig& reply, const MessageId& id);

// The sink's status, headers and body, but for headers of its connection, for Date and Content-Length, which this
// answer has of its own, and for those that hold control characters. `head`: the request was a HEAD, whose answer tells
// the length of a body that does not come. Views into `reply`.
Response inline_reply(const SinkReply& reply, bool head, const MessageId& id);

}  // namespace forebay
