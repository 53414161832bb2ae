// SpendsJournal: what the limits of every sink and queue had spent, kept in the backlog so that it outlives the
// process.
//
// The promise: after kill -9 or a power cut at any moment, no window of more than 10 s lets more through than N, and a
// crash costs it at most LimitSet::ahead() (a sixteenth of N) of what was not really spent. How: a record covers that
// many sends beyond itself, and nothing is sent that no *synced* record covers (LimitSet::cover). So a journal that is
// stuck stops those sinks, by the name of their window, and a start sends nothing before its own first record is
// synced.
//
// A record is written when half of what the last one covers is used up, a second after the last one if anything was
// sent or settled since, at once when a message costs more than a record covers, at the start, and at the stop. One
// record of a set of limits is on its way at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/time.h"
#include "relay/core.h"

namespace forebay {

class SpendsJournal {
 public:
  static constexpr Duration interval = Duration::seconds(1);

  SpendsJournal(Core& core, Backlog& backlog) : core_(core), backlog_(backlog) {}

  // Before the first tick: restores all limits and gathers their first records.
  void start(Now now);
  // Lanes or limits changed: new ones are restored, and all that there are recorded as they are now.
  void look_again(Now now);
  // Once a turn, after the tick and before the flush: gathers the records that are due. When it next wants to run.
  Instant work(Now now);
  // As reported by the backlog, in order.
  void committed(uint64_t batch, bool whole);
  // What is spent now, exactly: nothing is sent after it. Before Backlog::close().
  void stop(Now now);

 private:
  // One set of limits, and its record.
  struct Kept {
    std::string note;
    LimitSet* limits = nullptr;
    SinkId sink = 0;        // looked at again when more is covered
    Duration grace;         // how long the sink may count what was in flight
    uint64_t recorded = 0;  // LimitSet::taken() at the last record
    uint64_t ahead = 0;     // that it covers beyond
    Instant written;
    bool dirty = false;             // something was in flight at the last record
    std::optional<uint64_t> batch;  // that it is on its way in
  };

  Kept* find(const std::string& note);
  // Those that are there now; known ones keep what is known of them. The numbers of the new ones.
  std::vector<size_t> gather();
  void restore(Kept& kept, Now now, bool clean);
  void record(Kept& kept, Now now);

  Core& core_;
  Backlog& backlog_;
  std::vector<Kept> kept_;
  bool started_ = false;
};

}  // namespace forebay
