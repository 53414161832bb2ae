// HttpParser: the requests of one connection, bytes in and events out. It knows no sockets, so that it can be
// fuzzed and tested by itself.
//
// Promise: the events depend on the bytes alone, not on how they were cut into reads; a request that could be
// read in two ways is refused; nothing is read after a refusal. What is kept of an unfinished request never
// exceeds max_header_bytes plus the body limit. A request that is whole in the caller's bytes is not copied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "doors/chunk_decoder.h"
#include "doors/head_scan.h"
#include "doors/intake.h"
#include "doors/request_head.h"

namespace forebay {

// So many bytes after a body can be read (their content means nothing): a JSON parser may look past its end.
// The caller's bytes must be followed by as many.
inline constexpr size_t body_padding_bytes = 64;

struct ParserLimits {
  uint64_t max_header_bytes = 16 * 1024;
  uint32_t max_header_count = 100;
};

class HttpParser {
 public:
  enum class Event {
    more,     // all bytes are taken; feed the next ones
    head,     // head() is there; limit_body() may be called, then go on
    request,  // head() and body() are there, until the next call
    refused,  // problem() says why; this parser is done
  };

  // `limits` must outlive the parser.
  explicit HttpParser(const ParserLimits& limits) : limits_(limits) {}
  HttpParser(const HttpParser&) = delete;

  // Takes from the front of *bytes up to the next event. After `head`, the same bytes must be shown on.
  Event next(std::string_view* bytes);

  const RequestHead& head() const { return head_; }
  std::string_view body() const { return body_; }
  const Problem& problem() const { return problem_; }
  void limit_body(uint64_t max_bytes) { max_body_bytes_ = max_bytes; }
  // Nothing more will be read; what is held is given back.
  void abandon();

  bool between_requests() const { return state_ == State::done || (state_ == State::head && !scan_.started()); }
  bool in_body() const { return state_ == State::body; }
  // Bytes of the unfinished request held here.
  size_t held_bytes() const { return head_text_.capacity() + body_text_.capacity(); }

 private:
  enum class State : uint8_t { head, body_start, body, done, refused };

  Event next_head(std::string_view* bytes);
  Event start_body(std::string_view* bytes);
  Event next_body(std::string_view* bytes);
  Event refuse(Problem problem);
  void keep_head();
  void make_room(size_t bytes);
  void start_over();

  const ParserLimits& limits_;
  State state_ = State::head;
  bool head_is_kept_ = false;  // head_'s views are into head_text_
  HeadScan scan_;
  RequestHead head_;
  ChunkDecoder chunks_;
  std::string_view head_view_;
  std::string_view body_;
  std::string head_text_;
  std::string body_text_;
  uint64_t max_body_bytes_ = 0;
  Problem problem_;
};

}  // namespace forebay
