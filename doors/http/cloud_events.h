// CloudEvents: what a publish request says that is an event (CloudEvents 1.0, HTTP binding and JSON format).
//
// binary: at least one of ce-id, ce-source, ce-specversion and ce-type is among the headers. All ce-* headers go out
// as they came; body and content type are untouched.
// structured: Content-Type application/cloudevents+json. The body goes out as it came. ce-* headers mean nothing.
// batch: application/cloudevents-batch+json, an array of such events; each is a message of its own, its text as
// written.
//
// An event has id, source, specversion and type, texts that are not empty; without them, or twice, it is refused (400)
// and nothing of the request is kept. Where the request has no Idempotency-Key, it is "{source} {id}", the same in
// every mode; where that cannot be a header or is longer than 512 bytes, "sha256:" and its hash. Events of another
// format (application/cloudevents+avro) are bytes like others.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doors/http/message_headers.h"
#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

class CloudEvents {
 public:
  CloudEvents();
  ~CloudEvents();

  static bool is_batch(const Request& request);
  // If the message is an event: its ce-* headers join `forward`, which message->forward views, and its key is set.
  // Views hold until the next read.
  std::optional<Problem> read(const Request& request, HeaderViews* forward, NewMessage* message);
  // `body` must be followed by body_padding_bytes readable bytes; messages() holds until the next read, as long as
  // `name` (of a queue, or of a topic) and `body` do.
  std::optional<Problem> read_batch(std::string_view name, bool topic, std::string_view by, std::string_view body,
                                    uint64_t message_bytes_max);
  std::span<const NewMessage> messages() const { return messages_; }

 private:
  struct Json;  // simdjson, kept out of this header
  std::optional<Problem> read_binary(const Request& request, HeaderViews* forward, NewMessage* message);
  // "" or what is wrong with the event.
  std::string read_structured(std::string_view text, NewMessage* message);
  std::string_view key_of(std::string_view source, std::string_view id);

  std::unique_ptr<Json> json_;
  std::deque<std::string> keys_;  // a deque: what messages view stays where it is
  std::vector<NewMessage> messages_;
};

}  // namespace forebay
