#include "tests/backlog/script.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace forebay::testing {

Script::Script(JournalWorld& world, Ledger& ledger, uint64_t seed, const Contents& start, Traffic traffic)
    : world_(world), ledger_(ledger), traffic_(traffic), random_(seed), keys_(~seed) {
  for (const auto& [key, spend] : start.spends) spend_ms_ = std::max(spend_ms_, spend.settled_ms);
  for (const auto& [sequence, entry] : start.messages) {
    facts_[sequence] = entry.facts;
    if (entry.dead) {
      dead_.insert(sequence);
      continue;
    }
    waiting_[sequence] = entry.attempts;
    if (entry.crashed_in_flight) crashed_.push_back(sequence);
  }
}

void Script::turns(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) turn();
}

void Script::turn() {
  if (!world_.broken().empty()) return;
  world_.on_loop([this] {
    clock_ms_ += 100;
    spend_ms_ += 60'000;
    world_.advance(Duration::milliseconds(100));
    learn();
    count_crashed_attempts();
    admit();
    end_attempts();
    tend_the_dead();
    if (one_in(6)) take_notes();
    forget_some_spends();
    begin_attempts();
    world_.journal().write_attempts();
    ledger_.marks_written();
    if (one_in(4)) read_some();
    world_.journal().flush();
  });
  world_.step(random_() % 12);
}

// What became durable waits from now on; what was refused is gone.
void Script::learn() {
  for (auto [batch, error] : world_.take_reports()) {
    for (Sequence sequence : unreported_[batch]) {
      if (error == 0) {
        waiting_[sequence] = 0;
        ++accepted_;
      } else {
        facts_.erase(sequence);
        ++refused_;
      }
    }
    unreported_.erase(batch);
  }
}

// An attempt that a crash interrupted was one: what a relay writes down before it tries again.
void Script::count_crashed_attempts() {
  for (Sequence sequence : std::exchange(crashed_, {})) {
    ledger_.retry(world_.journal().open_batch(), sequence, clock_ms_, waiting_[sequence]);
    world_.journal().retry(sequence, clock_ms_, waiting_[sequence]);
  }
}

std::string Script::text(uint32_t bytes) {
  std::string made(bytes, '\0');
  for (char& c : made) c = static_cast<char>(random_() & 0xff);
  return made;
}

void Script::admit() {
  for (uint64_t n = random_() % (traffic_.admissions_max + 1); n > 0; --n) admit_one();
}

