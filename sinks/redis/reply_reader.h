// ReplyReader: a Redis server's bytes as replies, by hiredis' reader, within bounds: a reply of more than 1,024 parts
// in one array, 16 MiB in all or seven levels is a broken server's, whatever it claims is still to come.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "sinks/redis/redis_reply.h"

namespace forebay {

class ReplyReader {
 public:
  enum class Got { reply, nothing, broken };

  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(const char* bytes, size_t size);
  // The next whole reply. broken: what came is no reply; nothing more can be read.
  Got next(RedisReply* reply);

 private:
  struct Parser;  // hiredis, kept out of this header
  std::unique_ptr<Parser> parser_;
};

// A command as it goes over the wire. `words` is not empty.
std::string redis_command(const std::vector<std::string>& words);

}  // namespace forebay
