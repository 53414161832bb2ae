#include "tests/backlog/journal_world.h"

#include <fmt/format.h>

#include <cstring>

namespace forebay::testing {

JournalWorld::JournalWorld(FaultyDisk& disk, Ledger& ledger, uint64_t seed, OpenBacklog open_backlog)
    : disk_(disk),
      ledger_(ledger),
      open_backlog_(std::move(open_backlog)),
      scheduler_(seed),
      commit_(scheduler_.add("commit")),
      helper_(scheduler_.add("helper")),
      reader_(scheduler_.add("reader")),
      loop_(scheduler_.add("loop")) {}

JournalWorld::~JournalWorld() {
  kill();
}

bool JournalWorld::open() {
  files_ = disk_.files();
  WorldParts parts{*files_, commit_, helper_, reader_, loop_, clock_, *this};
  on_loop([&] { journal_ = open_backlog_(parts, &recovered_, &why_); });
  if (!journal_) return false;
  on_loop([&] {
    journal_->key_spends(0, [this](uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) {
      if (!spends_.try_emplace(key, KeySpend{set, cost, key, settled_ms}).second) {
        wrong_.push_back(fmt::format("the spend at {} was told twice", settled_ms));
      }
    });
  });
  return true;
}

void JournalWorld::close() {
  on_loop([&] { journal_->close(); });
  settle_down();
}

void JournalWorld::kill() {
  disk_.kill();
  scheduler_.forget_all();
  journal_.reset();
  scheduler_.forget_all();
  files_.reset();
}

void JournalWorld::step(uint64_t steps) {
  while (steps-- > 0 && scheduler_.step()) {
  }
}

void JournalWorld::read(Sequence sequence) {
  journal_->fetch(sequence, [this, sequence](int error, const StoredMessage& stored) {
    const Entry* entry = ledger_.appended(sequence);
    if (error != 0) {
      if (!ledger_.was_settled(sequence) && !disk_.is_cut() && !disk_.is_stopped()) {
        wrong_.push_back(fmt::format("message {} cannot be read: {}", sequence, ::strerror(error)));
      }
    } else if (*entry->body != stored.body || *entry->meta != stored.meta) {
      wrong_.push_back(fmt::format("message {} was read with other bytes", sequence));
    }
  });
}

Contents JournalWorld::contents() {
  Contents contents;
  contents.spends = spends_;
  for (const RecoveredMessage& message : recovered_) {
    Entry& entry = contents.messages[message.facts.sequence];
    entry.facts = message.facts;
    entry.attempts = message.attempts;
    entry.crashed_in_flight = message.crashed_in_flight;
    entry.dead = message.dead;
    entry.revived = message.revived;
    if (message.dead) entry.letter = journal_->dead_letter(message.facts.sequence).value_or(DeadLetter{});
    on_loop([&] {
      journal_->fetch(message.facts.sequence, [&entry](int error, const StoredMessage& stored) {
        if (error != 0) return;
        entry.meta = std::make_shared<const std::string>(stored.meta);
        entry.body = std::make_shared<const std::string>(stored.body);
      });
    });
  }
  if (contents.messages.size() != recovered_.size()) wrong_.push_back("a sequence was recovered twice");
  settle_down();
  for (int i = 0; i < 5; ++i) {
    std::string name = "note " + std::to_string(i);
    if (std::string value = journal_->noted(name); !value.empty()) contents.notes[name] = value;
  }
  return contents;
}

void JournalWorld::on_committed(uint64_t batch, int messages_error) {
  if (!broken_.empty()) wrong_.push_back(fmt::format("batch {} was reported after on_broken", batch));
  if (batch >= journal_->open_batch()) wrong_.push_back(fmt::format("batch {} was reported while open", batch));
  if (!ledger_.committed(batch, messages_error)) {
    wrong_.push_back(fmt::format("batch {} was reported out of order (after {})", batch, ledger_.last_reported()));
  }
  reports_.push_back({batch, messages_error});
}

void JournalWorld::on_broken(const std::string& what) {
  if (what.empty()) wrong_.push_back("on_broken gave no reason");
  broken_ = what.empty() ? "?" : what;
}

}  // namespace forebay::testing
