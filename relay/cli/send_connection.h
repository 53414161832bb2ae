// SendConnection: one keep-alive, pipelining HTTP/1.1 client connection. It keeps each item until its answer.
//
// States: closed -> open() -> connecting -> ready -> closed (reported once by on_closed, with what was not
// answered, in order; then open() may be called again). Answers are reported in order of send().
#pragma once

#include <llhttp.h>
#include <uv.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "relay/cli/send_source.h"

namespace forebay {

struct SendReply {
  int status = 0;
  std::optional<Duration> retry_after;  // whole seconds only; dates are not read
  std::string body;                     // its first 1,024 bytes, of anything but 202
  int64_t latency_ns = 0;               // from handing to the socket to the reply's last byte
  int64_t now_ns = 0;
};

class SendConnection {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_ready(SendConnection& connection) = 0;
    virtual void on_reply(SendConnection& connection, SendItem item, const SendReply& reply) = 0;
    virtual void on_read_over(SendConnection& connection) = 0;  // after the replies of one read
    // error: a libuv code, 0 where the other side closed in order.
    virtual void on_closed(SendConnection& connection, std::deque<SendItem> unanswered, int error) = 0;
  };

  SendConnection(uv_loop_t* loop, Listener& listener);
  void open(const sockaddr_storage& address);
  // Gathers a request; flush() writes what was gathered. Only when ready().
  void send(std::string_view head, SendItem item);
  void flush();
  void close() { shut(0); }
  bool ready() const { return state_ == State::ready; }
  bool closed() const { return state_ == State::closed; }
  size_t outstanding() const { return outstanding_.size(); }

  int64_t reopen_at_ns = 0;  // for the owner's use

 private:
  enum class State { closed, connecting, ready, closing };
  struct Outstanding {
    SendItem item;
    int64_t sent_ns;
  };
  static const llhttp_settings_t& settings();
  static void on_allocate(uv_handle_t*, size_t, uv_buf_t* buffer);
  static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);
  void on_complete();
  void shut(int error);

  uv_loop_t* loop_;
  Listener& listener_;
  State state_ = State::closed;
  int error_ = 0;
  uv_tcp_t tcp_{};
  uv_connect_t connect_{};
  uv_write_t write_{};
  llhttp_t parser_{};
  int64_t now_ns_ = 0;
  std::string field_, value_, out_, writing_;
  SendReply reply_;
  std::deque<Outstanding> outstanding_;
};

}  // namespace forebay
