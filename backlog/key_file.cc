#include "backlog/key_file.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {
namespace {

using format::key_record_bytes;
using format::keys_header_bytes;

constexpr size_t name_digits = 8;
constexpr std::string_view name_start = "keys-";
constexpr uint32_t portion_records = 65'536;

uint64_t place_of(uint32_t record) {
  return keys_header_bytes + uint64_t{record} * key_record_bytes;
}

uint64_t seed_of(uint32_t store_id, uint32_t number) {
  return uint64_t{store_id} << 32 | number;
}

uint64_t end_word(int64_t at_ms, uint64_t seed) {
  const auto ms = static_cast<uint64_t>(at_ms) << 16;
  const uint64_t sum = checksum(std::as_bytes(std::span(&ms, 1)), seed);
  return ms | (sum & 0xffff);
}

// False: it is no record, or damaged.
bool read_record(std::span<const std::byte> bytes, uint64_t seed, KeyRecord* record, uint32_t* synced) {
  Decoder in(bytes.first(key_record_bytes));
  record->key = in.u64();
  record->content = in.u64();
  record->sequence = in.u64();
  record->window = in.u32();
  record->queue = in.u16();
  record->copies = in.u16();
  *synced = in.u32();
  if (in.u32() != static_cast<uint32_t>(checksum(bytes.first(format::key_record_checked), seed))) return false;
  const uint64_t word = in.u64();
  const auto ended_ms = static_cast<int64_t>(word >> 16);
  record->ended_ms = word != 0 && word == end_word(ended_ms, seed) ? ended_ms : 0;
  return true;
}

int load(File& file, uint32_t first, uint32_t count, ByteBuffer* bytes) {
  bytes->clear();
  bytes->extend(size_t{count} * key_record_bytes);
  size_t read = 0;
  const int error = file.read_at(place_of(first), bytes->span(), &read);
  return error == 0 && read < bytes->size() ? EIO : error;
}

int read_header(File& file, uint32_t store_id, uint32_t number, KeysScan* scan) {
  ByteBuffer bytes;
  bytes.extend(format::keys_header_used);
  size_t read = 0;
  if (const int error = file.read_at(0, bytes.span(), &read)) return error;
  if (read < bytes.size()) return 0;
  Decoder in(bytes.span());
  const uint64_t magic = in.u64();
  const uint32_t version = in.u32(), store = in.u32(), own_number = in.u32(), synced = in.u32();
  const bool whole =
      magic == format::keys_magic && in.u64() == checksum(std::span<const std::byte>(bytes.span()).first(24));
  if (whole && !format::is_readable(version)) scan->other_version = version;
  scan->header_good = whole && store == store_id && own_number == number;
  if (scan->header_good) scan->synced = synced;
  return 0;
}

}  // namespace

int64_t KeyRecord::window_ms() const {
  return window * format::key_window_unit.ms();
}

bool KeysScan::torn() const {
  return size > place_of(records);
}

std::string keys_name(uint32_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "keys-%08u", number);
  return name;
}

bool parse_keys_name(std::string_view name, uint32_t* number) {
  if (name.size() != name_start.size() + name_digits || !name.starts_with(name_start)) return false;
  *number = 0;
  for (const char digit : name.substr(name_start.size())) {
    if (digit < '0' || digit > '9') return false;
    *number = *number * 10 + static_cast<uint32_t>(digit - '0');
  }
  return true;
}

// A bad record may be a gap in what was never synced: whether it is damage is known at the end.
int KeyFile::scan(File& file, uint32_t store_id, uint32_t number, Sequence end, const Tell& tell, KeysScan* scan) {
  if (const int error = file.size(&scan->size)) return error;
  if (const int error = read_header(file, store_id, number, scan)) return error;
  if (scan->other_version != 0) return 0;
  const uint64_t there = scan->size < keys_header_bytes ? 0 : (scan->size - keys_header_bytes) / key_record_bytes;
  const auto all = static_cast<uint32_t>(std::min<uint64_t>(there, format::keys_per_file_max));
  const uint64_t seed = seed_of(store_id, number);
  std::vector<uint32_t> bad;
  ByteBuffer bytes;
  Sequence last = 0;
  for (uint32_t first = 0; first < all; first += portion_records) {
    const uint32_t count = std::min(portion_records, all - first);
    if (const int error = load(file, first, count, &bytes)) return error;
    for (uint32_t i = 0; i < count; ++i) {
      KeyRecord record;
      uint32_t synced = 0;
      const auto here = std::span<const std::byte>(bytes.span()).subspan(i * key_record_bytes);
      const bool good = read_record(here, seed, &record, &synced) && record.sequence >= last;
      if (!good) bad.push_back(first + i);
      if (!good || record.sequence >= end) continue;
      last = record.sequence;
      scan->records = first + i + 1;
      scan->synced = std::max(scan->synced, synced);
      if (tell && !record.is_void()) tell(first + i, record);
    }
  }
  scan->damaged = static_cast<uint32_t>(std::ranges::count_if(bad, [&](uint32_t at) { return at < scan->synced; }));
  if (scan->synced > all) scan->damaged += scan->synced - all;
  return 0;
}

int KeyFile::adopt(Sequence end, const Tell& tell, KeysScan* found, bool* sync_failed) {
  *sync_failed = false;
  if (const int error = files_.open(keys_name(number_), Files::Mode::open_existing, &file_)) return error;
  if (const int error = scan(*file_, store_id_, number_, end, tell, found)) return error;
  if (found->other_version != 0) return ENOTSUP;
  return make_sure(*found, end, sync_failed);
}

