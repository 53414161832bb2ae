// Journal: the embedded backlog. A segmented append-only log with the index in memory and the bodies on disk.
//
// Files of a data_dir: store, lock, attempts, checkpoint-a, checkpoint-b, NNNNNNNN.segment, NNNNNNNN.index,
// spends-HHHHHHHH, keys-NNNNNNNN (backlog/format.h has every byte, docs/journal.md the rules).
// Three workers do what may block: `commit` writes and syncs, `helper` prepares segments, writes checkpoints
// and index files and reads for compaction, `reader` reads bodies. Each may be a thread or a queue stepped by
// a test. Errors and order: as backlog.h says. The destructor, without close(), is a crash: nothing more is
// written.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "backlog/backlog.h"
#include "backlog/files.h"
#include "backlog/recovery.h"
#include "base/clock.h"
#include "base/worker.h"

namespace forebay {

struct JournalOptions {
  uint64_t segment_bytes = 16ull << 20;
  uint64_t checkpoint_bytes = 64ull << 20;  // of new frames between checkpoints
  uint64_t max_bytes = 50ull << 30;         // of the data_dir
  uint64_t unsynced_bytes = 32ull << 20;    // of messages that wait for their sync, whoever sent them
  uint64_t keys_bytes = 1ull << 30;         // of remembered Idempotency-Keys; an eighth of max_bytes at most
  uint64_t window_bytes = 8ull << 20;       // bodies kept in memory: as much again for those read ahead
  // For a store that is new: drawn at random by whoever opens it.
  uint32_t new_store_id = 0;
  std::array<uint8_t, 16> new_id_key{};
};

// All of it outlives the journal.
struct JournalPorts {
  Files& files;
  Worker& commit;
  Worker& helper;
  Worker& reader;
  Mailbox& loop;
  Clock& clock;
  BacklogListener& listener;
};

class Journal : public Backlog {
 public:
  // Locks the store and learns who it is, or makes a new one: store_id(), id_key() and queue_id() hold from
  // here on, so that whoever listens to recover() can be built in between. An errno, and `error` says it in
  // words: another process has the store (EWOULDBLOCK), another format version (EINVAL) …
  static int open(const JournalPorts& ports, const JournalOptions& options, std::unique_ptr<Journal>* journal,
                  std::string* error);
  // Once, before anything else: tells each message that waits or is dead, in rising order of sequence and
  // some at a time, while the next are still on disk, and is ready. Blocks for as long as that takes. An
  // errno, and `error` says it in words, as open(); ENOSPC: too little space for the least of a journal.
  using Recovered = std::function<void(std::span<const RecoveredMessage>)>;
  virtual int recover(const Recovered& recovered, std::string* error) = 0;
  // The name behind a number of queue_id(), of this config or of an earlier one; empty: none.
  virtual std::string queue_name(QueueId id) const = 0;
  // How the store was found. Its complaints belong into the log, loudly.
  virtual const RecoveryReport& recovery() const = 0;
  // Memory of the index, in bytes.
  virtual size_t index_bytes() const = 0;
};

}  // namespace forebay
