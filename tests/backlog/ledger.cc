#include "tests/backlog/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace forebay::testing {
namespace {

// Everything of a message but its attempts and times; "" when equal.
std::string difference(const Entry& expected, const Entry& found) {
  const MessageFacts& e = expected.facts;
  const MessageFacts& f = found.facts;
  if (e.queue != f.queue) return fmt::format("queue {} is {}", e.queue, f.queue);
  if (e.klass != f.klass) return fmt::format("class {} is {}", e.klass, f.klass);
  if (e.max_attempts != f.max_attempts) return fmt::format("max_attempts {} is {}", e.max_attempts, f.max_attempts);
  if (e.accepted_ms != f.accepted_ms) return fmt::format("accepted_ms {} is {}", e.accepted_ms, f.accepted_ms);
  if (e.expires_ms != f.expires_ms) return fmt::format("expires_ms {} is {}", e.expires_ms, f.expires_ms);
  if (e.bytes != f.bytes) return fmt::format("bytes {} is {}", e.bytes, f.bytes);
  if (e.key != f.key) return fmt::format("key {} is {}", e.key, f.key);
  if (e.cost != f.cost) return fmt::format("cost {} is {}", e.cost, f.cost);
  if (found.meta && *expected.meta != *found.meta) return "its meta is another";
  if (found.body && *expected.body != *found.body) {
    return fmt::format("its body is another ({} bytes for {})", found.body->size(), expected.body->size());
  }
  return "";
}

std::string difference(const DeadLetter& expected, const DeadLetter& found) {
  if (expected.sequence != found.sequence) return fmt::format("dead letter is of {}", found.sequence);
  if (expected.queue != found.queue) return fmt::format("dead letter's queue is {}", found.queue);
  if (expected.attempts != found.attempts) {
    return fmt::format("dead letter's attempts {} are {}", expected.attempts, found.attempts);
  }
  if (expected.died_ms != found.died_ms) return fmt::format("dead letter died at {}", found.died_ms);
  if (expected.bytes != found.bytes) return fmt::format("dead letter's bytes are {}", found.bytes);
  if (expected.reason != found.reason) return "dead letter's reason is '" + found.reason + "'";
  if (expected.excerpt != found.excerpt) return "dead letter's excerpt is '" + found.excerpt + "'";
  return "";
}

}  // namespace

