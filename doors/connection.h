// Connection: one client, from accept to close. Bytes go through the parser to the handler, answers through
// the queue to the socket.
//
// Of a door with TLS everything read and written goes through a TlsSession (connection_tls.cc): the parser sees what
// was said in the clear, and `out_` is sealed right before it is written.
//
// Reading pauses while too many requests wait or too many answers are unsent, between two requests only.
// Ending: once no further request will be read (`input_done_`) and every answer is written, the write side is
// shut down, what the client still sends is drained (bounded in bytes and time) so that no reset overtakes
// the last answer, and the socket is closed. close() ends it at once. Destroyed by its server after the
// handle closed.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "doors/answer_queue.h"
#include "doors/http_parser.h"
#include "doors/server.h"
#include "doors/tls/tls_session.h"

namespace forebay {

class ServerLoop;

class Connection {
 public:
  Connection(ServerLoop& server, uint64_t id, const ParserLimits& limits);
  Connection(const Connection&) = delete;

  int adopt(int fd);  // takes the descriptor, also when it fails
  void start();
  void turn_away(const Problem& problem);  // answered with this, whatever it asks

  void respond(uint64_t number, const Response& response);
  StreamWrite stream(std::string_view bytes);
  void end_stream(std::string_view bytes);
  void flush();                // writes what is ready, reads on where there is room again
  void tick(uint64_t now_ms);  // deadlines
  void finish();               // closes after the requests already begun
  void close();

  uint64_t id() const { return id_; }
  bool dirty = false;  // in the server's list of connections to flush

 private:
  // input (connection_input.cc)
  void start_reading();
  void stop_reading();
  void on_read(ssize_t n, const char* bytes);
  void on_end();
  void consume(std::string_view bytes);
  void on_head(bool body_has_begun);
  void on_request();
  void refuse(const Problem& problem);
  void end_input();
  void discard(size_t bytes);
  void stash(std::string_view bytes);
  void resume();
  void account_held();
  bool overloaded(uint64_t divisor) const;
  // output (connection.cc)
  void send_continue();
  size_t try_write(std::string_view bytes);
  void write_out();
  void write_rest(size_t from);
  void on_written(int status);
  void close_if_finished();
  bool is_writing_stuck(uint64_t now_ms);
  size_t unsent() const;
  bool streaming() const { return answers_.streams() && !stream_over_; }
  // TLS (connection_tls.cc); without it these do nothing
  void on_sealed(std::string_view bytes);
  void on_tls_failed(bool in_handshake);
  void seal_out();
  void say_goodbye();
  bool is_handshake_late(uint64_t now_ms);
  void count_handshake_left();
  bool is_shaking_hands() const { return tls_ && tls_->state() == TlsSession::State::handshake; }

  ServerLoop& server_;
  const uint64_t id_;
  uv_tcp_t tcp_{};
  uv_write_t write_{};
  uv_shutdown_t shutdown_{};
  std::unique_ptr<TlsSession> tls_;  // null: cleartext
  HttpParser parser_;
  AnswerQueue answers_;
  std::string out_;        // answers ready to be written
  std::string in_flight_;  // handed to the kernel through uv_write
  std::string stash_;      // read but not parsed: reading is paused

  uint64_t request_since_ms_ = 0;  // first byte of the head, or end of the head; before, of TLS: accepted
  uint64_t active_ms_ = 0;         // last read or write
  uint64_t drain_until_ms_ = 0;    // 0: not draining
  uint64_t progress_ms_ = 0;       // when the kernel last took something of in_flight_
  size_t write_queue_ = 0;         // what was left of it then
  size_t discarded_bytes_ = 0;
  size_t accounted_bytes_ = 0;  // of the server's held bytes

  bool closing_ = false;
  bool reading_ = false;
  bool paused_ = false;
  bool finishing_ = false;
  bool input_done_ = false;   // nothing more will be parsed
  bool input_ended_ = false;  // the client has shut down its side
  bool timing_request_ = false;
  bool wants_continue_ = false;
  bool stream_over_ = false;
  bool handshake_counted_ = false;
};

}  // namespace forebay
