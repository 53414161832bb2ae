#include "sinks/redis/reply_reader.h"

#include <hiredis/hiredis.h>

#include <cassert>

namespace forebay {
namespace {

constexpr int parts_max = 1024;
constexpr size_t waiting_bytes_max = 16 << 20;

// hiredis makes room for as many parts as a server claims; this makes it none for too many.
using MakeArray = void* (*)(const redisReadTask*, int);
MakeArray plain_array = nullptr;
void* bounded_array(const redisReadTask* task, int parts) {
  return parts > parts_max ? nullptr : plain_array(task, parts);
}

RedisReply reply_of(const redisReply& from) {
  RedisReply out;
  switch (from.type) {
    case REDIS_REPLY_STATUS:
      out.kind = RedisReply::Kind::status;
      break;
    case REDIS_REPLY_STRING:
      out.kind = RedisReply::Kind::text;
      break;
    case REDIS_REPLY_ERROR:
      out.kind = RedisReply::Kind::error;
      break;
    case REDIS_REPLY_INTEGER:
      out.kind = RedisReply::Kind::integer;
      out.integer = from.integer;
      break;
    case REDIS_REPLY_ARRAY:
      out.kind = RedisReply::Kind::array;
      for (size_t i = 0; i < from.elements; ++i) out.items.push_back(reply_of(*from.element[i]));
      break;
    default:
      break;
  }
  if (from.str != nullptr) out.text.assign(from.str, from.len);
  return out;
}

}  // namespace

struct ReplyReader::Parser {
  Parser() : reader(redisReaderCreate()), functions(*reader->fn) {
    plain_array = functions.createArray;
    functions.createArray = bounded_array;
    reader->fn = &functions;
  }
  ~Parser() { redisReaderFree(reader); }
  redisReader* reader;
  redisReplyObjectFunctions functions;
};

ReplyReader::ReplyReader() : parser_(std::make_unique<Parser>()) {}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(const char* bytes, size_t size) {
  redisReaderFeed(parser_->reader, bytes, size);
}

ReplyReader::Got ReplyReader::next(RedisReply* reply) {
  void* got = nullptr;
  if (redisReaderGetReply(parser_->reader, &got) != REDIS_OK) return Got::broken;
  if (got == nullptr) return parser_->reader->len > waiting_bytes_max ? Got::broken : Got::nothing;
  *reply = reply_of(*static_cast<const redisReply*>(got));
  freeReplyObject(got);
  return Got::reply;
}

std::string redis_command(const std::vector<std::string>& words) {
  std::vector<const char*> starts;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  const int size = redisFormatCommandArgv(&text, static_cast<int>(words.size()), starts.data(), sizes.data());
  assert(size > 0);
  std::string command(text, static_cast<size_t>(size));
  redisFreeCommand(text);
  return command;
}

}  // namespace forebay
