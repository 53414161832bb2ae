#include "sinks/redis/redis_connection.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace forebay {
namespace {

using End = RedisResult::End;

constexpr uint64_t backoff_min_ms = 50, backoff_max_ms = 2000;
constexpr uint64_t attempt_max_ms = 5000;
constexpr size_t read_bytes = 16 * 1024;

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    uv_ip4_name(reinterpret_cast<const sockaddr_in*>(&address), text, sizeof text);
  } else {
    uv_ip6_name(reinterpret_cast<const sockaddr_in6*>(&address), text, sizeof text);
  }
  return text;
}

}  // namespace

// These outlive the connection until libuv lets go of them.
struct RedisConnection::Lookup {
  RedisConnection* owner;
  uv_getaddrinfo_t request{};
};

struct RedisConnection::Link {
  RedisConnection* owner;
  uv_tcp_t tcp{};
  uv_connect_t connect{};
  char buffer[read_bytes];
};

RedisConnection::RedisConnection(uv_loop_t* loop, ServerUrl server)
    : loop_(loop), server_(std::move(server)), timer_(new uv_timer_t) {
  uv_timer_init(loop_, timer_);
  timer_->data = this;
}

RedisConnection::~RedisConnection() {
  close();
}

void RedisConnection::call(const std::vector<std::string>& words, Duration timeout, Done done) {
  assert(state_ != State::closed);
  const auto timeout_ms = static_cast<uint64_t>(std::max<int64_t>(timeout.ms(), 1));
  waiting_.push_back({redis_command(words), uv_now(loop_) + timeout_ms, std::move(done)});
  wake_by(waiting_.back().due_ms);
  if (state_ == State::ready && !renew_) return send_waiting();
  connect_if_needed();
  if (state_ == State::apart) wake_by(not_before_ms_);
}

void RedisConnection::set_server(ServerUrl server) {
  server_ = std::move(server);
  if (on_the_way()) give_up_attempt();
  renew_ = state_ != State::apart;
  last_failure_.clear();
  backoff_ms_ = not_before_ms_ = 0;
  wake_by(0);
}

void RedisConnection::connect_if_needed() {
  if (state_ != State::apart || waiting_.empty() || uv_now(loop_) < not_before_ms_) return;
  attempt_due_ms_ = uv_now(loop_) + attempt_max_ms;
  wake_by(attempt_due_ms_);
  sockaddr_storage address{};
  const bool v4 = uv_ip4_addr(server_.host.c_str(), server_.port, reinterpret_cast<sockaddr_in*>(&address)) == 0;
  if (v4 || uv_ip6_addr(server_.host.c_str(), server_.port, reinterpret_cast<sockaddr_in6*>(&address)) == 0) {
    addresses_ = {address};
    connect_next(0);
  } else {
    resolve();
  }
}

void RedisConnection::resolve() {
  state_ = State::resolving;
  lookup_ = new Lookup{this};
  lookup_->request.data = lookup_;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int error = uv_getaddrinfo(
      loop_, &lookup_->request,
      [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
        auto* lookup = static_cast<Lookup*>(request->data);
        std::vector<sockaddr_storage> addresses;
        for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
          std::memcpy(&addresses.emplace_back(), at->ai_addr, at->ai_addrlen);
        }
        uv_freeaddrinfo(found);
        RedisConnection* owner = lookup->owner;
        delete lookup;
        if (owner != nullptr) owner->resolved(status, std::move(addresses));
      },
      server_.host.c_str(), std::to_string(server_.port).c_str(), &hints);
  if (error == 0) return;
  delete std::exchange(lookup_, nullptr);
  spoil(std::string("name look-up failed: ") + uv_strerror(error));
}

void RedisConnection::resolved(int error, std::vector<sockaddr_storage> addresses) {
  lookup_ = nullptr;
  addresses_ = std::move(addresses);
  if (error != 0 || addresses_.empty()) return lost(End::not_sent, {}, "name not found: " + server_.host);
  std::reverse(addresses_.begin(), addresses_.end());
  connect_next(0);
}

