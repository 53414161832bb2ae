#include "backlog/spends_file.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <deque>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {
namespace {

constexpr int64_t hour_ms = 3'600'000;
constexpr SpendHour last_hour = 99'999'999;  // that a name has room for: the year 13377
constexpr size_t name_digits = 8;
constexpr std::string_view name_start = "spends-";
constexpr size_t portion_bytes = 4 << 20;
constexpr size_t empty_block_bytes = format::spends_block_header_bytes + format::spends_block_trailer_bytes;
constexpr size_t block_bytes_max = format::spends_block_header_bytes +
                                   format::spends_in_block_max * format::spend_bytes +
                                   format::spends_block_trailer_bytes;

uint32_t sum_of(std::span<const std::byte> bytes, uint32_t store_id, SpendHour hour) {
  return static_cast<uint32_t>(checksum(bytes, uint64_t{store_id} << 32 | hour));
}

// The bytes of the block at the start of `bytes`; 0: there is none that is whole.
size_t whole_block(std::span<const std::byte> bytes, uint32_t store_id, SpendHour hour, uint64_t* synced) {
  Decoder in(bytes);
  if (in.u32() != format::spends_block_magic) return 0;
  const uint32_t spends = in.u32();
  *synced = in.u64();
  if (!in.ok() || spends > format::spends_in_block_max) return 0;
  const size_t checked = format::spends_block_header_bytes + spends * format::spend_bytes;
  in.take(spends * format::spend_bytes);
  const uint32_t sum = in.u32();
  if (!in.ok() || sum != sum_of(bytes.first(checked), store_id, hour)) return 0;
  return checked + format::spends_block_trailer_bytes;
}

// Walks the blocks of a file, portion by portion.
class Reading {
 public:
  Reading(File& file, uint32_t store_id, SpendHour hour, const SpendsFile::Tell& tell, SpendsScan* scan)
      : file_(file), store_id_(store_id), hour_(hour), tell_(tell), scan_(*scan) {}

  int run() {
    if (const int error = file_.size(&scan_.size)) return error;
    if (const int error = load(0)) return error;
    read_header();
    if (scan_.other_version != 0) return 0;
    uint64_t at = format::spends_header_bytes;
    next_ = scan_.end = std::min(at, scan_.size);
    while (at < scan_.size) {
      const bool short_of_block = start_ + bytes_.size() < std::min(at + block_bytes_max, scan_.size);
      if (const int error = short_of_block ? load(at) : 0) return error;
      at = step(at);
    }
    if (scan_.end < scan_.synced) scan_.damaged_bytes += scan_.synced - scan_.end;
    return 0;
  }

 private:
  int load(uint64_t at) {
    start_ = at;
    bytes_.clear();
    bytes_.extend(std::min<uint64_t>(portion_bytes, scan_.size - at));
    size_t read = 0;
    const int error = file_.read_at(at, bytes_.span(), &read);
    return error == 0 && read < bytes_.size() ? EIO : error;
  }

  void read_header() {
    Decoder in(bytes_.span());
    const uint64_t magic = in.u64();
    const uint32_t version = in.u32(), store_id = in.u32(), hour = in.u32(), sum = in.u32();
    constexpr size_t checked = format::spends_header_bytes - 4;
    const bool whole = in.ok() && magic == format::spends_magic &&
                       sum == static_cast<uint32_t>(checksum(std::span<const std::byte>(bytes_.span()).first(checked)));
    if (whole && version > format::version) scan_.other_version = version;
    scan_.header_good = whole && store_id == store_id_ && hour == hour_;
  }

  // What is behind a gap, until some block tells that the gap had been synced.
  struct Stretch {
    uint64_t gap = 0, begin = 0, end = 0;  // the gap ends where the stretch begins
    uint64_t blocks = 0;
    std::vector<KeySpend> spends;
  };

  uint64_t step(uint64_t at) {
    uint64_t synced = 0;
    const auto here = std::span<const std::byte>(bytes_.span()).subspan(at - start_);
    const size_t bytes = whole_block(here, store_id_, hour_, &synced);
    if (bytes == 0) return at + format::spends_alignment;
    scan_.synced = std::max(scan_.synced, synced);
    const bool closing = bytes == empty_block_bytes && synced == at && at == scan_.end;
    scan_.closed_bytes = closing ? bytes : 0;
    if (!closing) take(here.first(bytes), at);
    return next_ = at + bytes;
  }

  void take(std::span<const std::byte> block, uint64_t at) {
    if (at != next_) stretches_.push_back({.gap = next_, .begin = at});
    if (stretches_.empty()) {
      ++scan_.blocks;
      read_block(block, [this](const KeySpend& spend) { tell(spend); });
      scan_.end = at + block.size();
      return;
    }
    Stretch& last = stretches_.back();
    ++last.blocks;
    read_block(block, [&](const KeySpend& spend) { last.spends.push_back(spend); });
    last.end = at + block.size();
    while (!stretches_.empty() && stretches_.front().gap < scan_.synced) release();
  }

  void release() {
    const Stretch& first = stretches_.front();
    scan_.damaged_bytes += first.begin - first.gap;
    scan_.blocks += first.blocks;
    for (const KeySpend& spend : first.spends) tell(spend);
    scan_.end = first.end;
    stretches_.pop_front();
  }

