#include "doors/server_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <csignal>
#include <ctime>

#include "doors/refusal.h"
#include "doors/response_writer.h"

namespace forebay {
namespace {

constexpr size_t read_buffer_bytes = 256 * 1024;
constexpr size_t plain_buffer_bytes = read_buffer_bytes + TlsSession::record_bytes_max;

// Fine enough that a deadline is kept within an eighth, coarse enough to cost nothing.
uint64_t tick_ms(const ServerOptions& options) {
  const Duration least = std::min({options.header_timeout, options.body_timeout, options.idle_timeout});
  return static_cast<uint64_t>(std::clamp<int64_t>(least.ms() / 8, 5, 500));
}

Problem too_many_connections() {
  Problem problem =
      refusal(503, "too-many-connections", "Too many connections are open",
              "the door's max_connections are in use; send it again later, or over a connection that is open");
  problem.retry_after = Duration::seconds(1);
  return problem;
}

}  // namespace

ServerLoop::ServerLoop(uv_loop_t* loop, ServerOptions options, RequestHandler& handler)
    : loop_(loop),
      options_(std::move(options)),
      limits_{options_.max_header_bytes, options_.max_header_count},
      handler_(handler),
      listener_(loop, options_.reserved_connections, [this](int fd) { on_accept(fd); }),
      buffer_(new char[read_buffer_bytes + body_padding_bytes]()) {}

ServerLoop::~ServerLoop() {
  assert(open_handles_ == 0 && live_ == 0 && listener_.is_closed());
}

int ServerLoop::listen() {
  if (int error = load_tls()) return error;
  if (int error = listener_.open(options_.host, options_.port)) return error;
  // A client that goes away is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  start_handles();
  listening_ = true;
  return 0;
}

int ServerLoop::load_tls() {
  if (options_.tls.cert.empty()) return 0;
  std::string error;
  tls_ = TlsContext::make(options_.tls, &error);
  if (!tls_) {
    spdlog::error("{}: {}", address_text(options_.host, options_.port), error);
    return UV_EINVAL;
  }
  plain_.reset(new char[plain_buffer_bytes + body_padding_bytes]());
  return 0;
}

// Never from cleartext to TLS or back: what the door speaks is known to those who connect.
void ServerLoop::renew_tls(std::shared_ptr<const TlsContext> context) {
  assert(tls_ && context);
  tls_ = std::move(context);
}

uv_buf_t ServerLoop::plain_buffer() {
  return uv_buf_init(plain_.get(), plain_buffer_bytes);
}

void ServerLoop::start_handles() {
  uv_prepare_init(loop_, &before_poll_);
  uv_check_init(loop_, &after_poll_);
  uv_timer_init(loop_, &timer_);
  open_handles_ = 3;
  before_poll_.data = after_poll_.data = timer_.data = this;
  uv_prepare_start(&before_poll_, [](uv_prepare_t* h) { static_cast<ServerLoop*>(h->data)->flush_dirty(); });
  uv_check_start(&after_poll_, [](uv_check_t* h) { static_cast<ServerLoop*>(h->data)->flush_dirty(); });
  const uint64_t period = tick_ms(options_);
  uv_timer_start(
      &timer_, [](uv_timer_t* h) { static_cast<ServerLoop*>(h->data)->tick(); }, period, period);
  uv_unref(reinterpret_cast<uv_handle_t*>(&before_poll_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&after_poll_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
}

void ServerLoop::on_accept(int fd) {
  uint32_t index;
  if (free_.empty()) {
    index = static_cast<uint32_t>(places_.size());
    places_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Place& place = places_[index];
  const uint64_t id = (static_cast<uint64_t>(++place.generation) << 32) | index;
  place.connection = std::make_unique<Connection>(*this, id, limits_);
  Connection& connection = *place.connection;
  ++live_;
  if (connection.adopt(fd) != 0) return;
  if (live_ > options_.max_connections) {
    connection.turn_away(too_many_connections());
  } else {
    connection.start();
  }
  if (live_ >= descriptors_max(options_.max_connections)) listener_.pause();
}

void ServerLoop::gone(Connection& connection) {
  if (connection.dirty) std::erase(dirty_, &connection);
  const auto index = static_cast<uint32_t>(connection.id());
  places_[index].connection.reset();
  free_.push_back(index);
  assert(live_ > 0);
  --live_;
  listener_.resume();
  listener_.descriptor_freed();
}

Connection* ServerLoop::find(uint64_t id) {
  const auto index = static_cast<uint32_t>(id);
  if (index >= places_.size() || places_[index].generation != id >> 32) return nullptr;
  return places_[index].connection.get();
}

void ServerLoop::respond(ExchangeId exchange, Response response) {
  if (Connection* connection = find(exchange.connection)) connection->respond(exchange.number, response);
}

StreamWrite ServerLoop::stream(uint64_t id, std::string_view bytes) {
  Connection* connection = find(id);
  return connection == nullptr ? StreamWrite::gone : connection->stream(bytes);
}

void ServerLoop::end_stream(uint64_t id, std::string_view bytes) {
  if (Connection* connection = find(id)) connection->end_stream(bytes);
}

void ServerLoop::mark_dirty(Connection& connection) {
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_.push_back(&connection);
}

// A flush may let a paused connection read on and answer at once, which makes it dirty again; what it may
// read in here was received before, so this ends.
void ServerLoop::flush_dirty() {
  while (!dirty_.empty()) {
    flushing_.swap(dirty_);
    for (Connection* connection : flushing_) {
      connection->dirty = false;
      connection->flush();
    }
    flushing_.clear();
  }
}

template <typename Verb>
void ServerLoop::each(Verb verb) {
  for (Place& place : places_) {
    if (place.connection) verb(*place.connection);
  }
}

void ServerLoop::tick() {
  const uint64_t now = now_ms();
  each([now](Connection& connection) { connection.tick(now); });
}

std::string_view ServerLoop::date() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != date_seconds_) {
    date_seconds_ = now.tv_sec;
    date_ = imf_fixdate(now.tv_sec);
  }
  return date_;
}

uv_buf_t ServerLoop::read_buffer() {
  return uv_buf_init(buffer_.get(), read_buffer_bytes);
}

bool ServerLoop::account_held(size_t before, size_t after) {
  assert(held_bytes_ >= before);
  held_bytes_ = held_bytes_ - before + after;
  return after <= before || held_bytes_ <= options_.max_held_bytes;
}

void ServerLoop::stop_accepting() {
  listener_.close();
  each([](Connection& connection) { connection.finish(); });
}

void ServerLoop::close() {
  if (!listening_) return;
  listening_ = false;
  listener_.close();
  each([](Connection& connection) { connection.close(); });
  auto closed = [](uv_handle_t* handle) { --static_cast<ServerLoop*>(handle->data)->open_handles_; };
  uv_close(reinterpret_cast<uv_handle_t*>(&before_poll_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&after_poll_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), closed);
}

std::unique_ptr<Server> make_server(uv_loop_t* loop, ServerOptions options, RequestHandler& handler) {
  return std::make_unique<ServerLoop>(loop, std::move(options), handler);
}

}  // namespace forebay
