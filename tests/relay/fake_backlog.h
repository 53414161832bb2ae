// A Backlog in memory for tests of the core and the desks: keeps what it is told, as strictly as the journal
// (sequences without a gap), and hands over batches that hold something. A test reports them, and answers
// what is fetched.
#pragma once

#include <array>
#include <cassert>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backlog/backlog.h"

namespace forebay {

class FakeBacklog : public Backlog {
 public:
  struct Change {
    std::string what;  // settle retry dead revive
    Sequence sequence = 0;
    Settlement how{};
    int64_t due_ms = 0;
    int attempts = 0;
  };
  std::vector<Change> changes;
  std::map<Sequence, DeadLetter> letters;
  std::map<std::string, std::string, std::less<>> notes;
  std::map<Sequence, std::pair<std::string, std::string>> bodies;
  std::map<Sequence, MessageFacts> told;  // of what was appended
  std::map<Sequence, int> begun;
  Sequence next = 1;
  uint64_t batch = 1;
  int refuse = 0;
  bool clean = true;
  BacklogFigures shown;
  std::vector<uint64_t> handed_over;  // batches, not yet reported
  std::set<Sequence> in_memory;       // what held() has
  std::vector<std::pair<Sequence, Fetched>> fetches;
  std::vector<Sequence> ahead;  // of the last prefetch()
  struct KeySpent {
    uint32_t set = 0;
    KeyHash key = 0;
    int64_t settled_ms = 0;
    uint32_t cost = 0;
    bool operator==(const KeySpent&) const = default;
  };
  std::vector<KeySpent> spent;  // in this run, and before it where a test says so

  int room(uint64_t, size_t) override { return refuse; }
  void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) override {
    assert(copies.front().sequence == next);
    for (const MessageFacts& facts : copies) {
      bodies[facts.sequence] = {std::string(meta), std::string(body)};
      told[facts.sequence] = facts;
    }
    next = copies.back().sequence + 1;
    gathered_ = true;
  }
  void settle(Sequence sequence, Settlement how) override {
    changed({"settle", sequence, how, 0, 0});
    bodies.erase(sequence);
    letters.erase(sequence);
  }
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) override {
    changed({"retry", sequence, {}, due_ms, attempts});
  }
  void dead(const DeadLetter& letter) override {
    changed({"dead", letter.sequence, {}, 0, letter.attempts});
    letters[letter.sequence] = letter;
  }
  void revive(Sequence sequence, int64_t due_ms) override {
    changed({"revive", sequence, {}, due_ms, 0});
    letters.erase(sequence);
  }
  void note(std::string_view name, std::string_view value) override {
    notes[std::string(name)] = value;
    gathered_ = true;
  }
  void key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) override {
    spent.push_back({set, key, settled_ms, cost});
    gathered_ = true;
  }
  void key_spends(int64_t since_ms, const KeySpendTold& tell) override {
    for (const KeySpent& spend : spent) {
      if (spend.settled_ms >= since_ms) tell(spend.set, spend.key, spend.settled_ms, spend.cost);
    }
  }
  void forget_key_spends(int64_t before_ms) override {
    std::erase_if(spent, [&](const KeySpent& spend) { return spend.settled_ms < before_ms; });
  }
  // Idempotency-Keys. What was remembered is found from known(batch) on; reads wait for read_keys_now().
  size_t key_rooms = SIZE_MAX;
  std::multimap<uint64_t, RememberedKey> remembered;  // by key
  std::set<uint64_t> over;                            // keys whose window ended
  std::vector<std::function<void(int error)>> key_reads;
  bool key_room(size_t copies) override { return copies <= key_rooms; }
  void remember(const RememberedKey& key) override { gathered_keys_.emplace_back(batch, key); }
  void known(uint64_t of_batch, int error) {
    for (const auto& [in, key] : gathered_keys_) {
      if (in == of_batch && error == 0) remembered.emplace(key.key, key);
    }
    std::erase_if(gathered_keys_, [&](const auto& gathered) { return gathered.first == of_batch; });
  }
  std::vector<KeyPlace> key_places(uint64_t key) override {
    const auto count = static_cast<uint32_t>(remembered.count(key));
    return count == 0 ? std::vector<KeyPlace>() : std::vector<KeyPlace>{{1, count}};
  }
  void read_keys(uint64_t key, std::vector<KeyPlace>, KeysRead done) override {
    key_reads.push_back([this, key, done = std::move(done)](int error) {
      std::vector<RememberedKey> found;
      const auto [begin, end] = remembered.equal_range(key);
      for (auto at = begin; at != end && error == 0; ++at) found.push_back(at->second);
      done(error, std::move(found));
    });
  }
  void read_keys_now(int error = 0) {
    for (const auto& read : std::exchange(key_reads, {})) read(error);
  }
  bool still_remembered(const RememberedKey& key) const override { return !over.contains(key.key); }

  uint64_t open_batch() const override { return batch; }
  Instant flush() override {
    if (std::exchange(gathered_, false)) handed_over.push_back(batch++);
    return Instant::never();
  }
  void attempt_begun(Sequence sequence, uint8_t attempt) override { begun[sequence] = attempt; }
  void attempt_over(Sequence sequence) override { begun.erase(sequence); }
  void write_attempts() override {}
  std::optional<StoredMessage> held(Sequence sequence) override {
    return in_memory.contains(sequence) ? std::optional(stored(sequence)) : std::nullopt;
  }
  void fetch(Sequence sequence, Fetched done) override { fetches.emplace_back(sequence, std::move(done)); }
  void prefetch(std::span<const Sequence> sequences) override { ahead.assign(sequences.begin(), sequences.end()); }
  StoredMessage stored(Sequence sequence) const {
    const auto& [meta, body] = bodies.at(sequence);
    return {meta, body, 1, nullptr};
  }
  std::optional<DeadLetter> dead_letter(Sequence sequence) const override {
    const auto found = letters.find(sequence);
    return found == letters.end() ? std::nullopt : std::optional(found->second);
  }
  std::string noted(std::string_view name) const override {
    const auto found = notes.find(name);
    return found == notes.end() ? "" : found->second;
  }
  bool stopped_cleanly() const override { return clean; }
  Sequence next_sequence() const override { return next; }
  BacklogFigures figures() const override { return shown; }
  uint32_t store_id() const override { return 1; }
  std::span<const uint8_t, 16> id_key() const override { return key_; }
  int queue_id(std::string_view, QueueId* id) override { return *id = 0, 0; }
  void close() override {}

 private:
  void changed(Change change) {
    changes.push_back(std::move(change));
    gathered_ = true;
  }

  bool gathered_ = false;
  std::vector<std::pair<uint64_t, RememberedKey>> gathered_keys_;  // by batch
  std::array<uint8_t, 16> key_{};
};

}  // namespace forebay
