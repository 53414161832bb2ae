// A Backlog in memory for tests of the core: keeps what it is told, commits when told to.
#pragma once

#include <array>
#include <map>
#include <string>
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
  std::map<Sequence, int> begun;
  Sequence next = 1;
  uint64_t batch = 1;
  int refuse = 0;

  int room(uint64_t) override { return refuse; }
  void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) override {
    for (const MessageFacts& facts : copies) bodies[facts.sequence] = {std::string(meta), std::string(body)};
    next = copies.back().sequence + 1;
  }
  void settle(Sequence sequence, Settlement how) override {
    changes.push_back({"settle", sequence, how, 0, 0});
    bodies.erase(sequence);
    letters.erase(sequence);
  }
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) override {
    changes.push_back({"retry", sequence, {}, due_ms, attempts});
  }
  void dead(const DeadLetter& letter) override {
    changes.push_back({"dead", letter.sequence, {}, 0, letter.attempts});
    letters[letter.sequence] = letter;
  }
  void revive(Sequence sequence, int64_t due_ms) override {
    changes.push_back({"revive", sequence, {}, due_ms, 0});
    letters.erase(sequence);
  }
  void note(std::string_view name, std::string_view value) override { notes[std::string(name)] = value; }
  uint64_t open_batch() const override { return batch; }
  void flush() override { ++batch; }
  void attempt_begun(Sequence sequence, uint8_t attempt) override { begun[sequence] = attempt; }
  void attempt_over(Sequence sequence) override { begun.erase(sequence); }
  void write_attempts() override {}
  void fetch(Sequence, Fetched) override {}
  void prefetch(std::span<const Sequence>) override {}
  std::optional<DeadLetter> dead_letter(Sequence sequence) const override {
    const auto found = letters.find(sequence);
    return found == letters.end() ? std::nullopt : std::optional(found->second);
  }
  std::string noted(std::string_view name) const override {
    const auto found = notes.find(name);
    return found == notes.end() ? "" : found->second;
  }
  bool stopped_cleanly() const override { return true; }
  Sequence next_sequence() const override { return next; }
  BacklogFigures figures() const override { return {}; }
  uint32_t store_id() const override { return 1; }
  std::span<const uint8_t, 16> id_key() const override { return key_; }
  int queue_id(std::string_view, QueueId* id) override { return *id = 0, 0; }
  void close() override {}

 private:
  std::array<uint8_t, 16> key_{};
};

}  // namespace forebay
