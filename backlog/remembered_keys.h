// RememberedKeys: which Idempotency-Keys are remembered, on disk (key_file.h), with what finds them in memory: 3.8
// bytes a copy in files that are full, and a map of the last one.
//
// Records are written before the messages of their commit and synced before them: whoever was told of a message finds
// its key after any crash. Those of messages that were never written are cut off before anything else is: while that
// fails, no message is written. A file goes, as a whole, when everything in it is over.
// What is over: all copies settled, and the window after that. An end that the disk does not know (a crash took it)
// counts from the start: longer, never shorter.
// Threads: each call says whose it is. A failed sync is said by every sync() from then on.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/key_file.h"
#include "backlog/key_table.h"

namespace forebay {

class RememberedKeys {
 public:
  struct Options {
    uint32_t store_id = 0;
    uint64_t bytes_max = 1ull << 30;  // of all files together
  };
  RememberedKeys(Files& files, const Options& options);

  // -- start --
  // What is there. `alive`: a message that waits or is dead; others of sequences before `end` are finished. An errno,
  // and `error` says it in words; what is damaged costs itself only and goes to `complaints`.
  using Alive = std::function<bool(Sequence)>;
  int open(Sequence end, const Alive& alive, int64_t now_ms, std::vector<std::string>* complaints, std::string* error);

  // -- the commit worker --
  // Before messages are written: all of these are, or an errno and none, and the messages must not be.
  int write(std::span<const KeyRecord> records);
  void withdraw();  // the messages were not kept: nor are the records of the last write()
  void note_ends(std::span<const KeyEnd> ends);
  bool unsynced() const { return unsynced_; }
  // What failed, in words, now or ever before; empty: all that was written is synced.
  std::string sync();
  // Tells the next start that all is synced. Nothing is written after it.
  void close();

  // -- the loop --
  bool room(size_t records) const;
  bool covers(Sequence sequence) const { return sequence >= first_ && sequence <= last_; }
  std::vector<KeyPlace> find(uint64_t key) const;

  // -- any thread --
  // What lies there under that key, or nothing; an errno: it cannot be said. Damage counts as lost.
  int read(uint64_t key, KeyPlace place, std::vector<RememberedKey>* found);
  // Removes the files in which everything was over by then.
  void sweep(int64_t now_ms);
  uint64_t bytes() const { return bytes_; }
  uint64_t records() const { return records_; }
  uint64_t lost() const { return lost_; }
  size_t memory_bytes() const;  // of what finds keys

 private:
  static constexpr uint32_t stretch = 128;                 // records from one fence to the next
  using Newest = absl::flat_hash_map<uint64_t, uint16_t>;  // record by key

  // What is known of a file in memory.
  struct Book {
    uint32_t number = 0;
    uint32_t records = 0;
    uint64_t unfinished = 0;  // copies
    int64_t expires_ms = 0;   // of those that are finished, the last
    Sequence last = 0;
    std::vector<Sequence> fences;    // of every stretch, the first
    std::unique_ptr<Newest> newest;  // until it is full
    KeyTable table;
    void add(uint32_t at, const KeyRecord& record);
  };
  // A book as it was before the last write().
  struct Mark {
    uint32_t number = 0, records = 0;
    Sequence last = 0;
  };

  // start (remembered_keys_start.cc)
  int adopt(uint32_t number, Sequence end, const Alive& alive, std::vector<KeyEnd>* ends,
            std::vector<std::string>* complaints, std::string* error);

  int write_all(std::span<const KeyRecord> records);
  int open_next();
  int take_back();
  int cut_back(KeyFile& file);
  int remove_new(uint32_t number);
  void forget_since(const Mark& mark);
  void seal_full();
  void note_in(KeyFile& file, Book& book, std::span<const KeyEnd> ends);
  void note_in_stretch(KeyFile& file, Book& book, uint32_t number, std::span<const KeyEnd> ends);
  int file_of(const Book& book, KeyFile** file);
  Book* find_book(uint32_t number) const;
  bool is_over(const Book& book, int64_t now_ms) const;
  void count();

  Files& files_;
  const Options options_;
  const uint32_t per_file_;

  // Who reads or writes files holds the first; who looks at the books, the second, and for a moment only. Books come
  // and go under both.
  mutable std::mutex disk_, mutex_;
  std::vector<std::unique_ptr<Book>> books_;                         // rising
  absl::flat_hash_map<uint32_t, std::unique_ptr<KeyFile>> written_;  // not synced yet, and the last
  std::unique_ptr<KeyFile> looked_at_;                               // the last full one that was read
  uint32_t looked_at_number_ = 0;
  uint32_t last_number_ = 0;
  Mark before_;            // the last write()
  bool withdraw_ = false;  // what is behind `before_` is to be cut off
  std::string sync_failure_;
  std::atomic<bool> unsynced_{false};
  std::atomic<uint64_t> bytes_{0}, records_{0}, lost_{0};
  std::atomic<Sequence> first_{1}, last_{0};
};

}  // namespace forebay