void RedisConnection::connect_next(int error) {
  while (!addresses_.empty()) {
    const sockaddr_storage address = addresses_.back();
    addresses_.pop_back();
    peer_ = address_text(address);
    state_ = State::connecting;
    link_ = new Link{this};
    uv_tcp_init(loop_, &link_->tcp);
    link_->tcp.data = link_->connect.data = link_;
    error = uv_tcp_connect(&link_->connect, &link_->tcp, reinterpret_cast<const sockaddr*>(&address),
                           [](uv_connect_t* request, int status) {
                             RedisConnection* owner = static_cast<Link*>(request->data)->owner;
                             if (owner != nullptr) owner->connected_to(status);
                           });
    if (error == 0) return;
    drop_link();
  }
  spoil(error == UV_ECONNREFUSED ? "connection refused" : std::string("cannot connect: ") + uv_strerror(error));
}

void RedisConnection::connected_to(int error) {
  if (error != 0) {
    drop_link();
    return connect_next(error);
  }
  uv_tcp_nodelay(&link_->tcp, 1);
  reader_ = std::make_unique<ReplyReader>();
  uv_read_start(
      reinterpret_cast<uv_stream_t*>(&link_->tcp),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        *buffer = uv_buf_init(static_cast<Link*>(handle->data)->buffer, read_bytes);
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
        RedisConnection* owner = static_cast<Link*>(stream->data)->owner;
        if (owner != nullptr && size != 0) owner->received(size, buffer->base);
      });
  greet();
}

void RedisConnection::greet() {
  state_ = State::greeting;
  std::string greeting;
  greetings_ = 0;
  if (!server_.password.empty()) {
    std::vector<std::string> auth{"AUTH", server_.password};
    if (!server_.user.empty()) auth.insert(auth.begin() + 1, server_.user);
    greeting += redis_command(auth);
    ++greetings_;
  }
  const uint32_t database = redis_database(server_.path).value_or(0);
  if (database != 0) {
    greeting += redis_command({"SELECT", std::to_string(database)});
    ++greetings_;
  }
  if (greetings_ == 0) return greeted({});
  write(greeting);
}

void RedisConnection::greeted(const RedisReply& reply) {
  if (reply.kind == RedisReply::Kind::error) return turned_away(reply);
  if (greetings_ > 0 && --greetings_ > 0) return;
  state_ = State::ready;
  if (renew_) return wake_by(0);
  send_waiting();
}

// A server that does not know AUTH repeats what it was given. What it says to AUTH is passed on only where it is known
// to hold no password.
void RedisConnection::turned_away(RedisReply reply) {
  constexpr std::string_view full = "max number of clients reached";
  const bool to_select = greetings_ == 1 && redis_database(server_.path).value_or(0) != 0;
  if (!to_select && reply.code() == "ERR") {
    reply.text = reply.text.find(full) == std::string::npos ? "ERR to AUTH" : "ERR " + std::string(full);
  }
  lost(End::refused, reply, reply.text);
}

void RedisConnection::send_waiting() {
  std::string bytes;
  for (; !waiting_.empty(); waiting_.pop_front()) {
    bytes += waiting_.front().command;
    std::string().swap(waiting_.front().command);
    sent_.push_back(std::move(waiting_.front()));
  }
  if (!bytes.empty()) write(bytes);
}

void RedisConnection::write(const std::string& bytes) {
  struct Write {
    std::string bytes;
    uv_write_t request{};
  };
  auto* out = new Write{bytes};
  out->request.data = out;
  const uv_buf_t buffer = uv_buf_init(out->bytes.data(), static_cast<unsigned>(out->bytes.size()));
  const int error = uv_write(&out->request, reinterpret_cast<uv_stream_t*>(&link_->tcp), &buffer, 1,
                             [](uv_write_t* request, int) { delete static_cast<Write*>(request->data); });
  if (error == 0) return;  // what fails later the reading side finds out
  delete out;
  spoil(uv_strerror(error));
}

// Found where nothing may be told: the link goes at the loop's next turn.
void RedisConnection::spoil(std::string why) {
  broken_ = std::move(why);
  wake_by(0);
}

void RedisConnection::received(ssize_t size, const char* bytes) {
  if (size < 0) return lost(End::not_sent, {}, size == UV_ECONNRESET ? "connection reset" : "closed without a reply");
  reader_->feed(bytes, static_cast<size_t>(size));
  RedisReply reply;
  while (link_ != nullptr) {
    const ReplyReader::Got got = reader_->next(&reply);
    if (got == ReplyReader::Got::nothing) break;
    if (got == ReplyReader::Got::broken) return lost(End::not_sent, {}, "malformed reply");
    if (state_ == State::greeting) {
      greeted(reply);
    } else if (sent_.empty()) {
      const bool error = reply.kind == RedisReply::Kind::error;  // such as: max number of clients reached
      return lost(error ? End::refused : End::not_sent, reply, error ? reply.text : "the server spoke unasked");
    } else {
      answered(std::move(reply));
    }
  }
  if (renew_ && sent_.empty()) wake_by(0);
}

