#include "backlog/remembered_keys.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/format.h"

namespace forebay {
namespace {

constexpr uint32_t files_at_least = 16;  // so that space comes free in portions
constexpr uint64_t per_file_least = 64;

Sequence sequence_in(std::span<const std::byte> record) {
  Sequence sequence = 0;
  std::memcpy(&sequence, record.data() + 16, sizeof sequence);
  return sequence;
}

uint64_t bytes_of(uint32_t records) {
  return format::keys_header_bytes + uint64_t{records} * format::key_record_bytes;
}

}  // namespace

RememberedKeys::RememberedKeys(Files& files, const Options& options)
    : files_(files),
      options_(options),
      per_file_(static_cast<uint32_t>(std::clamp<uint64_t>(
          options.bytes_max / files_at_least / format::key_record_bytes, per_file_least, format::keys_per_file_max))) {}

void RememberedKeys::Book::add(uint32_t at, const KeyRecord& record) {
  while (fences.size() <= at / stretch) fences.push_back(record.sequence);
  if (record.copies > 0) (*newest)[record.key] = static_cast<uint16_t>(at);
  ++unfinished;
  records = at + 1;
  last = record.sequence;
}

// -- writing --

int RememberedKeys::write(std::span<const KeyRecord> records) {
  const std::lock_guard lock(disk_);
  if (withdraw_) {
    if (const int error = take_back()) return error;
  }
  before_ = {};
  if (!books_.empty()) {
    const Book& book = *books_.back();
    before_ = {book.number, book.records, book.last};
  }
  if (records.empty()) return 0;
  const int error = write_all(records);
  if (error != 0) {
    withdraw_ = true;
    take_back();
  }
  return error;
}

// The copies of one key are never parted.
int RememberedKeys::write_all(std::span<const KeyRecord> records) {
  unsynced_ = true;
  while (!records.empty()) {
    const uint32_t there = books_.empty() ? per_file_ : books_.back()->records;
    size_t fit = there == 0 ? records[0].copies : 0;
    while (fit < records.size() && there + fit + records[fit].copies <= per_file_) fit += records[fit].copies;
    if (books_.empty() || fit == 0) {
      if (const int error = open_next()) return error;
      continue;
    }
    Book& book = *books_.back();
    if (const int error = written_.at(book.number)->append(records.first(fit))) return error;
    const std::lock_guard lock(mutex_);
    for (const KeyRecord& record : records.first(fit)) book.add(book.records, record);
    records = records.subspan(fit);
    count();
  }
  return 0;
}

int RememberedKeys::open_next() {
  auto file = std::make_unique<KeyFile>(files_, options_.store_id, last_number_ + 1);
  if (const int error = file->create()) return error;
  auto book = std::make_unique<Book>();
  book->number = ++last_number_;
  book->newest = std::make_unique<Newest>();
  written_[book->number] = std::move(file);
  const std::lock_guard lock(mutex_);
  books_.push_back(std::move(book));
  return 0;
}

void RememberedKeys::withdraw() {
  const std::lock_guard lock(disk_);
  withdraw_ = true;
  take_back();
}

// In memory first: a key of what was never kept must not be found, whatever the disk does. On the disk it must be gone
// for good before a later message makes its sequence look like one that was kept.
int RememberedKeys::take_back() {
  {
    const std::lock_guard lock(mutex_);
    forget_since(before_);
    count();
  }
  for (auto at = written_.begin(); at != written_.end();) {
    const auto here = at++;
    if (here->first < before_.number) continue;
    const int error = here->first == before_.number ? cut_back(*here->second) : remove_new(here->first);
    if (error != 0) return error;
  }
  withdraw_ = false;
  return 0;
}

int RememberedKeys::cut_back(KeyFile& file) {
  if (file.records() == before_.records) return 0;
  if (const int error = file.cut(before_.records)) return error;
  const int error = file.sync();
  if (error != 0) sync_failure_ = "syncing " + keys_name(before_.number) + ": " + std::strerror(error);
  return error;
}

int RememberedKeys::remove_new(uint32_t number) {
  int error = files_.remove(keys_name(number));
  if (error != 0 && error != ENOENT) return error;
  error = files_.sync_directory();
  if (error != 0) return sync_failure_ = "removing " + keys_name(number) + ": " + std::strerror(error), error;
  written_.erase(number);
  return 0;
}

void RememberedKeys::forget_since(const Mark& mark) {
  std::erase_if(books_, [&](const auto& book) { return book->number > mark.number; });
  Book* book = find_book(mark.number);
  if (book == nullptr || book->records == mark.records) return;
  absl::erase_if(*book->newest, [&](const auto& entry) { return entry.second >= mark.records; });
  book->unfinished -= book->records - mark.records;  // nothing of it was ever settled
  book->records = mark.records;
  book->last = mark.last;
  book->fences.resize((mark.records + stretch - 1) / stretch);
}

std::string RememberedKeys::sync() {
  const std::lock_guard lock(disk_);
  for (auto& [number, file] : written_) {
    if (!sync_failure_.empty()) break;
    if (const int error = file->sync()) sync_failure_ = "syncing " + keys_name(number) + ": " + std::strerror(error);
  }
  if (!sync_failure_.empty()) return sync_failure_;
  unsynced_ = false;
  if (!withdraw_) seal_full();
  return {};
}

// The last one stays open, and its map.
void RememberedKeys::seal_full() {
  for (const auto& book : books_) {
    const bool last = book == books_.back();
    if (last || book->newest == nullptr) continue;
    std::vector<KeyTable::Entry> entries;
    entries.reserve(book->newest->size());
    for (const auto& [key, record] : *book->newest) entries.push_back({key, record});
    KeyTable table(entries);
    const auto at = written_.find(book->number);
    at->second->vouch();
    written_.erase(at);
    book->fences.shrink_to_fit();
    const std::lock_guard lock(mutex_);
    book->table = std::move(table);
    book->newest.reset();
  }
}

void RememberedKeys::close() {
  const std::lock_guard lock(disk_);
  for (auto& [number, file] : written_) file->vouch();
  written_.clear();
}

// -- ends --

void RememberedKeys::note_ends(std::span<const KeyEnd> ends) {
  if (ends.empty()) return;
  const std::lock_guard lock(disk_);
  std::vector<KeyEnd> rising(ends.begin(), ends.end());
  std::ranges::sort(rising, {}, &KeyEnd::sequence);
  std::span<const KeyEnd> left = rising;
  for (size_t i = 0; i < books_.size() && !left.empty(); ++i) {
    Book& book = *books_[i];
    const auto before = std::ranges::lower_bound(left, book.fences.front(), {}, &KeyEnd::sequence);
    const auto behind = std::ranges::upper_bound(left, book.last, {}, &KeyEnd::sequence);
    KeyFile* file = nullptr;
    if (before < behind && file_of(book, &file) == 0) note_in(*file, book, {before, behind});
    left = {std::max(before, behind), left.end()};
  }
}

void RememberedKeys::note_in(KeyFile& file, Book& book, std::span<const KeyEnd> ends) {
  while (!ends.empty()) {
    const auto fence = std::ranges::upper_bound(book.fences, ends.front().sequence);
    const auto number = static_cast<uint32_t>(fence - book.fences.begin()) - 1;
    const auto end =
        fence == book.fences.end() ? ends.end() : std::ranges::lower_bound(ends, *fence, {}, &KeyEnd::sequence);
    note_in_stretch(file, book, number, {ends.begin(), end});
    ends = {end, ends.end()};
  }
}

void RememberedKeys::note_in_stretch(KeyFile& file, Book& book, uint32_t number, std::span<const KeyEnd> ends) {
  const uint32_t first = number * stretch, count = std::min(stretch, book.records - first);
  ByteBuffer bytes;
  if (file.read_raw(first, count, &bytes) != 0) return;
  uint32_t from = count, to = 0, finished = 0;
  int64_t expires_ms = 0;
  for (uint32_t i = 0; i < count && !ends.empty(); ++i) {
    const auto here = bytes.span().subspan(i * format::key_record_bytes, format::key_record_bytes);
    while (!ends.empty() && ends.front().sequence < sequence_in(here)) ends = ends.subspan(1);
    KeyRecord record;
    if (ends.empty() || ends.front().sequence != sequence_in(here)) continue;
    if (!file.decode(here, &record) || record.is_void()) continue;
    file.put_end(here, ends.front().at_ms);
    from = std::min(from, i);
    to = i;
    ++finished;
    expires_ms = std::max(expires_ms, ends.front().at_ms + record.window_ms());
  }
  if (finished == 0) return;
  file.write_ends(first, bytes.span(), from, to);  // one that fails is not known to the next start
  const std::lock_guard lock(mutex_);
  book.unfinished -= std::min<uint64_t>(book.unfinished, finished);
  book.expires_ms = std::max(book.expires_ms, expires_ms);
}

// -- finding --

bool RememberedKeys::room(size_t records) const {
  return bytes_ + bytes_of(static_cast<uint32_t>(records)) <= options_.bytes_max;
}

std::vector<KeyPlace> RememberedKeys::find(uint64_t key) const {
  std::vector<KeyPlace> places;
  const std::lock_guard lock(mutex_);
  for (const auto& book : books_) {
    book->table.find(key, [&](uint16_t record) { places.push_back({book->number, record}); });
    if (book->newest == nullptr) continue;
    const auto at = book->newest->find(key);
    if (at != book->newest->end()) places.push_back({book->number, at->second});
  }
  return places;
}

int RememberedKeys::read(uint64_t key, KeyPlace place, std::vector<RememberedKey>* found) {
  const std::lock_guard lock(disk_);
  const Book* book = find_book(place.file);
  if (book == nullptr || place.record >= book->records) return 0;  // over by now
  KeyFile* file = nullptr;
  if (const int error = file_of(*book, &file)) return error == ENOENT ? 0 : error;
  std::vector<KeyRecord> records(1);
  int error = file->read(place.record, records);
  if (error == 0 && records[0].key != key) return 0;
  const uint32_t copies = records[0].copies;
  if (error == 0 && copies > 1 && copies <= book->records - place.record) {
    records.resize(copies);
    error = file->read(place.record, records);
  }
  const bool whole = error == 0 && copies == records.size() &&
                     std::ranges::all_of(records, [&](const KeyRecord& record) { return record.key == key; });
  if (error != 0 && error != EBADMSG) return error;
  if (!whole) return ++lost_, 0;
  RememberedKey& known = found->emplace_back();
  known.key = key;
  known.content = records[0].content;
  known.window = Duration::milliseconds(records[0].window_ms());
  for (const KeyRecord& record : records) known.copies.push_back({record.sequence, record.queue, record.ended_ms});
  return 0;
}

int RememberedKeys::file_of(const Book& book, KeyFile** file) {
  if (const auto at = written_.find(book.number); at != written_.end()) return *file = at->second.get(), 0;
  if (looked_at_ == nullptr || looked_at_number_ != book.number) {
    looked_at_ = std::make_unique<KeyFile>(files_, options_.store_id, book.number);
    looked_at_number_ = book.number;
    if (const int error = looked_at_->reopen(book.records)) return looked_at_.reset(), error;
  }
  *file = looked_at_.get();
  return 0;
}

RememberedKeys::Book* RememberedKeys::find_book(uint32_t number) const {
  const auto at = std::ranges::lower_bound(books_, number, {}, [](const auto& book) { return book->number; });
  return at == books_.end() || (*at)->number != number ? nullptr : at->get();
}

// -- forgetting --

bool RememberedKeys::is_over(const Book& book, int64_t now_ms) const {
  const auto at = written_.find(book.number);
  const bool at_work = withdraw_ || (at != written_.end() && at->second->dirty());
  return !at_work && book.records > 0 && book.unfinished == 0 && book.expires_ms <= now_ms;
}

void RememberedKeys::sweep(int64_t now_ms) {
  const std::lock_guard lock(disk_);
  std::vector<uint32_t> over;
  for (const auto& book : books_) {
    if (is_over(*book, now_ms)) over.push_back(book->number);
  }
  if (over.empty()) return;
  for (const uint32_t number : over) {
    written_.erase(number);
    if (looked_at_number_ == number) looked_at_.reset();
    files_.remove(keys_name(number));  // one that stays is found again by the next start
  }
  const std::lock_guard books_lock(mutex_);
  std::erase_if(books_, [&](const auto& book) { return std::ranges::binary_search(over, book->number); });
  count();
}

void RememberedKeys::count() {
  uint64_t bytes = 0, records = 0;
  for (const auto& book : books_) {
    bytes += bytes_of(book->records);
    records += book->records;
  }
  bytes_ = bytes;
  records_ = records;
  const bool any = !books_.empty() && books_.back()->records > 0;
  first_ = books_.empty() || books_.front()->fences.empty() ? 1 : books_.front()->fences.front();
  last_ = any ? books_.back()->last : 0;
}

size_t RememberedKeys::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  size_t bytes = 0;
  for (const auto& book : books_) {
    bytes += sizeof(Book) + book->table.memory_bytes() + book->fences.capacity() * sizeof(Sequence);
    if (book->newest) bytes += book->newest->capacity() * (sizeof(Newest::value_type) + 1);
  }
  return bytes;
}

}  // namespace forebay
