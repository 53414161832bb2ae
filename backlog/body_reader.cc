#include "backlog/body_reader.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "backlog/segment.h"

namespace forebay {

// A few segments kept open for reading.
class BodyReader::OpenFiles {
 public:
  explicit OpenFiles(Files& files) : files_(files) {}

  int read(uint32_t slot, uint64_t offset, std::span<std::byte> bytes) {
    File* file = nullptr;
    if (const int error = get(slot, &file)) return error;
    size_t read = 0;
    if (const int error = file->read_at(offset, bytes, &read)) return error;
    return read == bytes.size() ? 0 : EBADMSG;  // the file was cut short
  }

  void forget(uint32_t slot) {
    std::erase_if(open_, [&](const auto& entry) { return entry.first == slot; });
  }

 private:
  static constexpr size_t most = 16;

  int get(uint32_t slot, File** file) {
    const auto at = std::find_if(open_.begin(), open_.end(), [&](const auto& e) { return e.first == slot; });
    if (at != open_.end()) {
      std::rotate(at, at + 1, open_.end());
    } else {
      std::unique_ptr<File> opened;
      const int error = files_.open(segment_name(slot), Files::Mode::open_existing, &opened);
      if (error != 0) return error == ENOENT ? EBADMSG : error;  // the file was taken away
      if (open_.size() == most) open_.erase(open_.begin());
      open_.emplace_back(slot, std::move(opened));
    }
    *file = open_.back().second.get();
    return 0;
  }