  void tell(const KeySpend& spend) {
    ++scan_.spends;
    if (tell_) tell_(spend);
  }

  template <class Take>
  void read_block(std::span<const std::byte> block, Take take) const {
    Decoder in(block.subspan(4));
    const uint32_t spends = in.u32();
    in.u64();
    KeySpend spend;
    for (uint32_t left = spends; left > 0; --left) {
      spend.key = in.u64();
      spend.set = in.u32();
      spend.cost = in.u32();
      spend.settled_ms = hour_ * hour_ms + in.u32();
      take(spend);
    }
  }

  File& file_;
  const uint32_t store_id_;
  const SpendHour hour_;
  const SpendsFile::Tell& tell_;
  SpendsScan& scan_;
  ByteBuffer bytes_;
  uint64_t start_ = 0;  // of bytes_, in the file
  uint64_t next_ = 0;   // behind the last whole block
  std::deque<Stretch> stretches_;
};

}  // namespace

SpendHour hour_of(int64_t settled_ms) {
  return static_cast<SpendHour>(std::clamp<int64_t>(settled_ms / hour_ms, 0, last_hour));
}

std::string spends_name(SpendHour hour) {
  char name[32];
  std::snprintf(name, sizeof name, "spends-%08u", hour);
  return name;
}

bool parse_spends_name(std::string_view name, SpendHour* hour) {
  if (name.size() != name_start.size() + name_digits || !name.starts_with(name_start)) return false;
  *hour = 0;
  for (const char digit : name.substr(name_start.size())) {
    if (digit < '0' || digit > '9') return false;
    *hour = *hour * 10 + static_cast<SpendHour>(digit - '0');
  }
  return true;
}

int SpendsFile::scan(File& file, uint32_t store_id, SpendHour hour, const Tell& tell, SpendsScan* scan) {
  return Reading(file, store_id, hour, tell, scan).run();
}

int SpendsFile::adopt(const Tell& tell, SpendsScan* found, bool* sync_failed) {
  if (const int error = files_.open(spends_name(hour_), Files::Mode::open_existing, &file_)) return error;
  if (const int error = scan(*file_, store_id_, hour_, tell, found)) return error;
  if (found->other_version != 0) return ENOTSUP;
  end_ = std::max<uint64_t>(found->end, format::spends_header_bytes);
  return make_sure(*found, sync_failed);
}

// What nothing vouches for may be in the page cache only, where a failed sync leaves it looking clean.
int SpendsFile::make_sure(const SpendsScan& found, bool* sync_failed) {
  vouched_ = found.synced;
  synced_ = found.header_good ? std::min(found.synced, end_) : 0;
  named_ = synced_ != 0;
  if (found.torn()) {
    if (const int error = file_->truncate(found.end)) return error;
  }
  if (!dirty()) return 0;
  ByteBuffer again;
  const uint64_t from = std::max<uint64_t>(synced_, format::spends_header_bytes);
  again.extend(end_ - from);
  size_t read = 0;
  if (const int error = file_->read_at(from, again.span(), &read)) return error;
  again.truncate(read);
  if (const int error = write_header()) return error;
  if (const int error = file_->write_at(from, again.span())) return error;
  const int error = sync();
  *sync_failed = error != 0;
  return error;
}

int SpendsFile::create() {
  if (const int error = files_.open(spends_name(hour_), Files::Mode::open_or_create, &file_)) return error;
  if (const int error = write_header()) return error;
  end_ = format::spends_header_bytes;
  return 0;
}

int SpendsFile::write_header() {
  ByteBuffer header;
  header.u64(format::spends_magic);
  header.u32(format::version);
  header.u32(store_id_);
  header.u32(hour_);
  header.u32(static_cast<uint32_t>(checksum(header.span())));
  assert(header.size() == format::spends_header_bytes);
  return file_->write_at(0, header.span());
}

void SpendsFile::put_block(ByteBuffer& out, std::span<const KeySpend> spends) const {
  const size_t start = out.size();
  out.u32(format::spends_block_magic);
  out.u32(static_cast<uint32_t>(spends.size()));
  out.u64(synced_);
  for (const KeySpend& spend : spends) {
    out.u64(spend.key);
    out.u32(spend.set);
    out.u32(spend.cost);
    out.u32(static_cast<uint32_t>(spend.settled_ms - hour_ * hour_ms));
  }
  out.u32(sum_of(out.span().subspan(start), store_id_, hour_));
}

int SpendsFile::append(std::span<const KeySpend> spends) {
  ByteBuffer blocks;
  while (!spends.empty()) {
    const auto some = spends.first(std::min(spends.size(), format::spends_in_block_max));
    put_block(blocks, some);
    spends = spends.subspan(some.size());
  }
  if (const int error = file_->write_at(end_, blocks.span())) return error;
  end_ += blocks.size();
  vouched_ = synced_;
  return 0;
}

int SpendsFile::sync() {
  if (!dirty()) return 0;
  if (const int error = file_->sync()) return error;
  if (!named_) {
    if (const int error = files_.sync_directory()) return error;
  }
  named_ = true;
  synced_ = end_;
  return 0;
}

void SpendsFile::vouch() {
  if (dirty() || vouched_ == end_) return;
  ByteBuffer block;
  put_block(block, {});
  if (file_->write_at(end_, block.span()) == 0) vouched_ = end_;
}

}  // namespace forebay
