// What a Redis server answers, and how one call to it ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace forebay {

struct RedisReply {
  enum class Kind { nil, status, text, integer, error, array };
  Kind kind = Kind::nil;
  int64_t integer = 0;
  std::string text;  // of a status, a text or an error ("WRONGTYPE Operation against …")
  std::vector<RedisReply> items;
  // An error's first word: WRONGTYPE.
  std::string code() const { return text.substr(0, text.find(' ')); }
};

struct RedisResult {
  enum class End {
    replied,     // `reply` is the server's, an error perhaps
    refused,     // the connection was: `reply` is the error that AUTH or SELECT got, no password in it; not sent
    not_sent,    // no connection came about in time
    unanswered,  // sent, and the connection ended or the time was up before its reply
  };
  End end = End::unanswered;
  RedisReply reply;
  std::string reason;  // unless replied: short, for people
  std::string peer;    // the address that answered
};

}  // namespace forebay
