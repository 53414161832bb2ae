#include "tests/backlog/plain_log.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace forebay::testing {
namespace {

// Records are a letter and fields; numbers take eight bytes, texts their length and themselves.
class Writer {
 public:
  explicit Writer(char letter) : out_(1, letter) {}
  Writer& number(int64_t value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Writer& text(std::string_view value) {
    number(static_cast<int64_t>(value.size()));
    out_ += value;
    return *this;
  }
  // As it goes into a frame: its length first.
  std::string framed() const {
    auto length = static_cast<uint32_t>(out_.size());
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + out_;
  }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  int64_t number() {
    int64_t value = 0;
    std::memcpy(&value, in_.data(), std::min(in_.size(), sizeof value));
    in_.remove_prefix(std::min(in_.size(), sizeof value));
    return value;
  }
  std::string text() {
    auto length = std::min<size_t>(static_cast<size_t>(number()), in_.size());
    std::string value(in_.substr(0, length));
    in_.remove_prefix(length);
    return value;
  }

 private:
  std::string_view in_;
};

uint64_t checksum(std::string_view bytes) {
  uint64_t hash = 14695981039346656037ull;
  for (char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  return hash;
}

struct FrameHeader {
  uint64_t length;
  uint64_t sum;
};

std::string frame_of(std::string_view records) {
  FrameHeader header{records.size(), checksum(records)};
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + std::string(records);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

std::unique_ptr<PlainLog> PlainLog::open(Files& files, Worker& commit, Worker& loop, BacklogListener& listener,
                                         Flaw flaw, std::vector<RecoveredMessage>* recovered, std::string* error) {
  std::unique_ptr<PlainLog> log(new PlainLog(files, commit, loop, listener, flaw));
  if (int failed = log->start()) {
    *error = std::strerror(failed);
    return nullptr;
  }
  for (const auto& [sequence, message] : log->held_) {
    RecoveredMessage known = message.known;
    known.crashed_in_flight = !known.dead && message.begun > known.attempts;
    if (known.crashed_in_flight) known.attempts = message.begun;
    recovered->push_back(known);
  }
  return log;
}

int PlainLog::start() {
  std::unique_ptr<File> old;
  std::string bytes;
  int error = files_.open("log", Files::Mode::open_existing, &old);
  if (error != 0 && error != ENOENT) return error;
  if (error == 0) {
    uint64_t size = 0;
    if ((error = old->size(&size)) != 0) return error;
    bytes.resize(size);
    size_t count = 0;
    if ((error = old->read_at(0, std::as_writable_bytes(std::span(bytes)), &count)) != 0) return error;
  }
  read_back(bytes);
  if (old && flaw_ == Flaw::trusts_unsynced_bytes) {
    file_ = std::move(old);
    return 0;
  }
  bytes.resize(end_);
  return copy_log(bytes);
}

// What is on the disk may be in the kernel only; a copy that was synced is not.
int PlainLog::copy_log(const std::string& bytes) {
  if (int error = files_.open("log.new", Files::Mode::open_or_create, &file_)) return error;
  if (int error = file_->truncate(0)) return error;
  if (int error = file_->write_at(0, bytes_of(bytes))) return error;
  if (int error = file_->sync()) return error;
  if (int error = files_.rename("log.new", "log")) return error;
  return flaw_ == Flaw::forgets_the_directory ? 0 : files_.sync_directory();
}

void PlainLog::read_back(const std::string& bytes) {
  std::string_view rest = bytes;
  while (rest.size() >= sizeof(FrameHeader)) {
    FrameHeader header;
    std::memcpy(&header, rest.data(), sizeof header);
    rest.remove_prefix(sizeof header);
    if (header.length == 0 || header.length > rest.size()) break;
    std::string_view records = rest.substr(0, header.length);
    if (flaw_ != Flaw::ignores_checksums && checksum(records) != header.sum) break;
    rest.remove_prefix(header.length);
    end_ = bytes.size() - rest.size();
    while (records.size() >= 4) {
      uint32_t length;
      std::memcpy(&length, records.data(), sizeof length);
      apply(records.substr(4, length));
      records.remove_prefix(std::min<size_t>(records.size(), 4 + length));
    }
  }
}

void PlainLog::append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) {
  for (const MessageFacts& facts : copies) {
    std::string record = Writer('m')
                             .number(static_cast<int64_t>(facts.sequence))
                             .number(facts.queue)
                             .number(facts.klass)
                             .number(facts.max_attempts)
                             .number(facts.due_by_wall)
                             .number(facts.accepted_ms)
                             .number(facts.due_ms)
                             .number(facts.expires_ms)
                             .number(facts.bytes)
                             .number(static_cast<int64_t>(facts.key))
                             .number(flaw_ == Flaw::forgets_costs ? 1 : facts.cost)
                             .text(meta)
                             .text(body)
                             .framed();
    apply(std::string_view(record).substr(4));
    messages_ += record;
  }
}

void PlainLog::settle(Sequence sequence, Settlement) {
  changes_ += Writer('s').number(static_cast<int64_t>(sequence)).framed();
  held_.erase(sequence);
}

void PlainLog::retry(Sequence sequence, int64_t due_ms, uint8_t attempts) {
  changes_ += Writer('r').number(static_cast<int64_t>(sequence)).number(due_ms).number(attempts).framed();
}

void PlainLog::dead(const DeadLetter& letter) {
  std::string record = Writer('d')
                           .number(static_cast<int64_t>(letter.sequence))
                           .number(letter.queue)
                           .number(letter.attempts)
                           .number(letter.died_ms)
                           .number(letter.bytes)
                           .text(letter.reason)
                           .text(letter.excerpt)
                           .framed();
  apply(std::string_view(record).substr(4));
  changes_ += record;
}

void PlainLog::revive(Sequence sequence, int64_t due_ms) {
  changes_ += Writer('v').number(static_cast<int64_t>(sequence)).number(due_ms).framed();
}

void PlainLog::note(std::string_view name, std::string_view value) {
  changes_ += Writer('n').text(name).text(value).framed();
  notes_[std::string(name)] = value;
}

// Told from what a start reads back, as every other thing.
void PlainLog::key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) {
  if (flaw_ == Flaw::drops_spends && key % 7 == 0) return;
  if (flaw_ == Flaw::bends_spends) ++settled_ms;
  changes_ += Writer('k').number(set).number(static_cast<int64_t>(key)).number(settled_ms).number(cost).framed();
}

void PlainLog::key_spends(int64_t since_ms, const KeySpendTold& tell) {
  for (const KeySpend& spend : spends_) {
    if (spend.settled_ms >= since_ms) tell(spend.set, spend.key, spend.settled_ms, spend.cost);
  }
}

void PlainLog::attempt_begun(Sequence sequence, uint8_t attempt) {
  attempts_ += Writer('a').number(static_cast<int64_t>(sequence)).number(attempt).framed();
}

void PlainLog::attempt_over(Sequence sequence) {
  attempts_ += Writer('o').number(static_cast<int64_t>(sequence)).framed();
}

void PlainLog::write_attempts() {
  if (flaw_ == Flaw::counts_attempts_late) return;
  if (attempts_.empty()) return;
  commit_.post([this, records = std::exchange(attempts_, {})]() mutable {
    if (broken_) return;
    unwritten_ += records;
    std::string frame = frame_of(unwritten_);
    if (file_->write_at(end_, bytes_of(frame)) != 0) return;
    end_ += frame.size();
    unwritten_.clear();
  });
}

Instant PlainLog::flush() {
  if (messages_.empty() && changes_.empty()) return Instant::never();
  commit_.post([this, batch = batch_, messages = std::exchange(messages_, {}), changes = std::exchange(changes_, {})] {
    write(batch, messages, changes);
  });
  ++batch_;
  return Instant::never();
}

void PlainLog::write(uint64_t batch, std::string messages, std::string changes) {
  if (broken_) return;
  if (flaw_ == Flaw::answers_before_sync) report(batch, 0);
  std::string frame = frame_of(unwritten_ + messages + changes);
  if (int error = file_->write_at(end_, bytes_of(frame))) {
    if (flaw_ != Flaw::loses_changes_of_failed_writes) unwritten_ += changes;
    report(batch, error);
    return;
  }
  end_ += frame.size();
  unwritten_.clear();
  int error = file_->sync();
  if (error != 0 && flaw_ != Flaw::answers_after_failed_sync) {
    broken_ = true;
    loop_.post([this] { listener_.on_broken("a sync failed"); });
  } else if (flaw_ != Flaw::answers_before_sync) {
    report(batch, 0);
  }
}

void PlainLog::report(uint64_t batch, int error) {
  loop_.post([this, batch, error] { listener_.on_committed(batch, error); });
}

void PlainLog::fetch(Sequence sequence, Fetched done) {
  loop_.post([this, sequence, done = std::move(done)] {
    auto found = held_.find(sequence);
    if (found == held_.end()) return done(ENOENT, {});
    done(0, {found->second.meta, found->second.body, found->second.known.facts.accepted_ms, nullptr});
  });
}

std::optional<DeadLetter> PlainLog::dead_letter(Sequence sequence) const {
  auto found = held_.find(sequence);
  if (found == held_.end() || !found->second.known.dead) return std::nullopt;
  return found->second.letter;
}

std::string PlainLog::noted(std::string_view name) const {
  auto found = notes_.find(name);
  return found == notes_.end() ? "" : found->second;
}

void PlainLog::apply(std::string_view record) {
  if (record.empty()) return;
  Reader in(record.substr(1));
  if (record[0] == 'n') {
    std::string name = in.text();
    notes_[name] = in.text();
    return;
  }
  if (record[0] == 'k') {
    KeySpend& spend = spends_.emplace_back();
    spend.set = static_cast<uint32_t>(in.number());
    spend.key = static_cast<KeyHash>(in.number());
    spend.settled_ms = in.number();
    spend.cost = static_cast<uint32_t>(in.number());
    return;
  }
  auto sequence = static_cast<Sequence>(in.number());
  if (record[0] == 'm') {
    Message& message = held_[sequence];
    MessageFacts& facts = message.known.facts;
    facts.sequence = sequence;
    facts.queue = static_cast<QueueId>(in.number());
    facts.klass = static_cast<uint8_t>(in.number());
    facts.max_attempts = static_cast<uint8_t>(in.number());
    facts.due_by_wall = in.number() != 0;
    facts.accepted_ms = in.number();
    facts.due_ms = in.number();
    facts.expires_ms = in.number();
    facts.bytes = static_cast<uint32_t>(in.number());
    facts.key = static_cast<KeyHash>(in.number());
    facts.cost = static_cast<uint32_t>(in.number());
    message.meta = in.text();
    message.body = in.text();
    next_ = std::max(next_, sequence + 1);
    return;
  }
  auto found = held_.find(sequence);
  if (found == held_.end()) return;
  RecoveredMessage& known = found->second.known;
  switch (record[0]) {
    case 's':
      held_.erase(found);
      break;
    case 'r':
      known.facts.due_ms = in.number();
      known.attempts = static_cast<uint8_t>(in.number());
      break;
    case 'v':
      known.facts.due_ms = in.number();
      known.dead = false;
      known.revived = true;
      known.facts.expires_ms = 0;
      known.attempts = 0;
      break;
    case 'a':
      found->second.begun = static_cast<uint8_t>(in.number());
      break;
    case 'o':
      found->second.begun = 0;
      break;
    case 'd': {
      DeadLetter& letter = found->second.letter;
      letter.sequence = sequence;
      letter.queue = static_cast<QueueId>(in.number());
      letter.attempts = static_cast<uint8_t>(in.number());
      letter.died_ms = in.number();
      letter.bytes = static_cast<uint32_t>(in.number());
      letter.reason = in.text();
      letter.excerpt = in.text();
      known.dead = true;
      known.attempts = letter.attempts;
      break;
    }
    default:
      break;
  }
}

}  // namespace forebay::testing
