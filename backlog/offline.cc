#include "backlog/offline.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backlog/checkpoint.h"
#include "backlog/format.h"
#include "backlog/key_file.h"
#include "backlog/record.h"
#include "backlog/recovery.h"
#include "backlog/segment.h"
#include "backlog/spends_file.h"
#include "backlog/store_file.h"

namespace forebay {
namespace {

// A file that says it wrote what it did not.
class UntouchedFile : public File {
 public:
  explicit UntouchedFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  int write_at(uint64_t, std::span<const std::byte>) override { return 0; }
  int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read) override {
    return file_->read_at(offset, bytes, read);
  }
  int sync() override { return 0; }
  int allocate(uint64_t) override { return 0; }
  int truncate(uint64_t) override { return 0; }
  int size(uint64_t* bytes) override { return file_->size(bytes); }

 private:
  std::unique_ptr<File> file_;
};

class UntouchedFiles : public Files {
 public:
  explicit UntouchedFiles(Files& files) : files_(files) {}
  int open(std::string_view name, Mode, std::unique_ptr<File>* file) override {
    std::unique_ptr<File> opened;
    if (const int error = files_.open(name, Mode::open_existing, &opened)) return error;
    *file = std::make_unique<UntouchedFile>(std::move(opened));
    return 0;
  }
  int rename(std::string_view, std::string_view) override { return EROFS; }
  int remove(std::string_view) override { return EROFS; }
  int list(std::vector<std::string>* names) override { return files_.list(names); }
  int sync_directory() override { return 0; }
  int lock(std::string_view) override { return 0; }
  int free_bytes(uint64_t* bytes) override { return files_.free_bytes(bytes); }
  std::string where() const override { return files_.where(); }

 private:
  Files& files_;
};

// What a reading of one segment counts.
struct Counts {
  uint64_t frames = 0, messages = 0, changes = 0, bad_records = 0;
  uint32_t first_bad = 0;

  void add(const Counts& other) {
    frames += other.frames;
    messages += other.messages;
    changes += other.changes;
  }
};

class Inspection {
 public:
  Inspection(Files& files, bool thorough, std::string* report) : files_(files), thorough_(thorough), report_(report) {}
  int run();

 private:
  void checkpoint(int which);
  void segment(uint32_t slot);
  void spends(SpendHour hour);
  void keys(uint32_t number);
  void scan(File& file, const SegmentHeader& header, const SegmentTally& tally, const std::string& state);
  Counts count(const FoundFrame& frame, std::span<const std::byte> segment);
  void say(const std::string& line) { *report_ += line + "\n"; }
  void wrong(const std::string& line) {
    say("WRONG: " + line);
    failed_ = true;
  }

  UntouchedFiles files_;
  const bool thorough_;
  std::string* report_;
  StoreFile store_;
  Catalog catalog_;
  RecoveredLog log_;
  Counts total_;
  bool failed_ = false;
  ByteBuffer bytes_;
  Record record_;
};

int Inspection::run() {
  std::string error;
  if (read_store(files_, &store_, &error) != StoreState::good) {
    wrong(error.empty() ? files_.where() + ": no store here" : error);
    return 1;
  }
  say("store " + std::to_string(store_.store_id) + " in " + files_.where() + ", format version " +
      std::to_string(store_.version) + ", " + std::to_string(store_.queues.size()) + " queues");
  for (const int which : {0, 1}) checkpoint(which);
  RecoveryReport found;
  uint64_t waiting = 0, dead = 0;
  const auto count_some = [&](std::span<const RecoveredMessage> messages) {
    for (const RecoveredMessage& message : messages) ++(message.dead ? dead : waiting);
  };
  if (Recovery(files_, store_).run(AttemptsFile::LeftOver{}, &catalog_, count_some, &log_, &found, &error) != 0) {
    wrong(error);
    return 1;
  }
  std::vector<std::string> names;
  files_.list(&names);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    uint32_t slot = 0;
    SpendHour hour = 0;
    if (parse_segment_name(name, &slot)) segment(slot);
    if (parse_spends_name(name, &hour)) spends(hour);
    if (parse_keys_name(name, &slot)) keys(slot);
  }
  for (const std::string& complaint : found.complaints) say("found: " + complaint);
  say(std::to_string(waiting) + " waiting, " + std::to_string(dead) + " dead letters, " +
      std::to_string(catalog_.live_bytes()) + " live bytes, " + std::to_string(total_.frames) + " frames, " +
      std::to_string(total_.messages) + " message records, " + std::to_string(total_.changes) + " change records");
  if (found.torn_tails > 0) say(std::to_string(found.torn_tails) + " torn tail: cut at the next start, nothing lost");
  const bool damaged = found.quarantined_segments > 0 || found.missing_segments > 0 || found.lost_messages > 0;
  if (thorough_ && damaged) wrong("segments are damaged or missing, see above");
  say(failed_ ? "verdict: damaged" : "verdict: good");
  return failed_ ? 1 : 0;
}

void Inspection::checkpoint(int which) {
  Checkpoint read;
  uint32_t version = 0;
  const std::string name(format::checkpoint_names[which]);
  switch (read_checkpoint(files_, which, store_.store_id, &read, &version)) {
    case CheckpointState::missing:
      return say(name + ": none yet");
    case CheckpointState::damaged:
      return thorough_ ? wrong(name + ": damaged") : say(name + ": damaged");
    case CheckpointState::other_version:
      return wrong(name + ": " + version_words(version));
    case CheckpointState::good:
      break;
  }
  say(name + ": generation " + std::to_string(read.head.generation) + ", log from frame " +
      std::to_string(read.head.position.next_frame) + ", " + std::to_string(read.live.size()) + " live" +
      (read.head.clean ? ", clean stop" : ""));
}

