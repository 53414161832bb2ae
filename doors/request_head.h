// A request's head, read: what it asks for and how its body is framed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/intake.h"

namespace forebay {

struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent
  std::string_view path;    // starts with '/'; "*" for OPTIONS *
  std::string_view query;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // values without the space around them
  bool http_1_0 = false;
  bool keep_alive = true;  // the client lets the connection live on
  bool expect_continue = false;
  bool chunked = false;
  uint64_t content_length = 0;  // 0 where chunked
  bool has_body() const { return chunked || content_length > 0; }

  void clear();
  // After the text moved from `from` to `to`: all views follow.
  void rebase(const char* from, const char* to);
};

// Reads a head that HeadScan found whole (`text` ends in its empty line). nullopt: done; else why not.
std::optional<Problem> read_head(std::string_view text, RequestHead* head);

// The rules that span headers: one Host, one way to know the body's length, no CONNECT, target.
// Fills what RequestHead says of framing. Called by read_head().
std::optional<Problem> read_framing(RequestHead* head);

}  // namespace forebay
