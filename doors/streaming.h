// Streaming: how readers follow a topic live. Non-durable: who is not there misses it, and after a restart of Forebay
// nothing is sent again. As in intake.h: loop thread only, no callback comes from inside the call.
//
// Events are Server-Sent Events text (relay/live_streams.h says of what), several at once: what came within the topic's
// `flush` goes to a reader in one piece.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "doors/intake.h"

namespace forebay {

// taken: written, or soon. gone, slow: the reader is not there any more, or was dropped; it is told nothing more.
enum class StreamResult : uint8_t { taken, gone, slow };

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual StreamResult on_events(uint64_t token, std::string_view events) = 0;
  // The topic is no more, or Forebay is stopping: the stream ends with this.
  virtual void on_end(uint64_t token, std::string_view events) = 0;
};

class Streaming {
 public:
  virtual ~Streaming() = default;
  // A Problem now, or on_events() from now on until unfollow() or its end.
  virtual std::optional<Problem> follow(std::string_view topic, uint64_t token, StreamListener& listener) = 0;
  virtual void unfollow(uint64_t token, StreamListener& listener) = 0;
  virtual void forget(StreamListener& listener) = 0;
};

}  // namespace forebay
