// RememberedKeys at start: what the files hold is read once, from beginning to end.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backlog/format.h"
#include "backlog/remembered_keys.h"

namespace forebay {

int RememberedKeys::open(Sequence end, const Alive& alive, int64_t now_ms, std::vector<std::string>* complaints,
                         std::string* error) {
  std::vector<std::string> names;
  if (const int unread = files_.list(&names)) return *error = "listing: " + std::string(std::strerror(unread)), unread;
  std::vector<uint32_t> numbers;
  for (const std::string& name : names) {
    uint32_t number = 0;
    if (parse_keys_name(name, &number)) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  for (const uint32_t number : numbers) {
    last_number_ = number;
    std::vector<KeyEnd> ends;
    if (const int failed = adopt(number, end, alive, &ends, complaints, error)) return failed;
    // Their ends were lost, or they were settled by a program that knew nothing of keys.
    for (KeyEnd& unknown : ends) unknown.at_ms = now_ms;
    note_ends(ends);
    seal_full();
  }
  sweep(now_ms);
  return 0;
}

int RememberedKeys::adopt(uint32_t number, Sequence end, const Alive& alive, std::vector<KeyEnd>* ends,
                          std::vector<std::string>* complaints, std::string* error) {
  const std::string name = keys_name(number);
  auto file = std::make_unique<KeyFile>(files_, options_.store_id, number);
  auto book = std::make_unique<Book>();
  book->number = number;
  book->newest = std::make_unique<Newest>();
  KeysScan scan;
  bool sync_failed = false;
  const auto take = [&](uint32_t at, const KeyRecord& record) {
    book->add(at, record);
    if (alive(record.sequence)) return;
    if (record.ended_ms == 0) return ends->push_back({record.sequence, 0});
    --book->unfinished;
    book->expires_ms = std::max(book->expires_ms, record.ended_ms + record.window_ms());
  };
  if (const int failed = file->adopt(end, take, &scan, &sync_failed)) {
    if (failed == ENOTSUP) {
      *error = name + ": written by another version of Forebay (format " + std::to_string(scan.other_version) + ")";
      return EINVAL;
    }
    *error = (sync_failed ? "syncing " : "") + name + ": " + std::strerror(failed);
    return failed;
  }
  if (!scan.header_good && scan.records > 0) complaints->push_back(name + ": the header is damaged");
  if (scan.damaged > 0) {
    lost_ += scan.damaged;
    complaints->push_back(name + ": " + std::to_string(scan.damaged) +
                          " records are damaged: the Idempotency-Keys in them are forgotten, and what was published "
                          "under them may be accepted again");
  }
  book->records = file->records();
  if (book->fences.empty()) return files_.remove(name), 0;  // nothing in it counts
  books_.push_back(std::move(book));
  written_[number] = std::move(file);
  count();
  return 0;
}

}  // namespace forebay
