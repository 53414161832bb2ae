#include "backlog/key_spends.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backlog/format.h"

namespace forebay {

int KeySpends::open() {
  std::vector<std::string> names;
  if (const int error = files_.list(&names)) return error;
  for (const std::string& name : names) {
    SpendHour hour = 0;
    uint64_t size = 0;
    std::unique_ptr<File> file;
    if (!parse_spends_name(name, &hour)) continue;
    const bool known = files_.open(name, Files::Mode::open_existing, &file) == 0 && file->size(&size) == 0;
    set_bytes(hour, known ? size : 0);
  }
  return 0;
}

void KeySpends::replay(int64_t since_ms, const SpendsFile::Tell& tell) {
  const std::lock_guard lock(mutex_);
  std::vector<SpendHour> hours;
  for (auto at = there_.lower_bound(hour_of(since_ms)); at != there_.end(); ++at) hours.push_back(at->first);
  const auto tell_recent = [&](const KeySpend& spend) {
    if (spend.settled_ms >= since_ms) tell(spend);
  };
  for (const SpendHour hour : hours) replay_hour(hour, tell_recent);
}

// An hour that this run has written to is only read: what is not synced of it will be.
int KeySpends::replay_hour(SpendHour hour, const SpendsFile::Tell& tell) {
  if (!open_.contains(hour)) {
    Open opened;
    if (const int error = adopt(hour, tell, &opened)) return error;
    open_.emplace(hour, std::move(opened));
    retire();
    return 0;
  }
  std::unique_ptr<File> file;
  SpendsScan scan;
  const int error = files_.open(spends_name(hour), Files::Mode::open_existing, &file);
  return error == 0 ? SpendsFile::scan(*file, store_id_, hour, tell, &scan) : error;
}

int KeySpends::adopt(SpendHour hour, const SpendsFile::Tell& tell, Open* open) {
  open->file = std::make_unique<SpendsFile>(files_, store_id_, hour);
  open->last_used = ++uses_;
  SpendsScan scan;
  bool sync_failed = false;
  const int error = open->file->adopt(tell, &scan, &sync_failed);
  if (tell) count_damage(scan);
  if (sync_failed) sync_failure_ = "syncing " + spends_name(hour) + ": " + std::strerror(error);
  return error;
}

void KeySpends::count_damage(const SpendsScan& scan) {
  lost_ += (scan.damaged_bytes + format::spend_bytes - 1) / format::spend_bytes;
}

void KeySpends::write(std::span<const KeySpend> spends) {
  if (spends.empty()) return;
  const std::lock_guard lock(mutex_);
  while (!spends.empty()) {
    const SpendHour hour = hour_of(spends.front().settled_ms);
    const auto other = std::ranges::find_if(spends, [&](const KeySpend& s) { return hour_of(s.settled_ms) != hour; });
    const auto some = spends.first(static_cast<size_t>(other - spends.begin()));
    if (write_hour(hour, some) != 0) lost_ += some.size();
    spends = spends.subspan(some.size());
  }
}

int KeySpends::write_hour(SpendHour hour, std::span<const KeySpend> spends) {
  Open* open = nullptr;
  if (const int error = open_hour(hour, &open)) return error;
  open->last_used = ++uses_;
  if (const int error = open->file->append(spends)) return error;
  unsynced_ = true;
  set_bytes(hour, open->file->bytes());
  return 0;
}

int KeySpends::open_hour(SpendHour hour, Open** open) {
  if (const auto at = open_.find(hour); at != open_.end()) return *open = &at->second, 0;
  Open opened;
  int error = there_.contains(hour) ? adopt(hour, nullptr, &opened) : ENOENT;
  if (error == ENOENT) {
    opened.file = std::make_unique<SpendsFile>(files_, store_id_, hour);
    error = opened.file->create();
  }
  if (error == 0) *open = &open_.emplace(hour, std::move(opened)).first->second;
  return error;
}

std::string KeySpends::sync() {
  const std::lock_guard lock(mutex_);
  for (auto& [hour, open] : open_) {
    if (!sync_failure_.empty()) break;
    if (const int error = open.file->sync()) {
      sync_failure_ = "syncing " + spends_name(hour) + ": " + std::strerror(error);
    }
  }
  if (sync_failure_.empty()) unsynced_ = false, retire();
  return sync_failure_;
}

std::string KeySpends::sync_failure() {
  const std::lock_guard lock(mutex_);
  return sync_failure_;
}

// Those not written to for longest are closed. One that is not synced yet waits for its sync.
void KeySpends::retire() {
  while (open_.size() > open_files_max) {
    const auto oldest = std::ranges::min_element(open_, {}, [](const auto& entry) { return entry.second.last_used; });
    if (oldest->second.file->dirty()) return;
    oldest->second.file->vouch();
    open_.erase(oldest);
  }
}

void KeySpends::close() {
  const std::lock_guard lock(mutex_);
  for (auto& [hour, open] : open_) open.file->vouch();
  open_.clear();
}

void KeySpends::forget(int64_t before_ms) {
  // Removing takes its time: not under the lock. What cannot be removed is found again by the next start.
  for (const SpendHour hour : give_up(hour_of(before_ms))) files_.remove(spends_name(hour));
}

std::vector<SpendHour> KeySpends::give_up(SpendHour before) {
  const std::lock_guard lock(mutex_);
  std::vector<SpendHour> hours;
  for (auto at = there_.begin(); at != there_.end() && at->first < before;) {
    const auto open = open_.find(at->first);
    if (open != open_.end() && open->second.file->dirty()) {
      ++at;
      continue;
    }
    if (open != open_.end()) open_.erase(open);
    hours.push_back(at->first);
    bytes_ -= at->second;
    at = there_.erase(at);
  }
  return hours;
}

void KeySpends::set_bytes(SpendHour hour, uint64_t bytes) {
  uint64_t& known = there_[hour];
  bytes_ += bytes - known;
  known = bytes;
}

}  // namespace forebay
