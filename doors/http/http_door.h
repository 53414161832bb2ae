// HttpDoor: the way in for producers, over HTTP. Reads requests into messages, hands them to the Intake, and
// answers once they are durable.
//
// POST /v1/queues/{queue}/messages    the body is the message, its metadata is in headers (message_headers.h)
// POST /v1/queues/{queue}/messages:batch    NDJSON, an envelope a line (envelope.h)
// POST /v1/topics/{topic}/messages and messages:batch    the same, a copy for each queue of the topic
// GET, DELETE /v1/messages/{id}    what became of a message; cancel it
// Everything else is 404, 405, or 501 for what the contract names and is not built yet. Idempotency-Key
// travels with the message; duplicates are not looked for yet.
//
// The intake and the gate must outlive close(). Loop thread only.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "doors/auth/gate.h"
#include "doors/http/batch_reader.h"
#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

class HttpDoor : private RequestHandler, private PublishListener {
 public:
  HttpDoor(uv_loop_t* loop, const DoorConfig& config, Intake& intake, const Gate& gate);
  HttpDoor(const HttpDoor&) = delete;
  ~HttpDoor() override;

  int listen();  // 0 or a libuv error
  uint16_t port() const { return server_->port(); }
  uint64_t connections() const { return server_->connections(); }
  // Writes the answers given so far, before whatever else the turn has to do.
  void write_answers() { server_->flush(); }
  // No new connections; those there close after the answers they wait for.
  void stop_accepting() { server_->stop_accepting(); }
  // Everything closed, answered or not; the loop must run once more before this may go.
  void close();

 private:
  // A request whose answer waits for the disk. Its token is its place in pending_.
  struct Pending {
    enum class Kind : uint8_t { one, batch, batch_minimal, topic, topic_batch, cancel } kind = Kind::one;
    ExchangeId exchange;
    std::string id;    // of what is cancelled
    size_t count = 1;  // messages, whatever their copies
    RateLimits limits = {};
  };

  std::optional<uint64_t> body_limit(std::string_view method, std::string_view path) override;
  void on_request(const Request& request, ExchangeId exchange) override;
  void on_published(uint64_t token, std::span<const AcceptedMessage> accepted) override;
  void on_refused(uint64_t token, const Problem& problem) override;
  void on_changed(uint64_t token, uint64_t count) override;

  // To a queue, or to a topic.
  void publish(const Request& request, ExchangeId exchange, std::string_view name, bool topic);
  void publish_batch(const Request& request, ExchangeId exchange, std::string_view name, bool topic);
  void find_message(ExchangeId exchange, std::string_view id);
  void cancel_message(ExchangeId exchange, std::string_view id);
  // Of the message's queue: may the caller?
  std::optional<Problem> may_cancel(std::string_view id);

  void hand_over(std::span<const NewMessage> messages, Pending pending);
  void refuse(ExchangeId exchange, const Problem& problem);
  void answer(Pending& pending, Response response);
  uint64_t add_pending(Pending pending);
  Pending take_pending(uint64_t token);

  const uint64_t max_body_bytes_;
  const uint64_t max_batch_bytes_;
  Intake& intake_;
  const Gate& gate_;
  Caller caller_;  // of the request under way
  std::unique_ptr<Server> server_;
  BatchReader batch_;
  HeaderViews forward_;
  std::vector<Pending> pending_;
  std::vector<uint32_t> free_;
  bool closed_ = false;
};

}  // namespace forebay
