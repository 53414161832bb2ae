// SendDriver: pushes all of a source through many connections and scores what came back.
//
// Order of a turn: replies are scored; an item refused with 429, 503 or 507 waits for its Retry-After (1 s
// where there is none), and so does everything else: a sender that was told to wait does not knock meanwhile.
// An item whose connection closed unanswered is sent again on the next (it may then be accepted twice), at
// most five times. Without any connection for `patience` the driver gives up. Ends by itself when nothing is
// left; then every handle of it is closed. All on the loop thread.
#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "relay/cli/send_connection.h"
#include "relay/cli/send_score.h"
#include "relay/cli/send_source.h"

namespace forebay {

struct SendOptions {
  sockaddr_storage address{};
  std::string head;  // request line and headers, up to the per-item ones; ends with CRLF
  uint32_t connections = 8;
  uint32_t pipeline = 16;          // requests outstanding per connection
  double messages_per_second = 0;  // 0: as fast as they go
  bool resend = true;              // false: 429, 503 and 507 are final and nobody waits
  Duration patience = Duration::seconds(10);
};

class SendDriver final : private SendConnection::Listener {
 public:
  SendDriver(uv_loop_t* loop, SendOptions options, SendSource& source);
  ~SendDriver() override;
  void start();
  void stop();  // sends nothing more and closes everything; what is out counts as unanswered
  bool finished() const { return finished_; }
  const SendScore& score() const { return score_; }
  const std::string& error() const { return error_; }  // why it ended early; empty: it did not
  uint64_t outstanding() const;

 private:
  void on_ready(SendConnection& connection) override;
  void on_reply(SendConnection& connection, SendItem item, const SendReply& reply) override;
  void on_read_over(SendConnection& connection) override;
  void on_closed(SendConnection& connection, std::deque<SendItem> unanswered, int error) override;

  void pump(SendConnection& connection);
  void pump_all();
  void turn();
  bool take(SendItem& item, int64_t now_ns);
  void pace(const SendItem& item, int64_t now_ns);
  void reopen(int64_t now_ns);
  void arm(int64_t now_ns);
  void watch_source();
  void finish_if_done();

  uv_loop_t* loop_;
  SendOptions options_;
  SendSource& source_;
  SendScore score_;
  uv_timer_t timer_{};
  uv_poll_t poll_{};
  bool polls_ = false, source_later_ = false, source_ended_ = false;
  bool started_ = false, stopped_ = false, finished_ = false;
  std::vector<std::unique_ptr<SendConnection>> connections_;
  std::deque<SendItem> again_;  // to be sent before anything new
  int64_t hold_until_ns_ = 0;   // by Retry-After
  int64_t next_at_ns_ = 0;      // by the rate
  int64_t connected_ns_ = 0;    // when there was last a connection
  int64_t backoff_ns_ = 0;
  std::string error_;
  std::string head_;  // scratch
};

}  // namespace forebay
