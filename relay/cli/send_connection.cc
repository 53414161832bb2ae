#include "relay/cli/send_connection.h"

#include <strings.h>

#include <cassert>
#include <charconv>

namespace forebay {
namespace {

constexpr size_t kReplyBytesKept = 1024;
constexpr std::string_view kRetryAfter = "Retry-After";

SendConnection& of(const void* data) {
  return *static_cast<SendConnection*>(const_cast<void*>(data));
}

std::optional<Duration> seconds_of(std::string_view text) {
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Duration::seconds(seconds);
}

}  // namespace

SendConnection::SendConnection(uv_loop_t* loop, Listener& listener) : loop_(loop), listener_(listener) {}

const llhttp_settings_t& SendConnection::settings() {
  static const llhttp_settings_t table = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_message_begin = [](llhttp_t* p) { return of(p->data).reply_ = {}, 0; };
    s.on_header_field = [](llhttp_t* p, const char* at, size_t size) { return of(p->data).field_.append(at, size), 0; };
    s.on_header_value = [](llhttp_t* p, const char* at, size_t size) { return of(p->data).value_.append(at, size), 0; };
    s.on_header_value_complete = [](llhttp_t* p) {
      SendConnection& c = of(p->data);
      const bool waits = c.field_.size() == kRetryAfter.size() && !strcasecmp(c.field_.c_str(), kRetryAfter.data());
      if (waits) c.reply_.retry_after = seconds_of(c.value_);
      c.field_.clear(), c.value_.clear();
      return 0;
    };
    s.on_body = [](llhttp_t* p, const char* at, size_t size) {
      std::string& body = of(p->data).reply_.body;
      if (p->status_code != 202) body.append(at, std::min(size, kReplyBytesKept - body.size()));
      return 0;
    };
    s.on_message_complete = [](llhttp_t* p) { return of(p->data).on_complete(), 0; };
    return s;
  }();
  return table;
}

void SendConnection::open(const sockaddr_storage& address) {
  assert(state_ == State::closed);
  state_ = State::connecting;
  error_ = 0;
  llhttp_init(&parser_, HTTP_RESPONSE, &settings());
  uv_tcp_init(loop_, &tcp_);
  parser_.data = tcp_.data = connect_.data = write_.data = this;
  const auto connected = [](uv_connect_t* request, int status) {
    SendConnection& self = of(request->data);
    if (self.state_ != State::connecting) return;
    if (status != 0) return self.shut(status);
    self.state_ = State::ready;
    uv_tcp_nodelay(&self.tcp_, 1);
    uv_read_start(reinterpret_cast<uv_stream_t*>(&self.tcp_), on_allocate, on_read);
    self.listener_.on_ready(self);
  };
  const int error = uv_tcp_connect(&connect_, &tcp_, reinterpret_cast<const sockaddr*>(&address), connected);
  if (error != 0) shut(error);
}

void SendConnection::send(std::string_view head, SendItem item) {
  assert(ready());
  out_.append(head).append(item.body);
  outstanding_.push_back({std::move(item), 0});
}

void SendConnection::flush() {
  if (state_ != State::ready || out_.empty()) return;
  const auto now_ns = static_cast<int64_t>(uv_hrtime());
  for (auto each = outstanding_.rbegin(); each != outstanding_.rend() && each->sent_ns == 0; ++each) {
    each->sent_ns = now_ns;
  }
  if (!writing_.empty()) return;
  auto* stream = reinterpret_cast<uv_stream_t*>(&tcp_);
  uv_buf_t buffer = uv_buf_init(out_.data(), static_cast<unsigned>(out_.size()));
  const int written = uv_try_write(stream, &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) return shut(written);
  out_.erase(0, written > 0 ? static_cast<size_t>(written) : 0);
  if (out_.empty()) return;
  writing_.swap(out_);
  buffer = uv_buf_init(writing_.data(), static_cast<unsigned>(writing_.size()));
  const auto done = [](uv_write_t* request, int status) {
    SendConnection& self = of(request->data);
    self.writing_.clear();
    if (status == 0) return self.flush();
    // The peer may have answered before it closed: what can still be read decides, on_read reports the end.
  };
  if (uv_write(&write_, stream, &buffer, 1, done) != 0) shut(UV_EPIPE);
}

// One buffer serves all connections: it is parsed before the next read.
void SendConnection::on_allocate(uv_handle_t*, size_t, uv_buf_t* buffer) {
  static thread_local char bytes[256 * 1024];
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

void SendConnection::on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  SendConnection& self = of(stream->data);
  if (size < 0) return self.shut(size == UV_EOF ? 0 : static_cast<int>(size));
  if (size == 0 || self.state_ != State::ready) return;
  self.now_ns_ = static_cast<int64_t>(uv_hrtime());
  const llhttp_errno error = llhttp_execute(&self.parser_, buffer->base, static_cast<size_t>(size));
  if (error != HPE_OK) return self.shut(UV_EPROTO);
  if (self.state_ == State::ready) self.listener_.on_read_over(self);
}

void SendConnection::on_complete() {
  const int status = llhttp_get_status_code(&parser_);
  if (state_ != State::ready || status == 100) return;
  if (outstanding_.empty()) return shut(UV_EPROTO);
  Outstanding front = std::move(outstanding_.front());
  outstanding_.pop_front();
  reply_.status = status;
  reply_.now_ns = now_ns_;
  reply_.latency_ns = now_ns_ - front.sent_ns;
  listener_.on_reply(*this, std::move(front.item), reply_);
  if (!llhttp_should_keep_alive(&parser_)) shut(0);
}

void SendConnection::shut(int error) {
  if (state_ == State::closing || state_ == State::closed) return;
  state_ = State::closing;
  error_ = error;
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    SendConnection& self = of(handle->data);
    std::deque<SendItem> unanswered;
    for (Outstanding& each : self.outstanding_) unanswered.push_back(std::move(each.item));
    self.outstanding_.clear();
    self.out_.clear(), self.writing_.clear();
    self.state_ = State::closed;
    self.listener_.on_closed(self, std::move(unanswered), self.error_);
  });
}

}  // namespace forebay
