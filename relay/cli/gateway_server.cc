#include "relay/cli/gateway_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "relay/cli/gateway_connection.h"

namespace forebay {
namespace {

std::string reply(std::string_view status, std::string_view headers, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status, headers,
                     body.size(), body);
}

const std::string kTaken = reply("200 OK", "", "{\"taken\":true}\n");
const std::string kFailed = reply("500 Internal Server Error", "", "{\"error\":\"mock failure\"}\n");

std::string refused(int64_t wait_ns) {
  const int64_t seconds = std::max<int64_t>(1, (wait_ns + 999'999'999) / 1'000'000'000);
  return reply("429 Too Many Requests", fmt::format("Retry-After: {}\r\n", seconds),
               "{\"error\":\"limit exceeded\"}\n");
}

}  // namespace

GatewayServer::GatewayServer(uv_loop_t* loop, GatewayOptions options)
    : loop_(loop), options_(std::move(options)), random_(options_.seed), fails_(options_.fail_share) {
  if (options_.limit) limit_.emplace(*options_.limit);
}

GatewayServer::~GatewayServer() {
  assert(connections_.empty());
}

int GatewayServer::listen() {
  sockaddr_storage address{};
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const char* host = options_.listen.host.c_str();
  const int port = options_.listen.port;
  if (uv_ip4_addr(host, port, reinterpret_cast<sockaddr_in*>(plain)) != 0) {
    const int error = uv_ip6_addr(host, port, reinterpret_cast<sockaddr_in6*>(plain));
    if (error != 0) return error;
  }
  uv_timer_init(loop_, &timer_);
  uv_tcp_init(loop_, &listener_);
  timer_.data = listener_.data = this;
  listening_ = true;
  int error = uv_tcp_bind(&listener_, plain, 0);
  if (error == 0) error = uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 1024, on_connection);
  if (error != 0) return close(), error;
  int size = sizeof address;
  uv_tcp_getsockname(&listener_, plain, &size);
  port_ = ntohs(reinterpret_cast<sockaddr_in*>(plain)->sin_port);  // at the same place in sockaddr_in6
  return 0;
}

void GatewayServer::on_connection(uv_stream_t* listener, int status) {
  auto& self = *static_cast<GatewayServer*>(listener->data);
  if (status != 0) return;
  const uint64_t id = self.next_connection_++;
  auto& connection = self.connections_[id];
  connection = std::make_unique<GatewayConnection>(self, id);
  connection->accept(self.loop_, listener);
}

std::string GatewayServer::answer_to(std::string_view method, std::string_view path, std::string_view message_id,
                                     int64_t at_ns) {
  if (method == "GET" && path == "/healthz") return reply("200 OK", "", "{\"status\":\"ok\"}\n");
  if (method == "GET" && path == "/summary") return reply("200 OK", "", summary_json(summary()) + "\n");
  return answer_send(message_id, at_ns);
}

std::string GatewayServer::answer_send(std::string_view message_id, int64_t at_ns) {
  if (limit_ && !limit_->take(at_ns)) {
    score_.arrived(at_ns, GatewayScore::Answer::refused, message_id);
    return refused(limit_->free_at_ns() - at_ns);
  }
  const bool fails = options_.fail_share > 0 && fails_(random_);
  score_.arrived(at_ns, fails ? GatewayScore::Answer::failed : GatewayScore::Answer::taken, message_id);
  return fails ? kFailed : kTaken;
}

void GatewayServer::answer_late(uint64_t connection, std::string answer, bool close, int64_t at_ns) {
  late_.push_back({at_ns + options_.latency.ns, connection, std::move(answer), close});
  if (late_.size() == 1) start_timer();
}

void GatewayServer::start_timer() {
  uv_update_time(loop_);
  const int64_t wait_ns = late_.front().due_ns - static_cast<int64_t>(uv_hrtime());
  uv_timer_start(&timer_, on_timer, wait_ns <= 0 ? 0 : static_cast<uint64_t>((wait_ns + 999'999) / 1'000'000), 0);
}

void GatewayServer::on_timer(uv_timer_t* timer) {
  auto& self = *static_cast<GatewayServer*>(timer->data);
  const auto now_ns = static_cast<int64_t>(uv_hrtime());  // CLOCK_MONOTONIC, as the stamps are
  while (!self.late_.empty() && self.late_.front().due_ns <= now_ns) {
    Late late = std::move(self.late_.front());
    self.late_.pop_front();
    const auto found = self.connections_.find(late.connection);
    if (found == self.connections_.end()) continue;
    --found->second->late_answers_;
    found->second->send(late.answer, late.close);
  }
  if (!self.late_.empty() && !self.closing_) self.start_timer();
}

void GatewayServer::gone(uint64_t connection) {
  connections_.erase(connection);
}

void GatewayServer::close() {
  if (closing_ || !listening_) return;
  closing_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&listener_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  for (auto& [id, connection] : connections_) connection->close();
}

}  // namespace forebay
