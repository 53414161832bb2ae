// Backlog: where messages wait, durably. The embedded journal (journal.h) is the one implementation so far.
//
// Everything is called on the loop thread and reports on the loop thread. What is gathered between two flush()
// calls belongs to one batch, numbered from 1; batches are reported in order, each exactly once:
//   on_committed(batch, messages_error = 0)  everything in it is synced: at once, but for settles that nobody waits for
//                                            (all but cancelled and purged): written at once, synced with the next
//                                            commit, or when settles_wait is over
//   on_committed(batch, messages_error = E)  its *messages* were not kept (ENOSPC, EDQUOT, EIO, EROFS): refuse
//                                            them; its changes (settle, retry, dead …) are kept all the same:
//                                            synced by now or as soon as the disk lets them
//   on_broken(what)                          a sync failed: nothing more is ever reported; leave, exit non-zero
// A message is the backlog's from append() on, may be fetched from on_committed on, and is forgotten by settle().
//
// Identity is the sequence: settle wins wherever it stands, a second copy of a sequence is ignored.
// Redelivered after a crash: what was in flight, plus what settled during one commit, never more. A commit of settles
// alone lasts settles_wait and its sync; only a power cut takes back what is written, kill -9 does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace forebay {

// What the index must know of a waiting message; everything else stays on disk. Times are Unix milliseconds.
struct MessageFacts {
  Sequence sequence = 0;
  QueueId queue = 0;
  uint8_t klass = 0;
  uint8_t max_attempts = 0;  // 0: the queue's
  bool held = false;         // until it is released, or due_ms has passed undecided
  bool due_by_wall = false;  // due_ms came from not_before: it follows the wall clock when that is stepped
  int64_t accepted_ms = 0;
  int64_t due_ms = 0;      // 0: at once
  int64_t expires_ms = 0;  // 0: never
  uint32_t bytes = 0;      // of body and meta, for the bounds
  uint32_t cost = 1;       // of the limits
  uint64_t key = 0;        // KeyHash (base/ids.h); 0: it has none
};

// A message that outlived the process. `facts.due_ms` is the latest (a retry's, if any).
struct RecoveredMessage {
  MessageFacts facts;
  uint8_t attempts = 0;
  bool crashed_in_flight = false;  // an attempt had begun and its end is unknown; counted in `attempts`
  bool dead = false;
  bool revived = false;  // it was a dead letter and was replayed; its ttl is gone (`facts.expires_ms` 0)
};

enum class Settlement : uint8_t { delivered = 1, expired, cancelled, superseded, purged, dropped };

constexpr Duration settles_wait = Duration::milliseconds(20);

struct DeadLetter {
  Sequence sequence = 0;
  QueueId queue = 0;
  uint8_t attempts = 0;
  int64_t died_ms = 0;
  uint32_t bytes = 0;
  std::string reason;   // "http 404", "attempts exhausted: timeout"
  std::string excerpt;  // of the last reply, at most 256 bytes
};

// A body on its way out. `meta` is relay/'s encoding (relay/meta.h), opaque here.
struct StoredMessage {
  std::string_view meta;
  std::string_view body;
  int64_t accepted_ms = 0;
  std::shared_ptr<const void> keep;  // owns the two views
};

// A copy of what was published under an Idempotency-Key.
struct KeyedCopy {
  Sequence sequence = 0;
  QueueId queue = 0;
  int64_t ended_ms = 0;  // when it was settled, as far as the disk knows; 0: it does not
};

// What is remembered of an Idempotency-Key, by its hashes (relay/dedup_desk.h says of what).
struct RememberedKey {
  uint64_t key = 0;
  uint64_t content = 0;
  Duration window;
  std::vector<KeyedCopy> copies;  // of one publish, sequences rising by one
};

// Where a remembered key may lie.
struct KeyPlace {
  uint32_t file = 0;
  uint32_t record = 0;
  bool operator==(const KeyPlace&) const = default;
};

struct BacklogFigures {
  uint64_t live_bytes = 0, dead_bytes = 0, free_bytes = 0;  // of the segments' space: forebay_journal_bytes{kind}
  uint64_t disk_free_bytes = 0;
  uint64_t torn_tails = 0, quarantined_segments = 0, missing_segments = 0;
  uint64_t key_spends_lost = 0;   // could not be written, or were damaged when they were read
  uint64_t key_records_lost = 0;  // of remembered Idempotency-Keys: damaged when they were read
  uint64_t remembered_keys = 0;   // copies under an Idempotency-Key that are not forgotten yet
  // Everything this process wrote to the data_dir: in write calls, and as the disk gets it, each page of 4 KiB counted
  // once for every sync between which it was written to.
  uint64_t bytes_written = 0, page_bytes_written = 0;
  bool refusing = false;     // the last write of messages failed; tried again by itself, once a second
  std::string refusing_why;  // "no space left on device (…)"
};

class BacklogListener {
 public:
  virtual ~BacklogListener() = default;
  virtual void on_committed(uint64_t batch, int messages_error) = 0;
  virtual void on_broken(const std::string& what) = 0;
  // One durable write: its sync's length and how many messages shared it.
  virtual void on_synced(Duration took, uint32_t messages) = 0;
};

