// The way in: from the socket through the parser to the handler.
#include "doors/connection.h"
#include "doors/refusal.h"
#include "doors/server_loop.h"

namespace forebay {
namespace {

constexpr size_t discarded_bytes_max = 256 * 1024;

Connection* connection_of(uv_stream_t* stream) {
  return static_cast<Connection*>(stream->data);
}

}  // namespace

void Connection::start() {
  active_ms_ = server_.now_ms();
  start_reading();
}

void Connection::start_reading() {
  if (reading_ || closing_ || input_ended_) return;
  reading_ = true;
  auto give_buffer = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    *buffer = static_cast<Connection*>(handle->data)->server_.read_buffer();
  };
  auto take = [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
    connection_of(stream)->on_read(n, buffer->base);
  };
  if (uv_read_start(reinterpret_cast<uv_stream_t*>(&tcp_), give_buffer, take) != 0) close();
}

void Connection::stop_reading() {
  if (!reading_) return;
  reading_ = false;
  uv_read_stop(reinterpret_cast<uv_stream_t*>(&tcp_));
}

void Connection::on_read(ssize_t n, const char* bytes) {
  if (n == 0) return;
  if (n == UV_EOF) return on_end();
  if (n < 0) return close();
  if (tls_) return on_sealed({bytes, static_cast<size_t>(n)});
  active_ms_ = server_.now_ms();
  consume({bytes, static_cast<size_t>(n)});
}

// A client may shut down its side after its last request and still gets every answer.
// Who follows a stream has nothing to say, so its end is the reader's leave.
void Connection::on_end() {
  input_ended_ = true;
  if (streaming()) return close();
  stop_reading();
  if (!input_done_ && !parser_.between_requests()) {
    refuse(malformed("the request ends before it is whole"));
  } else {
    end_input();
  }
  if (answers_.waiting() > 0) server_.handler().on_disconnected(id_);
  close_if_finished();
}

void Connection::consume(std::string_view bytes) {
  while (!input_done_) {
    if (parser_.between_requests() && overloaded(1)) return stash(bytes);
    switch (parser_.next(&bytes)) {
      case HttpParser::Event::head:
        on_head(!bytes.empty());
        break;
      case HttpParser::Event::request:
        on_request();
        break;
      case HttpParser::Event::refused:
        refuse(parser_.problem());
        break;
      case HttpParser::Event::more:
        if (!timing_request_ && !parser_.between_requests()) {
          timing_request_ = true;
          request_since_ms_ = server_.now_ms();
        }
        return account_held();
    }
  }
  parser_.abandon();
  account_held();
  discard(bytes.size());
}

void Connection::on_head(bool body_has_begun) {
  const RequestHead& head = parser_.head();
  timing_request_ = true;
  request_since_ms_ = server_.now_ms();
  std::optional<uint64_t> own_limit;
  if (head.path != "*") own_limit = server_.handler().body_limit(head.method, head.path);
  const uint64_t limit = own_limit.value_or(server_.options().max_body_bytes);
  parser_.limit_body(limit);
  if (!head.expect_continue || !head.has_body() || body_has_begun || head.content_length > limit) return;
  wants_continue_ = true;
  if (answers_.waiting() == 0) send_continue();
}

void Connection::on_request() {
  const RequestHead& head = parser_.head();
  timing_request_ = false;
  wants_continue_ = false;
  const bool last = finishing_ || !head.keep_alive;
  const ExchangeId exchange{id_, answers_.open({head.method == "HEAD", head.http_1_0, last})};
  if (last) end_input();
  if (head.path == "*") {
    Response nothing;
    nothing.status = 204;
    nothing.content_type = {};
    return respond(exchange.number, nothing);
  }
  const Request request{head.method, head.path, head.query, head.headers, parser_.body()};
  server_.handler().on_request(request, exchange);
}

void Connection::refuse(const Problem& problem) {
  if (closing_ || answers_.closed()) return;
  const uint64_t number = answers_.open({.close = true});
  end_input();
  parser_.abandon();
  account_held();
  respond(number, problem_response(problem));
}

void Connection::end_input() {
  input_done_ = true;
  wants_continue_ = false;
  std::string().swap(stash_);
}

void Connection::discard(size_t bytes) {
  discarded_bytes_ += bytes;
  if (discarded_bytes_ > discarded_bytes_max) stop_reading();
}

void Connection::stash(std::string_view bytes) {
  paused_ = true;
  stop_reading();
  stash_.reserve(bytes.size() + body_padding_bytes);
  stash_.assign(bytes);
  account_held();
}

// With room for half of what made it pause, so that it does not stop and go at every request.
void Connection::resume() {
  if (!paused_ || input_done_ || overloaded(2)) return;
  paused_ = false;
  std::string input;
  input.swap(stash_);
  consume(input);
  if (paused_ || input_done_) return;
  if (tls_ && tls_->state() == TlsSession::State::ended) return on_end();
  start_reading();
}

bool Connection::overloaded(uint64_t divisor) const {
  const ServerOptions& options = server_.options();
  return answers_.waiting() * divisor >= options.max_pipelined ||
         (unsent() + answers_.held_bytes()) * divisor > options.max_unsent_bytes;
}

void Connection::account_held() {
  const size_t held = stash_.size() + (parser_.between_requests() ? 0 : parser_.held_bytes());
  const bool fits = server_.account_held(accounted_bytes_, held);
  accounted_bytes_ = held;
  if (fits || input_done_ || parser_.between_requests()) return;
  Problem problem = refusal(503, "too-much-unfinished", "Too much is being received at once",
                            "requests that are not all here yet hold too much memory together; send it again later");
  problem.retry_after = Duration::seconds(1);
  refuse(problem);
}

}  // namespace forebay
