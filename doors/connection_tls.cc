// The step between the socket and HTTP on a door with TLS.
#include <spdlog/spdlog.h>

#include "doors/connection.h"
#include "doors/server_loop.h"

namespace forebay {

// A record that says nothing does not make the connection active.
void Connection::on_sealed(std::string_view bytes) {
  using State = TlsSession::State;
  if (tls_->state() == State::failed) return discard(bytes.size());
  const bool in_handshake = is_shaking_hands();
  const uv_buf_t buffer = server_.plain_buffer();
  const size_t size = tls_->receive(bytes, buffer.base, buffer.len);
  if (tls_->has_output()) server_.mark_dirty(*this);
  if (in_handshake && (tls_->state() == State::open || tls_->state() == State::ended)) {
    ++server_.handshakes().done;
    active_ms_ = server_.now_ms();
  }
  if (size > 0) {
    active_ms_ = server_.now_ms();
    consume({buffer.base, size});
  }
  if (closing_) return;
  if (tls_->state() == State::failed) return on_tls_failed(in_handshake);
  // A client that makes the server talk (by asking for new keys) and does not listen.
  if (tls_->unsent() > server_.options().max_unsent_bytes) return close();
  if (tls_->state() == State::ended && !paused_ && !input_ended_) on_end();
}

// The alert leaves, and what the client still sends is drained, so that no reset overtakes it.
void Connection::on_tls_failed(bool in_handshake) {
  if (in_handshake) {
    ++server_.handshakes().failed;
    spdlog::debug("{}: a client is dropped, its TLS handshake failed: {}",
                  address_text(server_.options().host, server_.port()), tls_->failure());
  }
  out_.clear();
  if (answers_.waiting() > 0 || !in_flight_.empty()) return close();
  end_input();
  parser_.abandon();
  account_held();
  paused_ = false;
  server_.mark_dirty(*this);
}

void Connection::seal_out() {
  if (!tls_) return;
  tls_->send(out_);
  out_ = tls_->take_output();
}

// On the way out, where nothing is left to be written before it: what the kernel takes of it.
void Connection::say_goodbye() {
  if (!tls_) return;
  count_handshake_left();
  if (!in_flight_.empty() || !out_.empty()) return;
  tls_->close();
  std::string last = tls_->take_output();
  if (last.empty()) return;
  uv_buf_t buffer = uv_buf_init(last.data(), static_cast<unsigned>(last.size()));
  uv_try_write(reinterpret_cast<uv_stream_t*>(&tcp_), &buffer, 1);
}

bool Connection::is_handshake_late(uint64_t now_ms) {
  if (!is_shaking_hands()) return false;
  if (now_ms - request_since_ms_ < static_cast<uint64_t>(server_.options().header_timeout.ms())) return false;
  ++server_.handshakes().slow;
  spdlog::debug("{}: a client is dropped, its TLS handshake was not done within header_timeout",
                address_text(server_.options().host, server_.port()));
  handshake_counted_ = true;
  return true;
}

// One that connects and goes without a byte looks whether the door is there.
void Connection::count_handshake_left() {
  if (!is_shaking_hands() || !tls_->has_begun() || handshake_counted_) return;
  ++server_.handshakes().failed;
  spdlog::debug("{}: a client left during the TLS handshake", address_text(server_.options().host, server_.port()));
}

}  // namespace forebay