// What nothing vouches for may be in the page cache only, where a failed sync leaves it looking clean.
int KeyFile::make_sure(const KeysScan& found, Sequence end, bool* sync_failed) {
  records_ = found.records;
  synced_ = vouched_ = found.header_good ? std::min(found.synced, records_) : 0;
  named_ = synced_ != 0;
  if (found.torn()) {
    if (const int error = file_->truncate(place_of(records_))) return error;
  }
  if (!dirty() && !found.torn()) return 0;
  ByteBuffer again;
  if (const int error = load(*file_, synced_, records_ - synced_, &again)) return error;
  Sequence before = 0;
  if (synced_ > 0) {
    KeyRecord last;
    if (read(synced_ - 1, {&last, 1}) == 0) before = last.sequence;
  }
  fill_gaps(again, before, end);
  vouched_ = synced_;
  if (const int error = write_header()) return error;
  if (const int error = file_->write_at(place_of(synced_), again.span())) return error;
  named_ = false;
  const int error = sync();
  *sync_failed = error != 0;
  return error;
}

void KeyFile::fill_gaps(ByteBuffer& bytes, Sequence before, Sequence end) const {
  for (size_t at = 0; at < bytes.size(); at += key_record_bytes) {
    KeyRecord record;
    const auto here = bytes.span().subspan(at, key_record_bytes);
    if (decode(here, &record) && record.sequence >= before && record.sequence < end) {
      before = record.sequence;
      continue;
    }
    ByteBuffer gap;
    encode(gap, {.sequence = before});
    std::ranges::copy(gap.span(), here.begin());
  }
}

int KeyFile::create() {
  if (const int error = files_.open(keys_name(number_), Files::Mode::open_or_create, &file_)) return error;
  if (const int error = file_->truncate(0)) return error;
  return write_header();
}

int KeyFile::reopen(uint32_t records) {
  records_ = synced_ = vouched_ = records;
  named_ = true;
  return files_.open(keys_name(number_), Files::Mode::open_existing, &file_);
}

// `vouched_` and nothing more: what is behind it speaks for itself.
int KeyFile::write_header() {
  ByteBuffer header;
  header.u64(format::keys_magic);
  header.u32(format::version);
  header.u32(store_id_);
  header.u32(number_);
  header.u32(vouched_);
  header.u64(checksum(header.span()));
  assert(header.size() == format::keys_header_used);
  return file_->write_at(0, header.span());
}

void KeyFile::encode(ByteBuffer& out, const KeyRecord& record) const {
  const size_t start = out.size();
  out.u64(record.key);
  out.u64(record.content);
  out.u64(record.sequence);
  out.u32(record.window);
  out.u16(record.queue);
  out.u16(record.copies);
  out.u32(synced_);
  out.u32(static_cast<uint32_t>(checksum(out.span().subspan(start), seed_of(store_id_, number_))));
  out.u64(record.ended_ms == 0 ? 0 : end_word(record.ended_ms, seed_of(store_id_, number_)));
  assert(out.size() - start == key_record_bytes);
}

int KeyFile::append(std::span<const KeyRecord> records) {
  ByteBuffer bytes;
  bytes.reserve(records.size() * key_record_bytes);
  for (const KeyRecord& record : records) encode(bytes, record);
  if (const int error = file_->write_at(place_of(records_), bytes.span())) return error;
  records_ += static_cast<uint32_t>(records.size());
  return 0;
}

int KeyFile::cut(uint32_t records) {
  if (const int error = file_->truncate(place_of(records))) return error;
  records_ = records;
  synced_ = std::min(synced_, records);
  vouched_ = std::min(vouched_, records);
  named_ = false;
  return 0;
}

int KeyFile::sync() {
  if (!dirty()) return 0;
  if (const int error = file_->sync()) return error;
  if (!named_) {
    if (const int error = files_.sync_directory()) return error;
  }
  named_ = true;
  synced_ = records_;
  return 0;
}

void KeyFile::vouch() {
  if (dirty() || vouched_ == records_) return;
  const uint32_t before = std::exchange(vouched_, records_);
  if (write_header() != 0) vouched_ = before;
}

int KeyFile::read(uint32_t first, std::span<KeyRecord> records) {
  ByteBuffer bytes;
  if (const int error = read_raw(first, static_cast<uint32_t>(records.size()), &bytes)) return error;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto here = std::span<const std::byte>(bytes.span()).subspan(i * key_record_bytes);
    if (!decode(here, &records[i])) return EBADMSG;
  }
  return 0;
}

int KeyFile::read_raw(uint32_t first, uint32_t count, ByteBuffer* bytes) {
  return load(*file_, first, count, bytes);
}

int KeyFile::write_ends(uint32_t first, std::span<const std::byte> bytes, uint32_t from, uint32_t to) {
  const size_t begin = from * key_record_bytes + format::key_record_end;
  const size_t end = to * key_record_bytes + key_record_bytes;
  return file_->write_at(place_of(first) + begin, bytes.subspan(begin, end - begin));
}

bool KeyFile::decode(std::span<const std::byte> bytes, KeyRecord* record) const {
  uint32_t synced = 0;
  return read_record(bytes, seed_of(store_id_, number_), record, &synced);
}

void KeyFile::put_end(std::span<std::byte> bytes, int64_t at_ms) const {
  const uint64_t word = end_word(at_ms, seed_of(store_id_, number_));
  std::memcpy(bytes.data() + format::key_record_end, &word, sizeof word);
}

}  // namespace forebay
