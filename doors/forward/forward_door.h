// ForwardDoor: the way in for clients that know nothing of Forebay. Whatever they ask for, by any method and at any
// path, is stored whole as a message of the door's queue and sent on as it came (forward_request.h); they change their
// base URL and nothing else.
//
// Promise: every 2xx is sent after the sync. The answer is the configured `reply`; with `inline: true`, where nothing
// stands before the request and there is a permit for it, it is the sink's own reply, when that delivered the message
// or ended it as a dead letter. What is tried again (a 503, a timeout, a reply larger than max_body_bytes) is answered
// with the configured reply: the request is stored, and goes on being tried. Both carry Forebay-Message-Id. Refusals
// are problem+json, as at the http door.
//
// Intake and gate must outlive close(). Loop thread only.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "config/config.h"
#include "doors/auth/gate.h"
#include "doors/forward/forward_request.h"
#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

class ForwardDoor : private RequestHandler, private PublishListener {
 public:
  ForwardDoor(uv_loop_t* loop, const DoorConfig& config, Intake& intake, const Gate& gate);
  ForwardDoor(const ForwardDoor&) = delete;
  ~ForwardDoor() override;

  int listen();  // 0 or a libuv error
  uint16_t port() const { return server_->port(); }
  uint64_t connections() const { return server_->connections(); }
  Server& server() { return *server_; }
  void write_answers() { server_->flush(); }
  // No new connections; those there close after the answers they wait for.
  void stop_accepting() { server_->stop_accepting(); }
  // Everything closed, answered or not; the loop must run once more before this may go.
  void close();

 private:
  // A request whose answer waits. Its token is its place in pending_.
  struct Pending {
    ExchangeId exchange;
    bool head = false;
    MessageId id{};  // once it is stored
    RateLimits limits = {};
  };

  void on_request(const Request& request, ExchangeId exchange) override;
  void on_published(uint64_t token, std::span<const AcceptedMessage> accepted) override;
  void on_refused(uint64_t token, const Problem& problem) override;
  void on_changed(uint64_t, uint64_t) override {}
  void on_reply(uint64_t token, const SinkReply* reply) override;

  void answer(uint64_t token, Response response);
  uint64_t add_pending(Pending pending);
  Pending take_pending(uint64_t token);

  const DoorConfig config_;
  Intake& intake_;
  const Gate& gate_;
  std::unique_ptr<Server> server_;
  ForwardRequest request_;
  std::vector<Pending> pending_;
  std::vector<uint32_t> free_;
  bool closed_ = false;
};

}  // namespace forebay
