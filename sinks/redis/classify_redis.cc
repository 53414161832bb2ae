#include "sinks/redis/classify_redis.h"

#include <algorithm>
#include <array>

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using End = RedisResult::End;

bool is_busy(const RedisReply& error) {
  static constexpr std::array<std::string_view, 9> codes{
      "LOADING", "BUSY", "OOM", "READONLY", "MISCONF", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS"};
  const std::string code = error.code();
  return std::find(codes.begin(), codes.end(), code) != codes.end() ||
         error.text.find("max number of clients") != std::string::npos;
}

std::string excerpt_of(const std::string& text) {
  constexpr size_t excerpt_max = 256;
  return text.substr(0, excerpt_max);
}

// The rest of an error may hold what a command said, such as the message; its first word is Redis' own. What it says
// to a connection holds neither (redis_connection.h), and tells which of AUTH and SELECT was wrong.
void set_error(const RedisReply& error, bool to_connection, Outcome* outcome) {
  constexpr size_t reason_max = 80, code_max = 32;
  const bool busy = is_busy(error);
  outcome->kind = busy ? Kind::throttled : Kind::sink_fault;
  if (busy) outcome->retry_after = kRedisBusyWait;
  outcome->reason = "redis " + (to_connection ? error.text.substr(0, reason_max) : error.code().substr(0, code_max));
  outcome->excerpt = excerpt_of(error.text);
}

}  // namespace

Outcome classify_redis(const RedisResult& result) {
  Outcome outcome;
  outcome.peer = result.peer;
  outcome.reason = result.reason;
  outcome.sent = result.end == End::replied || result.end == End::unanswered;
  outcome.answered = result.end == End::replied;
  if (result.end == End::unanswered) return outcome;
  outcome.kind = Kind::retry;
  if (result.end == End::not_sent) return outcome;
  if (result.reply.kind == RedisReply::Kind::error) {
    set_error(result.reply, result.end == End::refused, &outcome);
  } else {
    outcome.kind = Kind::delivered;
    outcome.reason = "added";
    outcome.excerpt = excerpt_of(result.reply.text);
  }
  return outcome;
}

bool wants_another_server(const RedisResult& result) {
  return result.end == End::replied && result.reply.kind == RedisReply::Kind::error &&
         result.reply.code() == "READONLY";
}

}  // namespace forebay
