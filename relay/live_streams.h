// LiveStreams: topics followed live. What is published to a topic goes to its readers once it is durable, as an event
// (event_text.h), in the order in which it became so.
//
// Each topic has one text of what its readers have yet to get, and each reader a place in it; a reader costs about 100
// bytes here, whatever is published. Readers are written in the order in which they were last: so they stand by place
// too, the front one holds the text's beginning, and a turn looks at none that need not be written. A reader is written
// at once after a quiet `flush`, then once a `flush`, sooner when it lags by flush_bytes; silent ones get a comment
// every 15 s. A turn writes to readers_a_turn at most, so that ten thousand of them do not keep the loop.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "doors/streaming.h"
#include "relay/answers.h"
#include "relay/topics.h"

namespace forebay {

class LiveStreams : public Streaming, private PublishListener {
 public:
  LiveStreams(const Topics& topics, Answers& answers, Clock& clock)
      : topics_(topics), answers_(answers), clock_(clock) {}

  bool is_followed(std::string_view topic) const { return lines_.find(topic) != lines_.end(); }
  // Published to a topic that is followed. `batch`: of the backlog, which is not written yet; none: nothing was.
  void publish(std::string_view topic, std::string_view id, std::string_view body, std::optional<uint64_t> batch);
  // Writes what is due; when it next wants to run.
  Instant work(Now now);
  // The topics are others: the readers of those that are gone are told.
  void look_again();
  // Every stream ends.
  void stop();

  uint64_t readers() const { return readers_.size(); }
  uint64_t events() const { return events_; }    // handed to readers, each once a reader
  uint64_t dropped() const { return dropped_; }  // readers that were too slow

  std::optional<Problem> follow(std::string_view topic, uint64_t token, StreamListener& listener) override;
  void unfollow(uint64_t token, StreamListener& listener) override;
  void forget(StreamListener& listener) override;

 private:
  struct Reader {
    uint64_t token;
    StreamListener* listener;
    uint64_t from;   // where in Line::text it is, counted from the topic's first byte
    Instant at;      // when it was last written
    uint64_t event;  // events it has had, counted likewise
  };
  using Readers = std::list<Reader>;
  // A topic that is followed.
  struct Line {
    Duration flush;
    Readers readers;
    std::string text;
    uint64_t begin = 0, events = 0;  // of the text; events so far
    uint64_t end() const { return begin + text.size(); }
  };
  using Lines = std::map<std::string, Line, std::less<>>;
  using Key = std::pair<StreamListener*, uint64_t>;
  struct Place {
    Lines::iterator line;
    Readers::iterator reader;
  };
  struct Waiting {
    std::string topic, text;
  };

  void on_published(uint64_t, std::span<const AcceptedMessage>) override {}
  void on_refused(uint64_t token, const Problem& problem) override;
  void on_changed(uint64_t token, uint64_t count) override;
  void append(std::string_view topic, std::string_view text);
  Instant due(const Line& line) const;
  void write_front(Line& line, Now now);
  void remove(Lines::iterator line, Readers::iterator reader);
  static void trim(Line& line);
  void end(Lines::iterator line, std::string_view why);

  const Topics& topics_;
  Answers& answers_;
  Clock& clock_;
  Lines lines_;
  absl::flat_hash_map<Key, Place> readers_;
  std::map<uint64_t, Waiting> waiting_;  // published, not durable yet
  uint64_t next_waiting_ = 0;
  uint64_t events_ = 0, dropped_ = 0;
  bool stopping_ = false;
};

}  // namespace forebay
