#include "dialects.h"

#include <fmt/format.h>

#include <charconv>

namespace forebay::bench {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

// One HTTP reply at the front of `bytes`. False: not whole yet.
bool take_http(std::string_view bytes, size_t* size, int* status, bool* retry_after) {
  const size_t end = bytes.find(kEndOfHead);
  if (end == std::string_view::npos) return false;
  const std::string_view head = bytes.substr(0, end + 2);
  *status = 0;
  std::from_chars(head.data() + 9, head.data() + 12, *status);
  size_t body = 0;
  const size_t length = head.find("Content-Length: ");
  if (length != std::string_view::npos) {
    std::from_chars(head.data() + length + 16, head.data() + head.size(), body);
  }
  *retry_after = head.find("Retry-After: ") != std::string_view::npos;
  *size = end + kEndOfHead.size() + body;
  return bytes.size() >= *size;
}

}  // namespace

std::string http_post(const std::string& path, const std::string& headers, const std::string& body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}Content-Length: {}\r\n\r\n{}", path, headers,
                     body.size(), body);
}

std::string sample_body() {
  std::string body;
  uint32_t x = 1;
  while (body.size() < kBodyBytes) {
    x = x * 1664525 + 1013904223;  // Numerical Recipes' LCG
    body += static_cast<char>('a' + (x >> 24) % 26);
  }
  return body;
}

std::string http_publish(const std::string& queue) {
  return http_post("/v1/queues/" + queue + "/messages", "Content-Type: text/plain\r\n", sample_body());
}

std::string http_batch(const std::string& queue, uint32_t messages) {
  const std::string line = "{\"body\":\"" + sample_body() + "\"}\n";
  std::string lines;
  for (uint32_t i = 0; i < messages; ++i) lines += line;
  return http_post("/v1/queues/" + queue + "/messages:batch",
                   "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n", lines);
}

std::string http_get_request(const std::string& path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
}

ReplyReader http_replies(int status) {
  return [status](std::string_view bytes) {
    Replies replies;
    size_t size = 0;
    int got = 0;
    bool retry_after = false;
    while (take_http(bytes.substr(replies.consumed), &size, &got, &retry_after)) {
      replies.consumed += size;
      ++(got == status ? replies.good : replies.bad);
    }
    return replies;
  };
}

ReplyReader http_replies_or_refusals(int status, uint64_t* refused) {
  return [status, refused](std::string_view bytes) {
    Replies replies;
    size_t size = 0;
    int got = 0;
    bool retry_after = false;
    while (take_http(bytes.substr(replies.consumed), &size, &got, &retry_after)) {
      replies.consumed += size;
      const bool is_refusal = got == 503 && retry_after;
      *refused += is_refusal;
      ++(got == status || is_refusal ? replies.good : replies.bad);
    }
    return replies;
  };
}

std::string redis_xadd(uint32_t commands) {
  const std::string one =
      fmt::format("*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nb\r\n${}\r\n{}\r\n", kBodyBytes, sample_body());
  std::string all;
  for (uint32_t i = 0; i < commands; ++i) all += one;
  return all;
}

// "$15\r\n1700000000000-0\r\n", or a line for errors and simple answers.
ReplyReader redis_replies() {
  return [](std::string_view bytes) {
    Replies replies;
    for (;;) {
      const std::string_view rest = bytes.substr(replies.consumed);
      const size_t end = rest.find("\r\n");
      if (end == std::string_view::npos) return replies;
      size_t size = end + 2;
      if (rest[0] == '$') {
        size_t length = 0;
        std::from_chars(rest.data() + 1, rest.data() + end, length);
        size += length + 2;
      }
      if (rest.size() < size) return replies;
      replies.consumed += size;
      ++(rest[0] == '$' || rest[0] == '+' || rest[0] == ':' ? replies.good : replies.bad);
    }
  };
}

}  // namespace forebay::bench