class Backlog {
 public:
  virtual ~Backlog() = default;

  // -- gather (into the open batch) --
  // May so many more messages of so many bytes together come in, as one? 0, or why not: ENOSPC (data_dir's max_bytes,
  // or the disk), EIO, EROFS; EMSGSIZE: never, they do not fit into a segment; EAGAIN: not before what is waiting for
  // its sync is synced. Asked before a sequence is reserved; nothing is kept of the asking.
  virtual int room(uint64_t bytes, size_t messages = 1) = 0;
  // One body, stored once, with one copy per facts entry (sequences rising by one).
  virtual void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) = 0;
  virtual void settle(Sequence sequence, Settlement how) = 0;
  virtual void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) = 0;
  virtual void dead(const DeadLetter& letter) = 0;
  virtual void revive(Sequence sequence, int64_t due_ms) = 0;  // a dead letter waits again, attempts 0, no ttl
  // A small named value that outlives restarts (spends, pauses); the newest of a name wins, empty removes it.
  virtual void note(std::string_view name, std::string_view value) = 0;
  // A spend of a key of a set of key limits, so that their history outlives the process. `set` is whatever the caller
  // numbers sets by, the same in every run. On the disk before the settle that is gathered with it, and synced with it;
  // one that cannot be written is dropped and counted (BacklogFigures.key_spends_lost): a history that is short of a
  // spend must not keep messages from going out.
  virtual void key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) = 0;
  virtual uint64_t open_batch() const = 0;
  // End of a loop turn: hands the open batch on if there is anything in it. Batches in waiting share one sync. Returns
  // when it must be called again, should nothing else call it: a disk that refuses is tried again by then.
  virtual Instant flush() = 0;

  // -- the history of key limits --
  // Tells every spend settled at or after `since_ms` that is on the disk, hour by hour, in an hour as they were
  // written. At start, before the first flush(): it blocks for as long as the reading takes.
  using KeySpendTold = std::function<void(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost)>;
  virtual void key_spends(int64_t since_ms, const KeySpendTold& tell) = 0;
  // Nobody asks for what settled before that any more: hours that are over by then may go. Every now and then.
  virtual void forget_key_spends(int64_t before_ms) = 0;

  // -- Idempotency-Keys: each remembered until all its copies are settled, and its window after that --
  // May so many more copies be remembered? False: what may be kept of keys is full.
  virtual bool key_room(size_t) { return true; }
  // Of what was appended last, in the same batch: kept as those messages are, and as long known to nobody. Once their
  // batch is committed, key_places() finds it. Of a batch whose messages were not kept nothing is remembered.
  virtual void remember(const RememberedKey&) {}
  // Where the key may be remembered, from memory; nothing: it is not. One in 500 files or so is named in vain.
  virtual std::vector<KeyPlace> key_places(uint64_t) { return {}; }
  // Reads them; `done` comes later, on the loop thread: what is remembered under that very key, or an errno (it is not
  // known whether any is). What is damaged is not remembered any more: counted and, at the start, said.
  using KeysRead = std::function<void(int error, std::vector<RememberedKey> found)>;
  virtual void read_keys(uint64_t, std::vector<KeyPlace>, KeysRead) {}
  // A copy of it waits, or its window is not over.
  virtual bool still_remembered(const RememberedKey&) const { return false; }

  // -- attempts: written, not synced for; they survive kill -9 and tell which message a crash interrupted --
  virtual void attempt_begun(Sequence sequence, uint8_t attempt) = 0;  // attempt: 1 for the first
  virtual void attempt_over(Sequence sequence) = 0;
  virtual void write_attempts() = 0;  // before anything is handed to a sink, and at the end of a turn

  // -- bodies --
  // The message, if its bytes are in memory already (just appended, or read ahead) and sound; else fetch() it.
  virtual std::optional<StoredMessage> held(Sequence) { return std::nullopt; }
  // `done` comes later, on the loop thread: the message, or an errno. EBADMSG: the disk does not hold what was written
  // for it; ENOENT: the backlog does not know it. Any other passes (EIO, EMFILE, ENOMEM …): fetch it again.
  using Fetched = std::function<void(int error, StoredMessage message)>;
  virtual void fetch(Sequence sequence, Fetched done) = 0;
  // Reads ahead into a byte-bounded window, so that a later held() finds them there. In the order in which they will
  // be wanted: as many of the first as the window holds.
  virtual void prefetch(std::span<const Sequence> sequences) = 0;

  // -- what is known --
  virtual std::optional<DeadLetter> dead_letter(Sequence sequence) const = 0;
  virtual std::string noted(std::string_view name) const = 0;
  virtual bool stopped_cleanly() const = 0;    // the last run ended with close()
  virtual Sequence next_sequence() const = 0;  // the next append()'s first
  virtual BacklogFigures figures() const = 0;
  virtual uint32_t store_id() const = 0;
  virtual std::span<const uint8_t, 16> id_key() const = 0;  // for the permutation of message ids
  // The number of a queue name, new names made durable before it returns. Only at start and reload.
  virtual int queue_id(std::string_view name, QueueId* id) = 0;

  // Commits what was gathered, waits for it, writes a checkpoint, marks the stop as clean.
  virtual void close() = 0;
};

}  // namespace forebay
