#include "doors/http_parser.h"

#include <algorithm>
#include <cassert>

#include "doors/refusal.h"

namespace forebay {
namespace {

// What a connection may keep between requests, so that an idle one stays small.
constexpr size_t idle_text_bytes_max = 2048;
constexpr size_t idle_headers_max = 32;
constexpr size_t first_room_bytes = 16 * 1024;

void slim(std::string* text) {
  text->clear();
  if (text->capacity() > idle_text_bytes_max) std::string().swap(*text);
}

}  // namespace

HttpParser::Event HttpParser::next(std::string_view* bytes) {
  if (state_ == State::done) start_over();
  switch (state_) {
    case State::head:
      return next_head(bytes);
    case State::body_start:
      return start_body(bytes);
    case State::body:
      return next_body(bytes);
    default:
      assert(state_ == State::refused);
      return Event::refused;
  }
}

HttpParser::Event HttpParser::next_head(std::string_view* bytes) {
  if (bytes->empty()) return Event::more;
  std::string_view text = *bytes;
  const size_t kept = head_text_.size();
  if (kept > 0) {
    // Never more than it takes to see that the head is too long (an empty line may come before it).
    const size_t room = limits_.max_header_bytes + 3 - std::min<size_t>(kept, limits_.max_header_bytes + 2);
    head_text_.append(bytes->data(), std::min(room, bytes->size()));
    text = head_text_;
  }
  switch (scan_.scan(text, limits_.max_header_bytes, limits_.max_header_count, &problem_)) {
    case HeadScan::Result::refused:
      return refuse(std::move(problem_));
    case HeadScan::Result::more:
      if (kept == 0) head_text_.assign(bytes->data(), bytes->size());
      bytes->remove_prefix(head_text_.size() - kept);
      assert(bytes->empty());
      return Event::more;
    case HeadScan::Result::whole:
      break;
  }
  bytes->remove_prefix(scan_.end() - kept);
  head_is_kept_ = kept > 0;
  head_view_ = text.substr(scan_.begin(), scan_.end() - scan_.begin());
  if (auto problem = read_head(head_view_, &head_)) return refuse(std::move(*problem));
  state_ = State::body_start;
  return Event::head;
}

HttpParser::Event HttpParser::start_body(std::string_view* bytes) {
  if (head_.content_length > max_body_bytes_) {
    return refuse(refusal(413, "body-too-large", "The body is too large",
                          "a body here may have " + std::to_string(max_body_bytes_) + " bytes"));
  }
  if (!head_.chunked && head_.content_length <= bytes->size()) {
    body_ = bytes->substr(0, head_.content_length);
    bytes->remove_prefix(head_.content_length);
    state_ = State::done;
    return Event::request;
  }
  state_ = State::body;
  return next_body(bytes);
}

HttpParser::Event HttpParser::next_body(std::string_view* bytes) {
  bool whole = false;
  if (head_.chunked) {
    make_room(bytes->size());
    const ChunkLimits limits{max_body_bytes_, limits_.max_header_bytes};
    const auto result = chunks_.feed(bytes, limits, &body_text_, &problem_);
    if (result == ChunkDecoder::Result::refused) return refuse(std::move(problem_));
    whole = result == ChunkDecoder::Result::done;
  } else {
    const size_t n = std::min<size_t>(head_.content_length - body_text_.size(), bytes->size());
    make_room(n);
    body_text_.append(bytes->data(), n);
    bytes->remove_prefix(n);
    whole = body_text_.size() == head_.content_length;
  }
  if (!whole) {
    keep_head();
    return Event::more;
  }
  body_ = body_text_;
  state_ = State::done;
  return Event::request;
}

// Room grows with what has really arrived, not with what a header announces; the readable bytes after a body
// that Request promises are always there.
void HttpParser::make_room(size_t bytes) {
  const size_t needed = body_text_.size() + bytes + body_padding_bytes;
  if (needed <= body_text_.capacity()) return;
  body_text_.reserve(std::max({needed, first_room_bytes, 2 * body_text_.capacity()}));
}

void HttpParser::keep_head() {
  if (head_is_kept_) return;
  head_text_.assign(head_view_);
  head_.rebase(head_view_.data(), head_text_.data());
  head_is_kept_ = true;
}

HttpParser::Event HttpParser::refuse(Problem problem) {
  problem_ = std::move(problem);
  state_ = State::refused;
  return Event::refused;
}

void HttpParser::abandon() {
  state_ = State::refused;
  head_.clear();
  body_ = head_view_ = {};
  std::string().swap(head_text_);
  std::string().swap(body_text_);
}

void HttpParser::start_over() {
  state_ = State::head;
  head_is_kept_ = false;
  scan_ = HeadScan();
  chunks_ = ChunkDecoder();
  body_ = head_view_ = {};
  slim(&head_text_);
  slim(&body_text_);
  max_body_bytes_ = 0;
  if (head_.headers.capacity() > idle_headers_max) head_.headers = {};
}

}  // namespace forebay
