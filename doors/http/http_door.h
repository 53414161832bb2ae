// HttpDoor: the way in for producers, over HTTP. Reads requests into messages, hands them to the Intake, and
// answers once they are durable.
//
// POST /v1/queues/{queue}/messages    the body is the message, its metadata is in headers (message_headers.h)
// POST /v1/queues/{queue}/messages:batch    NDJSON, an envelope a line (envelope.h)
// POST /v1/topics/{topic}/messages and messages:batch    the same, a copy for each queue of the topic
//                              Events (cloud_events.h) on any of these; a batch of events is a batch on each
// GET, DELETE /v1/messages/{id}    what became of a message; cancel it
// POST /v1/messages/{id}:release    lets a held message go
// POST /v1/queues/{queue}/messages:lease, :ack, :nack, :extend    for consumers of a pulled queue (pulling.h); the last
//                              three are in door_pull.cc
// GET /v1/topics/{topic}/stream    for those who follow a topic live (streaming.h); in door_stream.cc
// Everything else is 404 or 405.
//
// What stands behind a door must outlive its close(). Loop thread only.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/config.h"
#include "doors/auth/gate.h"
#include "doors/http/batch_reader.h"
#include "doors/http/cloud_events.h"
#include "doors/http/pull_requests.h"
#include "doors/intake.h"
#include "doors/pulling.h"
#include "doors/server.h"
#include "doors/streaming.h"

namespace forebay {

// What stands behind a door.
struct DoorPorts {
  Intake& intake;
  Pulling& pulling;
  Streaming& streaming;
  const Gate& gate;
};

class HttpDoor : private RequestHandler, private PublishListener, private LeaseListener, private StreamListener {
 public:
  HttpDoor(uv_loop_t* loop, const DoorConfig& config, DoorPorts ports);
  HttpDoor(const HttpDoor&) = delete;
  ~HttpDoor() override;

  int listen();  // 0 or a libuv error
  uint16_t port() const { return server_->port(); }
  uint64_t connections() const { return server_->connections(); }
  Server& server() { return *server_; }
  // Writes the answers given so far, before whatever else the turn has to do.
  void write_answers() { server_->flush(); }
  // No new connections; those there close after the answers they wait for.
  void stop_accepting() { server_->stop_accepting(); }
  // Tokens are others: streams end, and those who wait for a message are answered, so that each asks again with what it
  // has.
  void tokens_changed();
  // Everything closed, answered or not; the loop must run once more before this may go.
  void close();

 private:
  // A request whose answer waits for the disk. Its token is its place in pending_.
  struct Pending {
    enum class Kind : uint8_t {
      one,
      batch,
      batch_minimal,
      topic,
      topic_batch,
      cancel,
      release,
      lease,
      leases
    } kind = Kind::one;
    ExchangeId exchange;
    std::string id;    // of what is cancelled
    size_t count = 1;  // messages, whatever their copies
    RateLimits limits = {};
    std::vector<std::string> lease_ids{};
    std::vector<LeaseResult> results{};
  };

  std::optional<uint64_t> body_limit(std::string_view method, std::string_view path) override;
  void on_request(const Request& request, ExchangeId exchange) override;
  void on_published(uint64_t token, std::span<const AcceptedMessage> accepted) override;
  void on_refused(uint64_t token, const Problem& problem) override;
  void on_changed(uint64_t token, uint64_t count) override;
  void on_leased(uint64_t token, std::span<const LeasedMessage> messages) override;
  void on_disconnected(uint64_t connection) override;
  StreamResult on_events(uint64_t token, std::string_view events) override;
  void on_end(uint64_t token, std::string_view events) override;

  // To a queue, or to a topic.
  void publish(const Request& request, ExchangeId exchange, std::string_view name, bool topic);
  void publish_batch(const Request& request, ExchangeId exchange, std::string_view name, bool topic);
  void publish_events(const Request& request, ExchangeId exchange, std::string_view name, bool topic);
  void hand_over_batch(const Request& request, std::span<const NewMessage> messages, ExchangeId exchange, bool topic);
  void find_message(ExchangeId exchange, std::string_view id);
  void cancel_message(ExchangeId exchange, std::string_view id);
  void release_message(ExchangeId exchange, std::string_view id);
  void lease(const Request& request, ExchangeId exchange, std::string_view queue);
  void follow(ExchangeId exchange, std::string_view topic);
  void give_up_leases(uint64_t connection);
  void change_leases(const Request& request, ExchangeId exchange, std::string_view queue, LeaseVerb verb);
  // Of the message's queue: may the caller?
  std::optional<Problem> may_cancel(std::string_view id);

  using Leasing = std::unordered_multimap<uint64_t, uint64_t>;
  Leasing::iterator find_leasing(uint64_t connection, uint64_t token);
  void hand_over(std::span<const NewMessage> messages, Pending pending);
  void refuse(ExchangeId exchange, const Problem& problem);
  void answer(Pending& pending, Response response);
  uint64_t add_pending(Pending pending);
  Pending take_pending(uint64_t token);

  const uint64_t max_body_bytes_;
  const uint64_t max_batch_bytes_;
  Intake& intake_;
  Pulling& pulling_;
  Streaming& streaming_;
  const Gate& gate_;
  Caller caller_;  // of the request under way
  std::unique_ptr<Server> server_;
  BatchReader batch_;
  CloudEvents events_;
  HeaderViews forward_;
  std::vector<Pending> pending_;
  std::vector<uint32_t> free_;
  Leasing leasing_;                       // connections with a consumer that waits, and its token
  std::unordered_set<uint64_t> streams_;  // connections that follow a topic; they are its tokens
  std::optional<uint64_t> writing_;       // the one that is being told
  bool closed_ = false;
};

}  // namespace forebay
