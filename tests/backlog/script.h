// Script: a relay's traffic on a journal, drawn from a seed and from nothing else that varies: admissions
// with one or several copies, attempts, deliveries, retries, deaths, revivals, purges, notes, reads, spends of keys.
// Most messages are settled soon, a few stay, so that old segments hold a little that is live.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/backlog/journal_world.h"
#include "tests/backlog/ledger.h"

namespace forebay::testing {

struct Traffic {
  uint32_t admissions_max = 4;  // a turn
  uint32_t body_bytes_max = 1500;
  uint32_t keep_one_in = 24;  // of messages: left waiting for good
  uint32_t large_one_in = 25;
  uint32_t large_bytes_max = 7'000;
};

class Script {
 public:
  // `start`: what the journal holds when the script begins.
  Script(JournalWorld& world, Ledger& ledger, uint64_t seed, const Contents& start, Traffic traffic = {});

  // One turn of the loop, then some steps of everybody. Nothing happens once the journal is broken.
  void turn();
  void turns(uint32_t count);
  uint64_t accepted() const { return accepted_; }  // reported without an error
  uint64_t refused() const { return refused_; }    // by room(), or by a report with an error

 private:
  void learn();
  void count_crashed_attempts();
  void admit();
  void admit_one();
  void begin_attempts();
  void end_attempts();
  void end_attempt(Sequence sequence, uint8_t attempt);
  void die(Sequence sequence, uint8_t attempt);
  void tend_the_dead();
  void take_notes();
  void read_some();
  void spend(Sequence sequence);
  void forget_some_spends();
  bool one_in(uint32_t n) { return random_() % n == 0; }
  std::string text(uint32_t bytes);

  JournalWorld& world_;
  Ledger& ledger_;
  Traffic traffic_;
  std::mt19937_64 random_;
  std::mt19937_64 keys_;  // for keys, costs and spends
  int64_t clock_ms_ = 1'700'000'000'000;
  int64_t spend_ms_ = 1'700'000'000'000;  // goes faster: a run lasts some hours
  uint64_t accepted_ = 0;
  uint64_t refused_ = 0;
  std::map<uint64_t, std::vector<Sequence>> unreported_;  // by batch: messages handed in
  std::map<Sequence, MessageFacts> facts_;                // of everything below
  std::map<Sequence, uint8_t> waiting_;                   // nothing under way: attempts so far
  std::map<Sequence, uint8_t> in_flight_;                 // the attempt under way
  std::set<Sequence> dead_;
  std::vector<Sequence> crashed_;  // in flight when the last life ended
};

}  // namespace forebay::testing
