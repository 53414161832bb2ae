#include "doors/forward/forward_replies.h"

#include "doors/forward/hop_by_hop.h"
#include "doors/http_chars.h"

namespace forebay {
namespace {

void add_id(const MessageId& id, Response* response) {
  response->headers.emplace_back("Forebay-Message-Id", std::string(id.data(), id.size()));
}

}  // namespace

Response configured_reply(const ReplyConfig& reply, const MessageId& id) {
  Response response;
  response.status = static_cast<int>(reply.status);
  response.content_type = reply.body.empty() ? std::string_view() : std::string_view(reply.content_type);
  response.body = reply.body;
  add_id(id, &response);
  return response;
}

Response inline_reply(const SinkReply& reply, bool head, const MessageId& id) {
  Response response;
  response.status = reply.status;
  response.content_type = {};
  response.no_length = head || reply.status == 304;
  const HopByHop here_only(reply.headers);
  for (const auto& [name, value] : reply.headers) {
    const bool length = same_ignoring_case(name, "Content-Length");
    const bool own = same_ignoring_case(name, "Date") || same_ignoring_case(name, "Forebay-Message-Id");
    if (own || here_only.names(name) || !is_token(name) || !is_field_value(value)) continue;
    if (length && !(response.no_length && is_digits(value))) continue;
    response.headers.emplace_back(name, value);
  }
  add_id(id, &response);
  if (!response.no_length) response.body = reply.body;
  return response;
}

}  // namespace forebay
