// RedisConnection: one connection to a Redis server, on a libuv loop, kept up as long as it is needed.
//
// Promise: exactly one `done` per call, from the loop and never from inside call(), in the order in which the server
// answers. Calls are pipelined. Each has a deadline of its own, which covers the look-up of the name, the connection,
// AUTH and SELECT as well. A call is sent once: when the connection ends with calls unanswered, they are told so. A
// connection on which one call's time is up is given up with all of its calls, for replies come in order.
// It connects at the first call; after a failure it tries again with the next call, 50 ms to 2 s later; what is called
// meanwhile waits. Names are looked up by uv_getaddrinfo, their addresses tried in order.
// hiredis makes the commands and reads the replies. Its own connections (0.14) look names up on the loop and abort the
// process when a server speaks unasked, so the socket is ours.
// Not to be destroyed from inside a `done`; close() may be called there.
#pragma once

#include <uv.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/sink_forms.h"
#include "sinks/redis/redis_reply.h"
#include "sinks/redis/reply_reader.h"

namespace forebay {

class RedisConnection {
 public:
  using Done = std::function<void(RedisResult)>;

  RedisConnection(uv_loop_t* loop, ServerUrl server);  // scheme redis
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // {"XADD", "orders", "*", …}, any bytes.
  void call(const std::vector<std::string>& words, Duration timeout, Done done);
  // Another server for the calls to come; those that are sent are answered by the old one first.
  void set_server(ServerUrl server);
  // Ends every call (unanswered, or not sent) and closes all handles. Nothing may be called after it but itself.
  void close();

  bool connected() const { return state_ == State::ready; }

 private:
  enum class State { apart, resolving, connecting, greeting, ready, closed };
  struct Call {
    std::string command;
    uint64_t due_ms;  // of loop time
    Done done;
  };
  struct Lookup;
  struct Link;
  using Calls = std::deque<Call>;

  void connect_if_needed();
  void resolve();
  void resolved(int error, std::vector<sockaddr_storage> addresses);
  void connect_next(int error);
  void connected_to(int error);
  void greet();
  void greeted(const RedisReply& reply);
  void turned_away(RedisReply reply);
  void send_waiting();
  void write(const std::string& bytes);
  void received(ssize_t size, const char* bytes);
  void answered(RedisReply reply);
  void lost(RedisResult::End end_of_waiting, const RedisReply& reply, const std::string& why);
  void give_up_attempt();
  void drop_link();
  void spoil(std::string why);
  void on_timer();
  void wake_by(uint64_t due_ms);
  void wake_for_what_is_left();
  bool on_the_way() const {
    return state_ == State::resolving || state_ == State::connecting || state_ == State::greeting;
  }
  static void tell(Calls* calls, const RedisResult& result);

  uv_loop_t* loop_;
  ServerUrl server_;
  State state_ = State::apart;
  bool renew_ = false;  // another server is to be used once nothing is under way
  Lookup* lookup_ = nullptr;
  Link* link_ = nullptr;
  uv_timer_t* timer_;
  std::vector<sockaddr_storage> addresses_;  // not tried yet
  std::unique_ptr<ReplyReader> reader_;
  int greetings_ = 0;  // replies still to come before the first call's
  std::string peer_;
  std::string last_failure_;
  uint64_t woken_by_ms_ = UINT64_MAX;  // what the timer is set to
  uint64_t attempt_due_ms_ = 0;        // when the attempt to connect is given up
  uint64_t backoff_ms_ = 0;
  uint64_t not_before_ms_ = 0;  // when the next attempt may begin
  std::string broken_;          // why the link must go, found where nothing may be told
  Calls waiting_, sent_;
};

}  // namespace forebay