void Inspection::segment(uint32_t slot) {
  const std::string name = segment_name(slot);
  std::unique_ptr<File> file;
  SegmentHeader header;
  HeaderState state = HeaderState::damaged;
  uint32_t version = 0;
  int error = files_.open(name, Files::Mode::open_existing, &file);
  if (error == 0) error = read_segment_header(*file, &header, &state, &version);
  if (error != 0) return wrong(name + ": " + std::strerror(error));
  if (state == HeaderState::blank) return say(name + ": prepared, empty");
  if (state != HeaderState::good) return wrong(name + ": header damaged at byte 0");
  const SegmentTally& tally = catalog_.segment(slot);
  const bool in_log = tally.state != SegmentTally::State::none && tally.number == header.number;
  const bool quarantined = tally.state == SegmentTally::State::quarantined;
  scan(*file, header, in_log ? tally : SegmentTally{}, !in_log ? "free" : quarantined ? "quarantined" : "in use");
}

void Inspection::spends(SpendHour hour) {
  const std::string name = spends_name(hour);
  std::unique_ptr<File> file;
  SpendsScan found;
  int error = files_.open(name, Files::Mode::open_existing, &file);
  if (error == 0) error = SpendsFile::scan(*file, store_.store_id, hour, nullptr, &found);
  if (error != 0) return wrong(name + ": " + std::strerror(error));
  if (found.other_version != 0) return wrong(name + ": " + version_words(found.other_version));
  say(name + ": " + std::to_string(found.spends) + " spends of keys in " + std::to_string(found.blocks) +
      " blocks to byte " + std::to_string(found.end));
  if (found.torn()) say(name + ": torn tail, cut at the next start");
  if (!thorough_) return;
  if (!found.header_good && found.blocks > 0) wrong(name + ": header damaged at byte 0");
  if (found.damaged_bytes > 0) wrong(name + ": " + std::to_string(found.damaged_bytes) + " bytes damaged");
}

void Inspection::keys(uint32_t number) {
  const std::string name = keys_name(number);
  std::unique_ptr<File> file;
  KeysScan found;
  uint64_t copies = 0, finished = 0;
  const auto count_one = [&](uint32_t, const KeyRecord& record) {
    ++copies;
    finished += record.ended_ms > 0;
  };
  int error = files_.open(name, Files::Mode::open_existing, &file);
  if (error == 0) error = KeyFile::scan(*file, store_.store_id, number, log_.kept_end, count_one, &found);
  if (error != 0) return wrong(name + ": " + std::strerror(error));
  if (found.other_version != 0) return wrong(name + ": " + version_words(found.other_version));
  say(name + ": " + std::to_string(copies) + " copies under Idempotency-Keys, " + std::to_string(finished) +
      " finished");
  if (found.torn()) say(name + ": torn tail, cut at the next start");
  if (!thorough_) return;
  if (!found.header_good && copies > 0) wrong(name + ": header damaged at byte 0");
  if (found.damaged > 0) wrong(name + ": " + std::to_string(found.damaged) + " records damaged");
}

void Inspection::scan(File& file, const SegmentHeader& header, const SegmentTally& tally, const std::string& state) {
  const std::string name = segment_name(header.slot);
  if (const int error = read_segment(file, SIZE_MAX, &bytes_)) return wrong(name + ": " + std::strerror(error));
  Counts counts;
  const auto chain = [&](const FoundFrame& frame) {
    const Counts more = count(frame, bytes_.span());
    if (more.bad_records > 0 && counts.bad_records++ == 0) counts.first_bad = more.first_bad;
    counts.add(more);
  };
  const ScanResult scan = scan_segment(bytes_.span(), header, format::segment_header_bytes, bytes_.size(), 0, chain,
                                       [](const FoundFrame&) {});
  say(name + ": number " + std::to_string(header.number) + ", generation " + std::to_string(header.generation) + ", " +
      state + ", " + std::to_string(counts.frames) + " frames to byte " + std::to_string(scan.end) + ", " +
      std::to_string(counts.messages) + " messages, " + std::to_string(tally.live) + " live (" +
      std::to_string(tally.live_bytes) + " bytes), " + std::to_string(counts.changes) + " changes");
  if (state == "free") return;
  total_.add(counts);
  if (!thorough_) return;
  if (scan.end < tally.end || (scan.later_frames > 0 && scan.later_synced_through >= scan.expected)) {
    wrong(name + ": frame " + std::to_string(scan.expected) + " damaged at byte " + std::to_string(scan.end));
  }
  if (counts.bad_records > 0) {
    wrong(name + ": " + std::to_string(counts.bad_records) + " frames with bad records, the first at byte " +
          std::to_string(counts.first_bad));
  }
}

Counts Inspection::count(const FoundFrame& frame, std::span<const std::byte> segment) {
  Counts counts{.frames = 1};
  RecordReader reader(frame.view.records);
  const uint32_t start = frame.offset + format::frame_header_bytes;
  const auto bad = [&](uint32_t at) {
    if (counts.bad_records++ == 0) counts.first_bad = at;
  };
  Record message;
  while (reader.next(&record_)) {
    const bool is_message = record_.kind == RecordKind::message;
    ++(is_message ? counts.messages : counts.changes);
    if (!thorough_ || !is_message) continue;
    const auto bytes = segment.subspan(start + reader.offset(), reader.length());
    if (!read_lone_message(bytes, &message)) bad(start + reader.offset());
  }
  if (!reader.ok()) bad(frame.offset);
  return counts;
}

}  // namespace

int journal_stat(Files& files, std::string* report) {
  return Inspection(files, false, report).run();
}

int journal_verify(Files& files, std::string* report) {
  return Inspection(files, true, report).run();
}

}  // namespace forebay