void Ledger::append(uint64_t batch, std::span<const MessageFacts> copies, std::string_view meta,
                    std::string_view body) {
  auto shared_meta = std::make_shared<const std::string>(meta);
  auto shared_body = std::make_shared<const std::string>(body);
  for (const MessageFacts& facts : copies) {
    Entry entry{.facts = facts, .meta = shared_meta, .body = shared_body};
    appended_[facts.sequence] = entry;
    changes_.push_back({Change::Kind::append, batch, facts.sequence, entry});
  }
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::settle(uint64_t batch, Sequence sequence) {
  settled_.insert(sequence);
  changes_.push_back({Change::Kind::settle, batch, sequence});
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::retry(uint64_t batch, Sequence sequence, int64_t due_ms, uint8_t attempts) {
  Change change{Change::Kind::retry, batch, sequence};
  change.due_ms = due_ms;
  change.attempts = attempts;
  changes_.push_back(std::move(change));
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::dead(uint64_t batch, const DeadLetter& letter) {
  Change change{Change::Kind::dead, batch, letter.sequence};
  change.entry.letter = letter;
  changes_.push_back(std::move(change));
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::revive(uint64_t batch, Sequence sequence, int64_t due_ms) {
  Change change{Change::Kind::revive, batch, sequence};
  change.due_ms = due_ms;
  changes_.push_back(std::move(change));
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::note(uint64_t batch, std::string_view name, std::string_view value) {
  Change change{Change::Kind::note, batch};
  change.name = name;
  change.value = value;
  changes_.push_back(std::move(change));
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::key_spent(uint64_t batch, const KeySpend& spend) {
  spends_.emplace_back(batch, spend);
  all_spends_[spend.key] = spend;
  last_handed_in_ = std::max(last_handed_in_, batch);
}

void Ledger::forget_key_spends(int64_t before_ms) {
  forgotten_before_ = std::max(forgotten_before_, hour_of(before_ms));
}

void Ledger::attempt_begun(Sequence sequence, uint8_t attempt) {
  Attempts& attempts = attempts_[sequence];
  attempts.begun.insert(attempt);
  attempts.under_way = attempt;
}

void Ledger::attempt_over(uint64_t batch, Sequence sequence) {
  attempts_[sequence].under_way = 0;
  attempts_[sequence].over_in = batch;
}

const Entry* Ledger::appended(Sequence sequence) const {
  auto found = appended_.find(sequence);
  return found == appended_.end() ? nullptr : &found->second;
}

bool Ledger::committed(uint64_t batch, int messages_error) {
  if (batch <= last_reported_) return false;
  last_handed_in_ = std::max(last_handed_in_, batch);  // it may hold the backlog's own housekeeping only
  for (const Change& change : changes_) {
    // A batch with something in it must not be passed over.
    if (change.batch > last_reported_ && change.batch < batch) return false;
    if (change.batch == batch && change.kind == Change::Kind::append && messages_error == 0) {
      largest_acknowledged_ = std::max(largest_acknowledged_, change.sequence);
    }
  }
  last_reported_ = batch;
  if (messages_error == 0) {
    last_durable_ = batch;
  } else {
    refused_.insert(batch);
  }
  return true;
}

void Ledger::apply(const Change& change, Contents* contents) {
  if (change.kind == Change::Kind::append) {
    contents->messages[change.sequence] = change.entry;
    return;
  }
  if (change.kind == Change::Kind::note) {
    if (change.value.empty()) {
      contents->notes.erase(change.name);
    } else {
      contents->notes[change.name] = change.value;
    }
    return;
  }
  auto found = contents->messages.find(change.sequence);
  if (found == contents->messages.end()) return;
  Entry& entry = found->second;
  switch (change.kind) {
    case Change::Kind::settle:
      contents->messages.erase(found);
      break;
    case Change::Kind::retry:
      entry.facts.due_ms = change.due_ms;
      entry.attempts = change.attempts;
      entry.crashed_in_flight = false;
      break;
    case Change::Kind::dead:
      entry.dead = true;
      entry.letter = change.entry.letter;
      entry.attempts = change.entry.letter.attempts;
      entry.crashed_in_flight = false;
      break;
    case Change::Kind::revive:
      entry.dead = false;
      entry.attempts = 0;
      entry.facts.due_ms = change.due_ms;
      entry.facts.expires_ms = 0;
      entry.revived = true;
      break;
    default:
      break;
  }
}

Contents Ledger::at_end_of(uint64_t batch, const std::set<uint64_t>& without_messages) const {
  Contents contents = base_;
  for (const Change& change : changes_) {
    if (change.batch > batch) break;
    bool refused = without_messages.contains(change.batch);
    if (refused && change.kind == Change::Kind::append) continue;
    apply(change, &contents);
  }
  return contents;
}

Contents Ledger::final_contents() const {
  return at_end_of(last_handed_in_, refused_);
}

std::vector<std::string> Ledger::compare(const Contents& found, Ended ended) const {
  // A batch that was under way and not reported may have been refused its messages; it shows in its first
  // one.
  std::set<uint64_t> without = refused_;
  for (const Change& change : changes_) {
    if (change.kind != Change::Kind::append || change.batch <= last_reported_) continue;
    if (!found.messages.contains(change.sequence)) without.insert(change.batch);
  }
  std::vector<std::string> best;
  for (uint64_t batch = last_durable_; batch <= last_handed_in_; ++batch) {
    auto wrong = differences(at_end_of(batch, without), found, ended);
    compare_spends(found, ended == Ended::process ? batch : last_durable_, &wrong);
    if (wrong.empty()) return {};
    if (best.empty() || wrong.size() < best.size()) {
      best = std::move(wrong);
      best.push_back(fmt::format("(compared with the end of batch {}; durable {}, reported {}, handed in {})", batch,
                                 last_durable_, last_reported_, last_handed_in_));
    }
  }
  return best;
}

std::vector<std::string> Ledger::differences(const Contents& expected, const Contents& found, Ended ended) const {
  std::vector<std::string> wrong;
  for (const auto& [sequence, entry] : expected.messages) {
    auto at = found.messages.find(sequence);
    if (at == found.messages.end()) {
      wrong.push_back(fmt::format("message {} is missing", sequence));
      continue;
    }
    const Entry& other = at->second;
    if (!other.body) wrong.push_back(fmt::format("message {} cannot be read", sequence));
    auto complain = [&](const std::string& what) {
      if (!what.empty()) wrong.push_back(fmt::format("message {}: {}", sequence, what));
    };
    complain(difference(entry, other));
    if (!entry.dead && entry.facts.due_ms != other.facts.due_ms) {
      complain(fmt::format("due_ms {} is {}", entry.facts.due_ms, other.facts.due_ms));
    }
    if (entry.revived != other.revived) complain(entry.revived ? "is not revived" : "is revived");
    if (entry.dead != other.dead) complain(entry.dead ? "is not dead" : "is dead");
    if (entry.dead && other.dead) complain(difference(entry.letter, other.letter));
    compare_attempts(entry, other, ended, &wrong);
  }
  for (const auto& [sequence, entry] : found.messages) {
    if (!expected.messages.contains(sequence)) wrong.push_back(fmt::format("message {} came back", sequence));
  }
  if (expected.notes != found.notes) wrong.push_back("the notes are others");
  return wrong;
}

// Those of batches up to this one must be there.
void Ledger::compare_spends(const Contents& found, uint64_t batch, std::vector<std::string>* wrong) const {
  std::vector<KeySpend> missing;
  auto look_for = [&](const KeySpend& spend) {
    bool forgotten = hour_of(spend.settled_ms) < forgotten_before_;
    if (!forgotten && !found.spends.contains(spend.key)) missing.push_back(spend);
  };
  for (const auto& [key, spend] : base_.spends) look_for(spend);
  for (const auto& [handed_in, spend] : spends_) {
    if (handed_in <= batch) look_for(spend);
  }
  if (missing.size() > spends_lost_) {
    wrong->push_back(fmt::format("{} spends are missing, the first settled at {}; {} were said to be lost",
                                 missing.size(), missing.front().settled_ms, spends_lost_));
  }
  for (const auto& [key, spend] : found.spends) {
    auto known = all_spends_.find(key);
    if (known == all_spends_.end() || known->second != spend) {
      wrong->push_back(fmt::format("a spend of {} at {} was invented", spend.cost, spend.settled_ms));
    }
  }
}

void Ledger::compare_attempts(const Entry& expected, const Entry& found, Ended ended,
                              std::vector<std::string>* wrong) const {
  auto known = attempts_.find(expected.facts.sequence);
  uint8_t under_way = known == attempts_.end() || expected.dead ? 0 : known->second.under_way;
  // An earlier life's crash stays in the count; a later power cut may yet forget what was never synced.
  bool crashed_before = expected.crashed_in_flight;
  bool as_committed = found.attempts == expected.attempts && (!found.crashed_in_flight || crashed_before);
  if (crashed_before && ended == Ended::power && found.attempts < expected.attempts) as_committed = true;
  bool as_begun =
      known != attempts_.end() && found.attempts > expected.attempts && known->second.begun.contains(found.attempts);
  bool right = as_committed || as_begun;
  // What an earlier crash left of attempts is known for certain to nobody.
  if (ended == Ended::process && known != attempts_.end() && known->second.earlier) ended = Ended::power;
  if (ended == Ended::process && under_way != 0) right = found.crashed_in_flight && found.attempts == under_way;
  // One that is over may be known as under way until the batch with its end is reported and the marks are written
  // again.
  const bool marked = as_begun && found.crashed_in_flight && known->second.over_in > marks_through_;
  if (ended == Ended::process && under_way == 0) right = as_committed || marked;
  if (right) return;
  wrong->push_back(fmt::format("message {}: {} attempts (under way: {}) are {}{}", expected.facts.sequence,
                               expected.attempts, under_way, found.attempts,
                               found.crashed_in_flight ? ", crashed in flight" : ""));
}

std::vector<std::string> Ledger::compare_damaged(const Contents& found, std::set<Sequence>* missing) const {
  std::vector<std::string> wrong;
  for (const auto& [sequence, entry] : found.messages) {
    const Entry* known = appended(sequence);
    if (known == nullptr) {
      wrong.push_back(fmt::format("message {} was invented", sequence));
    } else if (auto what = difference(*known, entry); !what.empty()) {
      wrong.push_back(fmt::format("message {}: {}", sequence, what));
    }
  }
  for (const auto& [key, spend] : found.spends) {
    auto known = all_spends_.find(key);
    if (known == all_spends_.end() || known->second != spend) wrong.push_back("a spend was invented");
  }
  missing->clear();
  for (const auto& [sequence, entry] : at_end_of(last_handed_in_, refused_).messages) {
    if (sequence > largest_acknowledged_) continue;
    if (!found.messages.contains(sequence)) missing->insert(sequence);
  }
  return wrong;
}

void Ledger::start_over(Contents found) {
  for (auto& [sequence, entry] : found.messages) {
    largest_acknowledged_ = std::max(largest_acknowledged_, sequence);
  }
  base_ = std::move(found);
  changes_.clear();
  spends_.clear();
  spends_lost_ = 0;
  refused_.clear();
  for (auto& [sequence, attempts] : attempts_) {
    attempts.under_way = 0;
    attempts.earlier = true;
  }
  last_reported_ = last_durable_ = last_handed_in_ = marks_through_ = 0;
}

}  // namespace forebay::testing
