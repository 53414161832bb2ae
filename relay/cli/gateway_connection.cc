#include "relay/cli/gateway_connection.h"

#include <strings.h>

#include <cassert>
#include <ctime>

#include "relay/cli/gateway_server.h"

namespace forebay {
namespace {

constexpr size_t kUnsentMax = 4 << 20;
constexpr std::string_view kIdHeader = "Forebay-Message-Id";

int64_t steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

GatewayConnection& of(llhttp_t* parser) {
  return *static_cast<GatewayConnection*>(parser->data);
}

}  // namespace

GatewayConnection::GatewayConnection(GatewayServer& server, uint64_t id) : server_(server), id_(id) {
  llhttp_init(&parser_, HTTP_REQUEST, &settings());
  parser_.data = this;
}

const llhttp_settings_t& GatewayConnection::settings() {
  static const llhttp_settings_t table = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_message_begin = [](llhttp_t* p) {
      GatewayConnection& c = of(p);
      c.path_.clear(), c.field_.clear(), c.value_.clear(), c.message_id_.clear();
      return 0;
    };
    s.on_url = [](llhttp_t* p, const char* at, size_t size) { return of(p).path_.append(at, size), 0; };
    s.on_header_field = [](llhttp_t* p, const char* at, size_t size) { return of(p).field_.append(at, size), 0; };
    s.on_header_value = [](llhttp_t* p, const char* at, size_t size) { return of(p).value_.append(at, size), 0; };
    s.on_header_value_complete = [](llhttp_t* p) {
      GatewayConnection& c = of(p);
      const bool is_id = c.field_.size() == kIdHeader.size() && !strcasecmp(c.field_.c_str(), kIdHeader.data());
      if (is_id) c.message_id_ = c.value_;
      c.field_.clear(), c.value_.clear();
      return 0;
    };
    s.on_message_complete = [](llhttp_t* p) { return of(p).on_complete(); };
    return s;
  }();
  return table;
}

bool GatewayConnection::accept(uv_loop_t* loop, uv_stream_t* listener) {
  uv_tcp_init(loop, &tcp_);
  tcp_.data = this;
  write_.data = this;
  const bool accepted = uv_accept(listener, reinterpret_cast<uv_stream_t*>(&tcp_)) == 0;
  if (!accepted) return close(), false;
  uv_tcp_nodelay(&tcp_, 1);
  uv_read_start(reinterpret_cast<uv_stream_t*>(&tcp_), on_allocate, on_read);
  return true;
}

// One buffer serves all connections: it is parsed before the next read.
void GatewayConnection::on_allocate(uv_handle_t*, size_t, uv_buf_t* buffer) {
  static thread_local char bytes[256 * 1024];
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

void GatewayConnection::on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  auto& self = *static_cast<GatewayConnection*>(stream->data);
  if (size < 0) return self.close();
  if (size == 0 || self.closing_) return;
  self.read_at_ns_ = steady_ns();
  self.gathering_ = true;
  const llhttp_errno error = llhttp_execute(&self.parser_, buffer->base, static_cast<size_t>(size));
  self.gathering_ = false;
  if (error != HPE_OK) {
    self.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", true);
  } else {
    self.flush();
  }
}

int GatewayConnection::on_complete() {
  const bool close = !llhttp_should_keep_alive(&parser_);
  const auto method = static_cast<llhttp_method_t>(parser_.method);
  const bool is_send = method != HTTP_GET || (path_ != "/summary" && path_ != "/healthz");
  std::string answer = server_.answer_to(llhttp_method_name(method), path_, message_id_, read_at_ns_);
  if (late_answers_ > 0 || (is_send && server_.options_.latency.ns > 0)) {
    ++late_answers_;
    server_.answer_late(id_, std::move(answer), close, read_at_ns_);
  } else {
    send(answer, close);
  }
  return 0;
}

void GatewayConnection::send(std::string_view bytes, bool close_after) {
  if (close_after_ || closing_) return;
  out_.append(bytes);
  close_after_ = close_after;
  if (!gathering_) flush();
}

void GatewayConnection::flush() {
  if (closing_ || !writing_.empty()) return;
  auto* stream = reinterpret_cast<uv_stream_t*>(&tcp_);
  if (!out_.empty()) {
    uv_buf_t buffer = uv_buf_init(out_.data(), static_cast<unsigned>(out_.size()));
    const int written = uv_try_write(stream, &buffer, 1);
    if (written < 0 && written != UV_EAGAIN) return close();
    out_.erase(0, written > 0 ? static_cast<size_t>(written) : 0);
  }
  if (out_.empty()) {
    if (close_after_) close();
    return;
  }
  if (out_.size() > kUnsentMax && reading_) {
    uv_read_stop(stream);
    reading_ = false;
  }
  writing_.swap(out_);
  uv_buf_t buffer = uv_buf_init(writing_.data(), static_cast<unsigned>(writing_.size()));
  if (uv_write(&write_, stream, &buffer, 1, on_written) != 0) close();
}

void GatewayConnection::on_written(uv_write_t* request, int status) {
  auto& self = *static_cast<GatewayConnection*>(request->data);
  self.writing_.clear();
  if (status != 0) return self.close();
  if (!self.reading_) {
    uv_read_start(reinterpret_cast<uv_stream_t*>(&self.tcp_), on_allocate, on_read);
    self.reading_ = true;
  }
  self.flush();
}

void GatewayConnection::close() {
  if (closing_) return;
  closing_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    auto* self = static_cast<GatewayConnection*>(handle->data);
    self->server_.gone(self->id_);
  });
}

}  // namespace forebay