void RedisConnection::answered(RedisReply reply) {
  Call call = std::move(sent_.front());
  sent_.pop_front();
  backoff_ms_ = not_before_ms_ = 0;
  RedisResult result;
  result.end = End::replied;
  result.reply = std::move(reply);
  result.peer = peer_;
  call.done(std::move(result));
}

// What was sent is unanswered, whatever becomes of what waits.
void RedisConnection::lost(End end_of_waiting, const RedisReply& reply, const std::string& why) {
  give_up_attempt();
  last_failure_ = why;
  backoff_ms_ = std::clamp(backoff_ms_ * 2, backoff_min_ms, backoff_max_ms);
  not_before_ms_ = uv_now(loop_) + backoff_ms_;
  Calls sent = std::exchange(sent_, {});
  Calls waiting = std::exchange(waiting_, {});
  tell(&sent, {End::unanswered, {}, why, ""});
  tell(&waiting, {end_of_waiting, reply, why, ""});
}

// Or the connection that came of it.
void RedisConnection::give_up_attempt() {
  drop_link();
  if (lookup_ != nullptr) std::exchange(lookup_, nullptr)->owner = nullptr;
  state_ = State::apart;
  renew_ = false;
  broken_.clear();
  addresses_.clear();
}

void RedisConnection::tell(Calls* calls, const RedisResult& result) {
  for (Call& call : *calls) call.done(result);
}

void RedisConnection::drop_link() {
  if (link_ == nullptr) return;
  link_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&link_->tcp),
           [](uv_handle_t* handle) { delete static_cast<Link*>(handle->data); });
  link_ = nullptr;
}

void RedisConnection::on_timer() {
  const uint64_t now = uv_now(loop_);
  woken_by_ms_ = UINT64_MAX;
  const auto is_due = [now](const Call& call) { return call.due_ms <= now; };
  if (!broken_.empty()) return lost(End::not_sent, {}, std::string(broken_));
  if (std::any_of(sent_.begin(), sent_.end(), is_due)) return lost(End::not_sent, {}, "timeout");
  if (on_the_way() && attempt_due_ms_ <= now) return lost(End::not_sent, {}, "timeout while connecting");
  if (renew_ && sent_.empty() && state_ == State::ready) {
    drop_link();
    state_ = State::apart;
    renew_ = false;
  }
  Calls late;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (is_due(*at)) late.push_back(std::move(*at));
    at = is_due(*at) ? waiting_.erase(at) : at + 1;
  }
  connect_if_needed();
  wake_for_what_is_left();
  tell(&late, {End::not_sent, {}, last_failure_.empty() ? "timeout while connecting" : last_failure_, ""});
}

void RedisConnection::wake_for_what_is_left() {
  for (const Calls* calls : {&waiting_, &sent_}) {
    for (const Call& call : *calls) wake_by(call.due_ms);
  }
  if (on_the_way()) wake_by(attempt_due_ms_);
  if (state_ == State::apart && !waiting_.empty()) wake_by(not_before_ms_);
}

// The timer may fire too early for what is left; it looks and is set again. So a call that is answered in time costs
// no search for the next deadline.
void RedisConnection::wake_by(uint64_t due_ms) {
  if (timer_ == nullptr || due_ms >= woken_by_ms_) return;
  woken_by_ms_ = due_ms;
  const uint64_t now = uv_now(loop_);
  uv_timer_start(
      timer_, [](uv_timer_t* timer) { static_cast<RedisConnection*>(timer->data)->on_timer(); },
      due_ms > now ? due_ms - now : 0, 0);
}

void RedisConnection::close() {
  if (state_ == State::closed) return;
  drop_link();
  if (lookup_ != nullptr) {
    lookup_->owner = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
    lookup_ = nullptr;
  }
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(timer_, nullptr)),
           [](uv_handle_t* timer) { delete reinterpret_cast<uv_timer_t*>(timer); });
  state_ = State::closed;
  Calls sent = std::exchange(sent_, {});
  Calls waiting = std::exchange(waiting_, {});
  tell(&sent, {End::unanswered, {}, "shut down", ""});
  tell(&waiting, {End::not_sent, {}, "shut down", ""});
}

}  // namespace forebay
