// The journal's Idempotency-Keys: gathered with their messages, found from memory, read by the reader.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "backlog/format.h"
#include "backlog/open_journal.h"

namespace forebay {
namespace {

constexpr Duration sweep_interval_when_full = Duration::milliseconds(500);
constexpr uint64_t share_of_max_bytes = 8;

uint32_t window_units(Duration window) {
  const int64_t unit = format::key_window_unit.ns;
  return static_cast<uint32_t>(std::clamp<int64_t>((window.ns - 1) / unit + 1, 0, UINT32_MAX));
}

}  // namespace

int OpenJournal::open_keys(std::string* error) {
  RememberedKeys::Options options{.store_id = store_.store_id};
  options.bytes_max = std::min(options_.keys_bytes, options_.max_bytes / share_of_max_bytes);
  keys_ = std::make_unique<RememberedKeys>(files_, options);
  const auto alive = [this](Sequence sequence) { return catalog_.place(sequence) != nullptr; };
  const int failed = keys_->open(kept_end_, alive, now_ms(), &report_.complaints, error);
  if (failed != 0) *error = files_.where() + ": " + *error;
  return failed;
}

int64_t OpenJournal::now_ms() const {
  return (started_.wall + (clock_.now().steady - started_.steady)).ms();
}

bool OpenJournal::key_room(size_t copies) {
  const bool room = keys_->room(gathered_keys_ + copies);
  if (!room)
    keys_swept_ = std::min(keys_swept_, clock_.now().steady - (keys_sweep_interval - sweep_interval_when_full));
  return room;
}

void OpenJournal::remember(const RememberedKey& key) {
  assert(!key.copies.empty() && !open_->admissions.empty());
  KeyRecord record{.key = key.key, .content = key.content, .window = window_units(key.window)};
  record.copies = static_cast<uint16_t>(key.copies.size());
  for (const KeyedCopy& copy : key.copies) {
    record.sequence = copy.sequence;
    record.queue = copy.queue;
    open_->keys.push_back(record);
    record.copies = 0;
  }
  gathered_keys_ += key.copies.size();
}

void OpenJournal::read_keys(uint64_t key, std::vector<KeyPlace> places, KeysRead done) {
  key_reader_.post([this, key, places = std::move(places), done = std::move(done)] {
    int error = 0;
    auto found = std::make_shared<std::vector<RememberedKey>>();
    for (const KeyPlace place : places) {
      if (error == 0) error = keys_->read(key, place, found.get());
    }
    inbox_.post([error, found, done] { done(error, std::move(*found)); });
  });
}

// An end that the disk did not know when it was asked is one of just now.
bool OpenJournal::still_remembered(const RememberedKey& key) const {
  int64_t ended_ms = 0;
  for (const KeyedCopy& copy : key.copies) {
    if (copy.ended_ms == 0 || catalog_.place(copy.sequence) != nullptr) return true;
    ended_ms = std::max(ended_ms, copy.ended_ms);
  }
  return now_ms() < ended_ms + key.window.ms();
}

void OpenJournal::sweep_keys(Instant now) {
  if (keys_->records() == 0 || now - keys_swept_ < keys_sweep_interval) return;
  keys_swept_ = now;
  helper_.post([this] {
    keys_->sweep(now_ms());
    count_key_bytes();
  });
}

}  // namespace forebay