void Script::admit_one() {
  bool large = one_in(traffic_.large_one_in);
  std::string body =
      text(static_cast<uint32_t>(random_() % (large ? traffic_.large_bytes_max : traffic_.body_bytes_max)));
  std::string meta = text(static_cast<uint32_t>(random_() % 60));
  size_t copies = one_in(10) ? 2 + random_() % 2 : 1;
  auto bytes = static_cast<uint32_t>(body.size() + meta.size());
  if (world_.journal().room(bytes) != 0) {
    ++refused_;
    return;
  }
  std::array<MessageFacts, 3> facts;
  uint64_t batch = world_.journal().open_batch();
  for (size_t i = 0; i < copies; ++i) {
    facts[i].sequence = world_.journal().next_sequence() + i;
    facts[i].queue = static_cast<QueueId>(1 + random_() % 3);
    facts[i].klass = static_cast<uint8_t>(random_() % 4);
    facts[i].max_attempts = static_cast<uint8_t>(one_in(3) ? 1 + random_() % 9 : 0);
    facts[i].accepted_ms = clock_ms_;
    facts[i].due_ms = one_in(5) ? clock_ms_ + static_cast<int64_t>(random_() % 100'000) : 0;
    facts[i].due_by_wall = facts[i].due_ms != 0 && one_in(2);
    facts[i].expires_ms = one_in(4) ? clock_ms_ + 3'600'000 + static_cast<int64_t>(random_() % 100'000) : 0;
    facts[i].bytes = bytes;
    if (keys_() % 3 != 0) facts[i].key = keys_();
    if (keys_() % 4 == 0) facts[i].cost = static_cast<uint32_t>(keys_() >> (32 + keys_() % 32));
    facts_[facts[i].sequence] = facts[i];
    unreported_[batch].push_back(facts[i].sequence);
  }
  auto span = std::span<const MessageFacts>(facts).first(copies);
  ledger_.append(batch, span, meta, body);
  world_.journal().append(span, meta, body);
}

void Script::begin_attempts() {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    auto [sequence, attempts] = *at;
    bool stays = sequence % traffic_.keep_one_in == 0;
    if (stays || attempts >= 200 || one_in(3)) {
      ++at;
      continue;
    }
    auto attempt = static_cast<uint8_t>(attempts + 1);
    ledger_.attempt_begun(sequence, attempt);
    world_.journal().attempt_begun(sequence, attempt);
    in_flight_[sequence] = attempt;
    at = waiting_.erase(at);
  }
}

void Script::end_attempts() {
  std::vector<std::pair<Sequence, uint8_t>> ending;
  for (auto& flight : in_flight_) {
    if (!one_in(3)) ending.push_back(flight);
  }
  for (auto [sequence, attempt] : ending) end_attempt(sequence, attempt);
}

void Script::end_attempt(Sequence sequence, uint8_t attempt) {
  uint64_t batch = world_.journal().open_batch();
  in_flight_.erase(sequence);
  ledger_.attempt_over(batch, sequence);
  world_.journal().attempt_over(sequence);
  if (facts_[sequence].key != 0) spend(sequence);
  uint64_t how = random_() % 20;
  if (how < 14) {
    ledger_.settle(batch, sequence);
    world_.journal().settle(sequence, how < 12 ? Settlement::delivered : Settlement::expired);
    facts_.erase(sequence);
  } else if (how < 17) {
    int64_t due = clock_ms_ + static_cast<int64_t>(random_() % 60'000);
    ledger_.retry(batch, sequence, due, attempt);
    world_.journal().retry(sequence, due, attempt);
    waiting_[sequence] = attempt;
  } else if (how < 18) {
    waiting_[sequence] = static_cast<uint8_t>(attempt - 1);  // throttled: no attempt was spent
  } else {
    die(sequence, attempt);
  }
}

// Each under a key of its own, so that they can be told apart.
void Script::spend(Sequence sequence) {
  int64_t settled_ms = spend_ms_ - static_cast<int64_t>(keys_() % 90'000);
  auto set = static_cast<uint32_t>(keys_() % 2 == 0 ? facts_[sequence].queue : 65'536 + keys_() % 65'536);
  KeySpend spend{set, facts_[sequence].cost, keys_(), settled_ms};
  ledger_.key_spent(world_.journal().open_batch(), spend);
  world_.journal().key_spent(spend.set, spend.key, spend.settled_ms, spend.cost);
}

void Script::forget_some_spends() {
  if (keys_() % 30 != 0) return;
  ledger_.forget_key_spends(spend_ms_ - 3'600'000);
  world_.journal().forget_key_spends(spend_ms_ - 3'600'000);
}

void Script::die(Sequence sequence, uint8_t attempt) {
  DeadLetter letter;
  letter.sequence = sequence;
  letter.queue = facts_[sequence].queue;
  letter.attempts = attempt;
  letter.died_ms = clock_ms_;
  letter.bytes = facts_[sequence].bytes;
  letter.reason = "http " + std::to_string(400 + random_() % 100);
  letter.excerpt = text(static_cast<uint32_t>(random_() % 257));
  ledger_.dead(world_.journal().open_batch(), letter);
  world_.journal().dead(letter);
  dead_.insert(sequence);
}

void Script::tend_the_dead() {
  for (auto at = dead_.begin(); at != dead_.end();) {
    Sequence sequence = *at;
    uint64_t batch = world_.journal().open_batch();
    if (!one_in(12)) {
      ++at;
      continue;
    }
    if (one_in(3)) {
      ledger_.settle(batch, sequence);
      world_.journal().settle(sequence, Settlement::purged);
      facts_.erase(sequence);
    } else {
      ledger_.revive(batch, sequence, clock_ms_ + 5);
      world_.journal().revive(sequence, clock_ms_ + 5);
      waiting_[sequence] = 0;
    }
    at = dead_.erase(at);
  }
}

void Script::take_notes() {
  std::string name = "note " + std::to_string(random_() % 5);
  std::string value = one_in(4) ? "" : text(static_cast<uint32_t>(1 + random_() % 80));
  ledger_.note(world_.journal().open_batch(), name, value);
  world_.journal().note(name, value);
}

void Script::read_some() {
  std::vector<Sequence> wanted;
  for (const auto& [sequence, attempts] : waiting_) {
    if (one_in(4)) wanted.push_back(sequence);
  }
  if (wanted.empty()) return;
  world_.journal().prefetch(wanted);
  for (size_t i = 0; i < wanted.size() && i < 3; ++i) world_.read(wanted[i]);
}

}  // namespace forebay::testing
