// The part of the door that live readers use.
#include <utility>

#include "doors/http/http_door.h"

namespace forebay {
namespace {

// The beginning of each stream: when to come back after an end; and bytes, so that the client sees that it is served.
constexpr std::string_view hello = "retry: 2000\n\n";
constexpr std::string_view too_slow =
    "\n\nevent: dropped\ndata: {\"reason\":\"slow reader: it left more than 256 KiB unread\"}\n\n";

}  // namespace

void HttpDoor::follow(ExchangeId exchange, std::string_view topic) {
  const uint64_t connection = exchange.connection;
  if (streams_.contains(connection)) {
    return refuse(exchange, {409, "already-streaming", "This connection follows a topic",
                             "a stream is the last answer of its connection; open another one", std::nullopt});
  }
  if (auto problem = streaming_.follow(topic, connection, *this)) return refuse(exchange, *problem);
  streams_.insert(connection);
  Response response;
  response.content_type = "text/event-stream";
  response.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  response.body = hello;
  response.stream = true;
  server_->respond(exchange, std::move(response));
}

StreamResult HttpDoor::on_events(uint64_t connection, std::string_view events) {
  writing_ = connection;
  const StreamWrite written = server_->stream(connection, events);
  writing_.reset();
  if (written == StreamWrite::taken) return StreamResult::taken;
  streams_.erase(connection);
  if (written == StreamWrite::gone) return StreamResult::gone;
  server_->end_stream(connection, too_slow);
  return StreamResult::slow;
}

void HttpDoor::on_end(uint64_t connection, std::string_view events) {
  streams_.erase(connection);
  server_->end_stream(connection, events);
}

void HttpDoor::tokens_changed() {
  constexpr std::string_view ending = "event: end\ndata: {\"reason\":\"the tokens have changed; ask again\"}\n\n";
  for (const uint64_t connection : std::exchange(streams_, {})) {
    streaming_.unfollow(connection, *this);
    server_->end_stream(connection, ending);
  }
  std::vector<uint64_t> waiting;
  for (const auto& [connection, token] : leasing_) waiting.push_back(connection);
  for (const uint64_t connection : waiting) give_up_leases(connection);
}

void HttpDoor::on_disconnected(uint64_t connection) {
  give_up_leases(connection);
  if (streams_.erase(connection) > 0 && writing_ != connection) streaming_.unfollow(connection, *this);
}

}  // namespace forebay
