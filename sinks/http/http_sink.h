// HttpSink: one HTTP(S) request per delivery, over a pool of kept-alive connections.
//
// Requests are HTTP/1.1; redirects are not followed, no proxy, cookie or .netrc of the environment is used,
// TLS is verified (against ca_file where given). One `timeout` covers name, connection, request and reply. At
// most `concurrency` requests are under way, each on a connection of its own; what is handed in beyond that
// waits its turn here (the core's limits see to it that this is rare).
// What a reply means: classify.h. What a request carries: header_block.h. One request per attempt:
// transfer.h.
//
// With `batch` a request carries several messages (joined.h, ../batcher.h), and its reply counts for each of them. A
// request that came through a forward door goes as it came.
//
// A delivery that must not be sent ends dead; one that cannot be, because of the config, as sink_fault.
// Not to be destroyed from inside on_outcome(); shut_down() may be called there.
#pragma once

#include <uv.h>

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "sinks/batcher.h"
#include "sinks/http/curl_loop.h"
#include "sinks/http/transfer.h"
#include "sinks/sink.h"

namespace forebay {

class HttpSink : public Sink, private CurlLoop::Owner {
 public:
  HttpSink(uv_loop_t* loop, const SinkConfig& config, SinkListener& listener);
  ~HttpSink() override;

  void deliver(Delivery delivery) override;
  // For deliveries not yet started.
  void reconfigure(const SinkConfig& config) override;
  void shut_down() override;

 private:
  void on_done(CURL* easy, CURLcode result) override;
  void on_turn() override;

  struct Request {
    Delivery delivery;
    bool joined = false;
  };
  void join_and_send(Batcher::Group group);
  void report(Ticket ticket, Outcome outcome);
  void start_waiting();
  Transfer* free_transfer();

  SinkListener& listener_;
  std::shared_ptr<const RequestPlan> plan_;
  CurlLoop curl_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // all of them, under way or not
  std::vector<Transfer*> free_;
  std::deque<Request> waiting_;  // above `concurrency`
  Batcher batcher_;
  std::unordered_map<Ticket, std::vector<Ticket>> others_;  // of a batch, by the ticket of its request
  std::vector<std::pair<Ticket, Outcome>> refused_;         // to be told in the next turn
};

}  // namespace forebay
