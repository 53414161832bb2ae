// SendSource: where `forebay send` gets its requests from: a counted template, or lines of NDJSON.
//
// next() gives one request's worth. `later`: nothing yet, wait until fd() can be read. After `end`, error()
// is empty, or says why the source stopped early, naming the line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "relay/cli/send_template.h"

namespace forebay {

// One request: a message as it is, or the lines of a batch.
struct SendItem {
  std::string body;
  std::string key;  // of a single message; empty: none
  uint32_t messages = 0;
  uint64_t first = 0, last = 0;  // numbers of its messages, or of its lines, from 1
  uint32_t unanswered = 0;       // connections that closed while it was out
};

class SendSource {
 public:
  enum class Next { item, later, end };
  virtual ~SendSource() = default;
  virtual Next next(SendItem& item) = 0;
  virtual std::string error() const { return ""; }
  virtual int fd() const { return -1; }
  virtual std::optional<uint64_t> total() const { return std::nullopt; }
};

// What envelopes of a generated batch carry beside the body; empty: not given.
struct SendFields {
  std::string klass, delay, ttl;
};

// `count` messages; `batch` 0: each as it is, else envelopes, so many a request.
std::unique_ptr<SendSource> make_template_source(uint64_t count, SendTemplate body, SendTemplate key, uint32_t batch,
                                                 SendFields fields);

// NDJSON envelopes, one a line, read from `fd` (closed at the end unless it is 0), at most `batch` and 8 MiB
// a request. Blank lines are skipped. A line that is no envelope ends the source with an error.
std::unique_ptr<SendSource> make_line_source(int fd, uint32_t batch);

}  // namespace forebay
