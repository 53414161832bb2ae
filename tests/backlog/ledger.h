// Ledger: what the outside world was told by a backlog, and so what it may find after a crash.
//
// It knows every change handed in, by batch, and which batches were reported. After a crash the backlog must
// hold exactly what it held at the end of some batch K, with
//   K at or after the last batch reported with messages_error 0 (all up to there was said to be synced)
//   no message of a batch reported with another error
//   of batches not reported yet, all messages or none each
// Attempts are written and not synced for: after a power cut any of them may be known or not; when only the
// process died, all of them are.
// Spends of keys: each is told once, as it was handed in; those of batches up to K are there when only the process
// died, those of batches said to be synced whatever happened. Others may be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/spends_file.h"

namespace forebay::testing {

using Text = std::shared_ptr<const std::string>;

// A message as it stands, from the outside.
struct Entry {
  MessageFacts facts;
  Text meta, body;
  uint8_t attempts = 0;
  bool crashed_in_flight = false;  // as found after an earlier life
  bool dead = false;
  bool revived = false;
  DeadLetter letter;
};

struct Contents {
  std::map<Sequence, Entry> messages;
  std::map<std::string, std::string> notes;  // no empty values
  std::map<KeyHash, KeySpend> spends;        // in a test each has a key of its own
};

enum class Ended { process, power };

class Ledger {
 public:
  // -- what was handed in --
  void append(uint64_t batch, std::span<const MessageFacts> copies, std::string_view meta, std::string_view body);
  void settle(uint64_t batch, Sequence sequence);
  void retry(uint64_t batch, Sequence sequence, int64_t due_ms, uint8_t attempts);
  void dead(uint64_t batch, const DeadLetter& letter);
  void revive(uint64_t batch, Sequence sequence, int64_t due_ms);
  void note(uint64_t batch, std::string_view name, std::string_view value);
  void key_spent(uint64_t batch, const KeySpend& spend);
  void forget_key_spends(int64_t before_ms);
  void attempt_begun(Sequence sequence, uint8_t attempt);
  void attempt_over(uint64_t batch, Sequence sequence);
  // The marks of attempts were written: of those whose end was reported by now, none is left.
  void marks_written() { marks_through_ = last_reported_; }

  // -- what was reported; false: a batch out of order, passed over, or twice --
  bool committed(uint64_t batch, int messages_error);
  uint64_t last_reported() const { return last_reported_; }

  // So many spends were said to be lost.
  void spends_were_lost(uint64_t count) { spends_lost_ = count; }

  // What is in it once everything handed in and not refused counts.
  Contents final_contents() const;
  // A message that was ever handed in; nullptr: never. Its changes are not in it.
  const Entry* appended(Sequence sequence) const;
  bool was_settled(Sequence sequence) const { return settled_.contains(sequence); }
  // The largest sequence that was acknowledged to somebody.
  Sequence largest_acknowledged() const { return largest_acknowledged_; }

  // Empty: `found` is what may be found. Else what is wrong, a line each.
  std::vector<std::string> compare(const Contents& found, Ended ended) const;
  // For damaged media: nothing invented or altered (a body that cannot be read is a null Text, and loud
  // enough); fills `missing` with the acknowledged messages that are not there.
  std::vector<std::string> compare_damaged(const Contents& found, std::set<Sequence>* missing) const;

  // The next life begins with what was found.
  void start_over(Contents found);

 private:
  struct Change {
    enum class Kind { append, settle, retry, dead, revive, note } kind;
    uint64_t batch;
    Sequence sequence = 0;
    Entry entry;              // append; dead: its letter
    int64_t due_ms = 0;       // retry, revive
    uint8_t attempts = 0;     // retry
    std::string name, value;  // note
  };
  struct Attempts {
    std::set<uint8_t> begun;
    uint8_t under_way = 0;  // 0: none
    uint64_t over_in = 0;   // the batch with the end of the last one
    bool earlier = false;   // some of them in an earlier life
  };

  static void apply(const Change& change, Contents* contents);
  Contents at_end_of(uint64_t batch, const std::set<uint64_t>& without_messages) const;
  std::vector<std::string> differences(const Contents& expected, const Contents& found, Ended ended) const;
  void compare_spends(const Contents& found, uint64_t batch, std::vector<std::string>* wrong) const;
  void compare_attempts(const Entry& expected, const Entry& found, Ended ended, std::vector<std::string>* wrong) const;

  Contents base_;
  std::map<Sequence, Entry> appended_;  // in every life
  std::set<Sequence> settled_;          // handed in, whatever became of it
  std::vector<Change> changes_;
  std::set<uint64_t> refused_;  // batches whose messages were not kept
  std::map<Sequence, Attempts> attempts_;
  std::vector<std::pair<uint64_t, KeySpend>> spends_;  // by batch
  std::map<KeyHash, KeySpend> all_spends_;             // in every life
  SpendHour forgotten_before_ = 0;
  uint64_t spends_lost_ = 0;
  uint64_t last_reported_ = 0;
  uint64_t marks_through_ = 0;
  uint64_t last_durable_ = 0;  // the last batch reported with messages_error 0
  uint64_t last_handed_in_ = 0;
  Sequence largest_acknowledged_ = 0;
};

}  // namespace forebay::testing
