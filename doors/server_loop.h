// ServerLoop: the Server. Owns the listener and the connections, the one read buffer they share, and the
// places in the loop's turn where answers are written: right before it polls and right after, so that
// everything answered in one turn to one connection leaves in one write and nothing waits through a poll.
#pragma once

#include <uv.h>

#include <memory>
#include <string>
#include <vector>

#include "doors/connection.h"
#include "doors/listener.h"
#include "doors/server.h"
#include "doors/tls/tls_context.h"

namespace forebay {

class ServerLoop final : public Server {
 public:
  ServerLoop(uv_loop_t* loop, ServerOptions options, RequestHandler& handler);
  ~ServerLoop() override;

  int listen() override;
  uint16_t port() const override { return listener_.port(); }
  void respond(ExchangeId exchange, Response response) override;
  StreamWrite stream(uint64_t connection, std::string_view bytes) override;
  void end_stream(uint64_t connection, std::string_view bytes) override;
  void flush() override { flush_dirty(); }
  uint64_t connections() const override { return live_; }
  void renew_tls(std::shared_ptr<const TlsContext> context) override;
  std::shared_ptr<const TlsContext> tls_in_force() const override { return tls_; }
  TlsFigures tls_figures() const override { return tls_figures_; }
  void stop_accepting() override;
  void close() override;

  // -- for its connections --
  uv_loop_t* loop() const { return loop_; }
  const ServerOptions& options() const { return options_; }
  RequestHandler& handler() { return handler_; }
  uint64_t now_ms() const { return uv_now(loop_); }
  std::string_view date();
  uv_buf_t read_buffer();
  const TlsContext* tls() const { return tls_.get(); }
  // For what a TlsSession makes of one read; padded as the read buffer.
  uv_buf_t plain_buffer();
  TlsFigures& handshakes() { return tls_figures_; }
  void mark_dirty(Connection& connection);
  void gone(Connection& connection);  // its handle is closed; it is destroyed here
  // Changes what unfinished requests hold altogether; false: it is too much.
  bool account_held(size_t before, size_t after);

 private:
  struct Place {
    std::unique_ptr<Connection> connection;
    uint32_t generation = 0;
  };
  void on_accept(int fd);
  int load_tls();
  void start_handles();
  void flush_dirty();
  void tick();
  Connection* find(uint64_t id);
  template <typename Verb>
  void each(Verb verb);

  uv_loop_t* loop_;
  const ServerOptions options_;
  const ParserLimits limits_;
  RequestHandler& handler_;
  Listener listener_;
  uv_prepare_t before_poll_{};
  uv_check_t after_poll_{};
  uv_timer_t timer_{};
  int open_handles_ = 0;
  bool listening_ = false;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<char[]> plain_;  // of a server with TLS
  std::shared_ptr<const TlsContext> tls_;
  TlsFigures tls_figures_;
  std::vector<Place> places_;
  std::vector<uint32_t> free_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> flushing_;
  uint64_t live_ = 0;
  uint64_t held_bytes_ = 0;
  int64_t date_seconds_ = -1;
  std::string date_;
};

}  // namespace forebay