  Files& files_;
  std::vector<std::pair<uint32_t, std::unique_ptr<File>>> open_;  // the one used last is last
};

namespace {

constexpr uint64_t gap_read_over = 16 * 1024;  // cheaper than another read
constexpr uint64_t stretch_most = 1 << 20;

}  // namespace

BodyReader::BodyReader(Files& files, Worker& reader, Inbox& inbox, Catalog& catalog, uint64_t window_bytes)
    : inbox_(inbox),
      catalog_(catalog),
      written_(window_bytes),
      read_(window_bytes),
      ahead_bytes_max_(window_bytes / 2),  // what is read over and what fetch() reads need room too
      files_(std::make_unique<OpenFiles>(files)),
      line_(reader) {}

BodyReader::~BodyReader() {
  line_.stop();
}

std::pair<std::span<const std::byte>, std::shared_ptr<const void>> BodyReader::bytes_of(const Place& place) const {
  auto found = written_.find(place);
  return found.second ? found : read_.find(place);
}

std::optional<StoredMessage> BodyReader::held(Sequence sequence) {
  const Place* place = catalog_.place(sequence);
  if (!place) return std::nullopt;
  auto [bytes, owner] = bytes_of(*place);
  return owner ? message_in(bytes, std::move(owner), sequence) : std::nullopt;
}

void BodyReader::fetch(Sequence sequence, Backlog::Fetched done) {
  const Place* place = catalog_.place(sequence);
  Want want{sequence, place ? *place : Place{}, std::move(done)};
  if (!place) return fail(want, ENOENT);
  if (auto message = held(sequence)) return answer(want, std::move(*message));
  wanted_.push_back(std::move(want));
  start();
}

// No more than half the window takes: what is read beyond that would push out what goes before it, and be asked
// for again and again. While a read is under way nothing is asked for; the next turn asks anew.
void BodyReader::prefetch(std::span<const Sequence> sequences) {
  if (busy_) return;
  uint64_t bytes = 0;
  for (const Sequence sequence : sequences) {
    const Place* place = catalog_.place(sequence);
    if (!place) continue;
    bytes += place->length();
    if (bytes > ahead_bytes_max_) break;
    if (!bytes_of(*place).second) wanted_.push_back({sequence, *place, nullptr});
  }
  start();
}

void BodyReader::answer(const Want& want, StoredMessage message) {
  later([done = want.done, message = std::move(message)]() mutable { done(0, std::move(message)); });
}

// nullopt: they are not what was written for that message.
std::optional<StoredMessage> BodyReader::message_in(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                    Sequence sequence) {
  if (!read_lone_message(bytes, &record_)) return std::nullopt;
  for (const MessageFacts& facts : record_.receivers) {
    if (facts.sequence != sequence) continue;
    return StoredMessage{record_.meta, record_.body, facts.accepted_ms, std::move(owner)};
  }
  return std::nullopt;
}

void BodyReader::fail(const Want& want, int error) {
  later([done = want.done, error] { done(error, StoredMessage{}); });
}

void BodyReader::later(std::function<void()> answer) {
  answers_.push_back(std::move(answer));
  if (answers_.size() > 1) return;
  inbox_.post([this] {
    std::vector<std::function<void()>> answers;
    answers.swap(answers_);
    for (const auto& one : answers) one();
  });
}

// Only what is being read is pinned: compaction may have moved what waited, and its old place hold something else.
void BodyReader::look_up_again() {
  std::erase_if(wanted_, [this](Want& want) {
    const Place* place = catalog_.place(want.sequence);
    if (place) want.place = *place;
    if (!place && want.done) fail(want, ENOENT);
    return !place;
  });
}

void BodyReader::start() {
  if (busy_) return;
  look_up_again();
  // What was asked for while the last job ran may have come with it.
  std::erase_if(wanted_, [this](const Want& want) { return !want.done && bytes_of(want.place).second; });
  if (wanted_.empty()) return;
  busy_ = true;
  std::sort(wanted_.begin(), wanted_.end(), [](const Want& a, const Want& b) {
    return std::pair(a.place.slot, a.place.offset) < std::pair(b.place.slot, b.place.offset);
  });
  reading_.swap(wanted_);
  auto job = std::make_shared<Job>(plan());
  for (const Stretch& stretch : *job) ++catalog_.segment(stretch.slot).pins;
  line_.post([this, job] {
    for (Stretch& stretch : *job) {
      stretch.bytes->extend(stretch.end - stretch.begin);
      stretch.error = files_->read(stretch.slot, stretch.begin, stretch.bytes->span());
    }
    inbox_.post([this, job] { read_done(job); });
  });
}

BodyReader::Job BodyReader::plan() const {
  Job job;
  for (const Want& want : reading_) {
    const uint64_t begin = want.place.offset, end = begin + want.place.length();
    Stretch* last = job.empty() ? nullptr : &job.back();
    if (last && last->slot == want.place.slot && begin <= last->end + gap_read_over &&
        end - last->begin <= stretch_most) {
      last->end = std::max(last->end, end);
    } else {
      job.push_back({want.place.slot, begin, end, std::make_shared<ByteBuffer>()});
    }
  }
  return job;
}

void BodyReader::read_done(const std::shared_ptr<Job>& job) {
  for (const Stretch& stretch : *job) {
    --catalog_.segment(stretch.slot).pins;
    if (stretch.error != 0) continue;
    read_.keep(stretch.slot, static_cast<uint32_t>(stretch.begin), stretch.bytes->span(), stretch.bytes);
  }
  std::vector<Want> answered;
  answered.swap(reading_);
  for (const Want& want : answered) {
    if (want.done) settle_want(want, *job);
  }
  busy_ = false;
  start();
}

void BodyReader::settle_want(const Want& want, const Job& job) {
  const uint64_t begin = want.place.offset, end = begin + want.place.length();
  for (const Stretch& stretch : job) {
    if (stretch.slot != want.place.slot || begin < stretch.begin || end > stretch.end) continue;
    if (stretch.error != 0) return fail(want, stretch.error);
    const std::span<const std::byte> bytes = stretch.bytes->span();
    auto message = message_in(bytes.subspan(begin - stretch.begin, end - begin), stretch.bytes, want.sequence);
    return message ? answer(want, std::move(*message)) : fail(want, EBADMSG);
  }
  assert(false);
}

void BodyReader::forget(uint32_t slot) {
  written_.forget(slot);
  read_.forget(slot);
}

void BodyReader::forget_file(uint32_t slot) {
  line_.post([this, slot] { files_->forget(slot); });
}

}  // namespace forebay
