// BatchReader: an NDJSON body as messages, an envelope a line (doors/http/envelope.h). All or nothing: the
// first bad line refuses the batch with its number (from 1) and the reason. Blank lines are ignored; a batch
// without any other is refused. The first line may say when the messages are released (release_profile.h). Nothing is
// allocated per line beyond vectors that keep their capacity.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/http/envelope.h"
#include "doors/http/release_profile.h"
#include "doors/intake.h"

namespace forebay {

inline constexpr size_t batch_messages_max = 50'000;

class BatchReader {
 public:
  // `by`: the token's name. `body` must be followed by body_padding_bytes readable bytes. messages() then holds until
  // the next read(), as long as `name` (of a queue, or of a topic) and `body` do.
  std::optional<Problem> read(std::string_view name, bool topic, std::string_view by, std::string_view body,
                              uint64_t message_bytes_max);
  std::span<const NewMessage> messages() const { return messages_; }

 private:
  std::optional<Problem> read_line(size_t number, std::string_view line, size_t readable_bytes,
                                   uint64_t message_bytes_max);
  void point_at_forwards();

  EnvelopeReader envelopes_;
  EnvelopeStore store_;
  ReleaseProfile release_;
  std::vector<NewMessage> messages_;
  struct Forwards {
    size_t message, first, count;
  };
  std::vector<Forwards> forwards_;  // of the messages that have any
};

}  // namespace forebay
