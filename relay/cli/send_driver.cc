#include "relay/cli/send_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>

namespace forebay {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kRateTolerance = 50 * kMs;
constexpr uint32_t kUnansweredMax = 5;

int64_t steady_ns() {
  return static_cast<int64_t>(uv_hrtime());
}
bool asks_to_wait(int status) {
  return status == 429 || status == 503 || status == 507;
}

// What a problem document says, on one line.
std::string excerpt(const SendItem& item, bool lines, std::string body) {
  std::replace_if(
      body.begin(), body.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  if (!lines) return body;
  return fmt::format("(batch of {} to {}) {}", item.first, item.last, body);
}

}  // namespace

SendDriver::SendDriver(uv_loop_t* loop, SendOptions options, SendSource& source)
    : loop_(loop), options_(std::move(options)), source_(source) {
  assert(options_.connections > 0 && options_.pipeline > 0);
}

SendDriver::~SendDriver() {
  assert(!started_ || finished_);
}

void SendDriver::start() {
  started_ = true;
  connected_ns_ = steady_ns();
  uv_timer_init(loop_, &timer_);
  timer_.data = poll_.data = this;
  SendConnection::Listener& listener = *this;
  for (uint32_t i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<SendConnection>(loop_, listener));
  }
  turn();
}

void SendDriver::stop() {
  if (!started_ || finished_) return;
  stopped_ = true;
  if (error_.empty()) error_ = "stopped";
  for (auto& connection : connections_) connection->close();
  finish_if_done();
}

uint64_t SendDriver::outstanding() const {
  uint64_t sum = 0;
  for (const auto& connection : connections_) sum += connection->outstanding();
  return sum;
}

void SendDriver::on_ready(SendConnection& connection) {
  on_read_over(connection);
}

void SendDriver::on_reply(SendConnection&, SendItem item, const SendReply& reply) {
  backoff_ns_ = 0;
  if (reply.status == 202) return score_.accepted(item.messages, reply.latency_ns, reply.now_ns);
  if (asks_to_wait(reply.status) && options_.resend) {
    const Duration wait = std::max(reply.retry_after.value_or(Duration::seconds(1)), Duration::milliseconds(100));
    hold_until_ns_ = std::max(hold_until_ns_, reply.now_ns + wait.ns);
    score_.resent(reply.status, item.messages);
    again_.push_back(std::move(item));
    return;
  }
  score_.refused(reply.status, item.messages, excerpt(item, item.last > item.first, reply.body));
}

void SendDriver::on_read_over(SendConnection& connection) {
  pump(connection);
  arm(steady_ns());
  finish_if_done();
}

void SendDriver::on_closed(SendConnection& connection, std::deque<SendItem> unanswered, int error) {
  const int64_t now_ns = steady_ns();
  for (auto item = unanswered.rbegin(); item != unanswered.rend(); ++item) {
    if (stopped_ || ++item->unanswered >= kUnansweredMax) {
      score_.refused(0, item->messages, "the connection closed");
    } else {
      score_.resent(0, item->messages);
      again_.push_front(std::move(*item));
    }
  }
  connection.reopen_at_ns = now_ns + backoff_ns_;
  backoff_ns_ = std::clamp<int64_t>(backoff_ns_ * 2, 10 * kMs, 1000 * kMs);
  const bool any = std::any_of(connections_.begin(), connections_.end(), [](auto& c) { return c->ready(); });
  if (any || error == 0) connected_ns_ = now_ns;
  if (!stopped_ && now_ns - connected_ns_ > options_.patience.ns) {
    error_ = fmt::format("no connection: {}", uv_strerror(error));
    return stop();
  }
  turn();
}

// Everything that may be due: connections, requests, the next wake-up, the end.
void SendDriver::turn() {
  if (finished_) return;
  if (!stopped_) {
    reopen(steady_ns());
    pump_all();
    arm(steady_ns());
  }
  finish_if_done();
}

void SendDriver::reopen(int64_t now_ns) {
  for (auto& connection : connections_) {
    const bool wanted = !source_ended_ || !again_.empty();
    if (wanted && connection->closed() && connection->reopen_at_ns <= now_ns) connection->open(options_.address);
  }
}

void SendDriver::pump_all() {
  for (auto& connection : connections_) pump(*connection);
}

void SendDriver::pump(SendConnection& connection) {
  if (!connection.ready() || stopped_) return;
  connected_ns_ = steady_ns();
  SendItem item;
  while (connection.outstanding() < options_.pipeline && take(item, connected_ns_)) {
    score_.began(connected_ns_);
    head_ = options_.head;
    if (!item.key.empty()) head_.append("Forebay-Key: ").append(item.key).append("\r\n");
    fmt::format_to(std::back_inserter(head_), "Content-Length: {}\r\n\r\n", item.body.size());
    pace(item, connected_ns_);
    connection.send(head_, std::move(item));
  }
  connection.flush();
}

bool SendDriver::take(SendItem& item, int64_t now_ns) {
  if (now_ns < hold_until_ns_ || now_ns < next_at_ns_) return false;
  if (!again_.empty()) {
    item = std::move(again_.front());
    again_.pop_front();
    return true;
  }
  if (source_ended_ || source_later_) return false;
  const SendSource::Next next = source_.next(item);
  if (next == SendSource::Next::later) watch_source();
  if (next == SendSource::Next::end) source_ended_ = true;
  if (source_ended_ && error_.empty()) error_ = source_.error();
  return next == SendSource::Next::item;
}

void SendDriver::pace(const SendItem& item, int64_t now_ns) {
  if (options_.messages_per_second <= 0) return;
  const double step_ns = item.messages * 1e9 / options_.messages_per_second;
  next_at_ns_ = std::max(next_at_ns_, now_ns - kRateTolerance) + static_cast<int64_t>(step_ns);
}

void SendDriver::watch_source() {
  source_later_ = true;
  if (!polls_) polls_ = uv_poll_init(loop_, &poll_, source_.fd()) == 0;
  if (!polls_) return;  // a file: never `later`
  uv_poll_start(&poll_, UV_READABLE | UV_DISCONNECT, [](uv_poll_t* poll, int, int) {
    auto& self = *static_cast<SendDriver*>(poll->data);
    uv_poll_stop(poll);
    self.source_later_ = false;
    self.turn();
  });
}

void SendDriver::arm(int64_t now_ns) {
  if (stopped_ || finished_) return;
  int64_t wake_ns = std::numeric_limits<int64_t>::max();
  const bool has_work = !again_.empty() || (!source_ended_ && !source_later_);
  const int64_t send_at_ns = std::max(hold_until_ns_, next_at_ns_);
  if (has_work && send_at_ns > now_ns) wake_ns = send_at_ns;
  for (const auto& connection : connections_) {
    if (connection->closed() && has_work) wake_ns = std::min(wake_ns, connection->reopen_at_ns);
  }
  if (wake_ns == std::numeric_limits<int64_t>::max()) return;
  const int64_t wait_ns = std::max<int64_t>(0, wake_ns - now_ns);
  uv_update_time(loop_);
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<SendDriver*>(timer->data)->turn(); },
      static_cast<uint64_t>((wait_ns + kMs - 1) / kMs), 0);
}

void SendDriver::finish_if_done() {
  if (finished_) return;
  const bool nothing_left = source_ended_ && again_.empty() && outstanding() == 0;
  if (!stopped_ && !nothing_left) return;
  bool closed = true;
  for (auto& connection : connections_) {
    connection->close();
    closed = closed && connection->closed();
  }
  if (!closed) return;
  finished_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  if (polls_) uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
}

}  // namespace forebay
