// The way out: from the answers to the socket, and the end of a connection.
#include "doors/connection.h"

#include <unistd.h>

#include <cassert>

#include "doors/refusal.h"
#include "doors/server_loop.h"

namespace forebay {
namespace {

constexpr uint64_t drain_ms = 2000;
constexpr size_t idle_out_bytes_max = 4096;  // what an idle connection may keep

void empty_out(std::string* text) {
  text->clear();
  if (text->capacity() > idle_out_bytes_max) std::string().swap(*text);
}

}  // namespace

Connection::Connection(ServerLoop& server, uint64_t id, const ParserLimits& limits)
    : server_(server), id_(id), parser_(limits) {}

int Connection::adopt(int fd) {
  const int initialised = uv_tcp_init(server_.loop(), &tcp_);
  assert(initialised == 0);  // without a family no socket is made, so nothing can fail
  (void)initialised;
  tcp_.data = write_.data = shutdown_.data = this;
  if (int error = uv_tcp_open(&tcp_, fd)) {
    ::close(fd);
    close();
    return error;
  }
  uv_tcp_nodelay(&tcp_, 1);
  if (server_.tls() != nullptr) tls_ = std::make_unique<TlsSession>(*server_.tls());
  request_since_ms_ = server_.now_ms();
  return 0;
}

void Connection::turn_away(const Problem& problem) {
  refuse(problem);
  start_reading();
}

void Connection::respond(uint64_t number, const Response& response) {
  if (closing_) return;
  answers_.answer(number, response, server_.date(), &out_);
  if (answers_.closed()) end_input();
  if (wants_continue_ && answers_.waiting() == 0) send_continue();
  server_.mark_dirty(*this);
}

void Connection::send_continue() {
  wants_continue_ = false;
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  server_.mark_dirty(*this);
}

size_t Connection::unsent() const {
  return out_.size() + in_flight_.size() + (tls_ ? tls_->unsent() : 0);
}

void Connection::flush() {
  if (closing_) return;
  if (in_flight_.empty()) write_out();
  if (closing_) return;
  resume();
  close_if_finished();
}

// From the caller's memory where nothing stands before it: thousands of streams are told the same.
StreamWrite Connection::stream(std::string_view bytes) {
  if (closing_ || stream_over_) return StreamWrite::gone;
  if (!answers_.streams()) return StreamWrite::taken;
  if (unsent() > 0 && unsent() + bytes.size() > server_.options().max_unread_stream_bytes) return StreamWrite::too_much;
  if (unsent() == 0 && !tls_) bytes.remove_prefix(try_write(bytes));
  if (closing_) return StreamWrite::gone;
  if (bytes.empty()) return StreamWrite::taken;
  out_.append(bytes);
  server_.mark_dirty(*this);
  return StreamWrite::taken;
}

void Connection::end_stream(std::string_view bytes) {
  if (closing_ || stream_over_) return;
  stream_over_ = true;
  if (answers_.streams()) out_.append(bytes);
  server_.mark_dirty(*this);
}

// How much the kernel took; at an error the connection is closed.
size_t Connection::try_write(std::string_view bytes) {
  uv_buf_t buffer = uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int n = uv_try_write(reinterpret_cast<uv_stream_t*>(&tcp_), &buffer, 1);
  if (n < 0 && n != UV_EAGAIN) close();
  active_ms_ = server_.now_ms();
  return n < 0 ? 0 : static_cast<size_t>(n);
}

void Connection::write_out() {
  seal_out();
  if (out_.empty()) return;
  const size_t written = try_write(out_);
  if (closing_) return;
  if (written < out_.size()) return write_rest(written);
  empty_out(&out_);
}

void Connection::write_rest(size_t from) {
  in_flight_.swap(out_);
  uv_buf_t buffer = uv_buf_init(in_flight_.data() + from, static_cast<unsigned>(in_flight_.size() - from));
  auto written = [](uv_write_t* write, int status) { static_cast<Connection*>(write->data)->on_written(status); };
  progress_ms_ = server_.now_ms();
  write_queue_ = buffer.len;
  if (uv_write(&write_, reinterpret_cast<uv_stream_t*>(&tcp_), &buffer, 1, written) != 0) close();
}

void Connection::on_written(int status) {
  empty_out(&in_flight_);
  if (closing_) return;
  if (status != 0) return close();
  active_ms_ = server_.now_ms();
  flush();
}

void Connection::close_if_finished() {
  if (closing_ || !input_done_ || answers_.waiting() > 0 || unsent() > 0 || streaming()) return;
  if (input_ended_) return close();
  if (drain_until_ms_ > 0) return;
  if (tls_) {
    tls_->close();
    write_out();
    if (closing_ || unsent() > 0) return;
  }
  drain_until_ms_ = server_.now_ms() + drain_ms;
  if (uv_shutdown(&shutdown_, reinterpret_cast<uv_stream_t*>(&tcp_), [](uv_shutdown_t*, int) {}) != 0) return close();
  if (discarded_bytes_ == 0) start_reading();
}

void Connection::finish() {
  if (closing_ || input_done_) return;
  finishing_ = true;
  if (!parser_.between_requests()) return;  // the request under way is read to its end
  if (answers_.waiting() == 0 && unsent() == 0) return close();
  answers_.close_last();
  end_input();
  server_.mark_dirty(*this);
}

bool Connection::is_writing_stuck(uint64_t now_ms) {
  if (in_flight_.empty()) return false;
  const size_t left = uv_stream_get_write_queue_size(reinterpret_cast<uv_stream_t*>(&tcp_));
  if (left != write_queue_) {
    write_queue_ = left;
    progress_ms_ = now_ms;
  }
  return now_ms - progress_ms_ >= static_cast<uint64_t>(server_.options().idle_timeout.ms());
}

void Connection::tick(uint64_t now_ms) {
  if (closing_) return;
  if (is_writing_stuck(now_ms) || is_handshake_late(now_ms)) return close();
  if (drain_until_ms_ > 0 && now_ms >= drain_until_ms_) return close();
  if (input_done_ || paused_) return;
  const ServerOptions& options = server_.options();
  if (parser_.between_requests()) {
    const bool idle = answers_.waiting() == 0 && unsent() == 0;
    if (idle && now_ms - active_ms_ >= static_cast<uint64_t>(options.idle_timeout.ms())) close();
    return;
  }
  const Duration allowed = parser_.in_body() ? options.body_timeout : options.header_timeout;
  if (now_ms - request_since_ms_ < static_cast<uint64_t>(allowed.ms())) return;
  refuse(refusal(408, "too-slow", "The request took too long to arrive",
                 parser_.in_body() ? "its body was not whole in time" : "its headers were not whole in time"));
}

void Connection::close() {
  if (closing_) return;
  closing_ = true;
  say_goodbye();
  if ((answers_.waiting() > 0 && !input_ended_) || streaming()) server_.handler().on_disconnected(id_);
  server_.account_held(accounted_bytes_, 0);
  accounted_bytes_ = 0;
  reading_ = false;
  input_done_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    Connection& connection = *static_cast<Connection*>(handle->data);
    connection.server_.gone(connection);
  });
}

}  // namespace forebay
