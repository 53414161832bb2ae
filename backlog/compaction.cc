#include "backlog/compaction.h"

#include <algorithm>
#include <cassert>

#include "backlog/format.h"
#include "backlog/segment.h"

namespace forebay {
namespace {

// Dead bytes below this many segments are not worth the copying: they go by themselves as the queue drains.
constexpr uint64_t slack_segments = 4;
constexpr uint32_t turns_between_looks = 64;
constexpr Duration pause_after_failure = Duration::seconds(1);

}  // namespace

Compaction::Compaction(Files& files, TaskLine& helper, Inbox& inbox, Catalog& catalog)
    : files_(files), helper_(helper), inbox_(inbox), catalog_(catalog) {}

void Compaction::choose(Instant now, bool space_short) {
  if (state_ != State::idle || now < choose_from_) return;
  if (turns_to_look_ > 0 && !space_short) return void(--turns_to_look_);
  turns_to_look_ = turns_between_looks;
  uint64_t used = 0, longest = 0;
  uint32_t best = 0;
  double best_share = space_short ? 0.9 : 0.5;
  bool found = false;
  for (uint32_t slot = 0; slot < catalog_.segments().size(); ++slot) {
    const SegmentTally& tally = catalog_.segments()[slot];
    if (tally.state != SegmentTally::State::sealed || tally.live == 0) continue;
    used += tally.end;
    longest = std::max(longest, tally.end);
    const double share = static_cast<double>(tally.live_bytes) / static_cast<double>(tally.end);
    if (share >= best_share || unfit_.contains(tally.number)) continue;
    best_share = share;
    best = slot;
    found = true;
  }
  if (!found || (!space_short && used <= 2 * catalog_.live_bytes() + slack_segments * longest)) return;
  SegmentTally& tally = catalog_.segment(best);
  ++tally.pins;
  slot_ = best;
  state_ = State::reading;
  auto load = std::make_shared<Load>();
  load->header.slot = best;
  load->end = tally.end;
  helper_.post([this, load] {
    read(files_, load.get());
    inbox_.post([this, load] { loaded(load); });
  });
}

void Compaction::read(Files& files, Load* load) {
  std::unique_ptr<File> file;
  HeaderState state = HeaderState::damaged;
  uint32_t version = 0;
  if (files.open(segment_name(load->header.slot), Files::Mode::open_existing, &file) != 0 ||
      read_segment_header(*file, &load->header, &state, &version) != 0 || state != HeaderState::good ||
      read_segment(*file, load->end, &load->bytes) != 0) {
    return;
  }
  Record record;
  const auto gather = [&](const FoundFrame& frame) {
    RecordReader reader(frame.view.records);
    const uint32_t start = frame.offset + format::frame_header_bytes;
    while (reader.next(&record)) {
      if (record.kind == RecordKind::message) load->records.emplace_back(start + reader.offset(), reader.length());
    }
  };
  const ScanResult scan =
      scan_segment(load->bytes.span(), load->header, format::segment_header_bytes, load->end, 0, gather, nullptr);
  load->whole = scan.end == load->end;
}

void Compaction::loaded(std::shared_ptr<Load> load) {
  load_ = std::move(load);
  next_record_ = 0;
  state_ = State::copying;
  if (!load_->whole || load_->header.number != catalog_.segment(slot_).number) leave(true);
}

void Compaction::leave(bool unfit) {
  SegmentTally& tally = catalog_.segment(slot_);
  --tally.pins;
  if (unfit) unfit_.insert(tally.number);
  if (tally.live == 0) emptied_bytes_ += tally.end;
  load_.reset();
  state_ = State::idle;
  turns_to_look_ = 0;
}

bool Compaction::copy_some(Group& group, Instant now, bool space_short) {
  if (state_ != State::copying) return false;
  const int64_t elapsed = std::min((now - refilled_).ns, int64_t{1'000'000'000});
  refilled_ = now;
  allowance_ = std::min<int64_t>(allowance_ + bytes_per_second * (elapsed / 1000) / 1'000'000, 4 * portion_bytes);
  if (allowance_ <= 0 && !space_short) return false;
  uint64_t copied = 0;
  while (next_record_ < load_->records.size() && copied < portion_bytes) {
    const auto [offset, length] = load_->records[next_record_++];
    copied += copy_record(group, offset, length);
  }
  allowance_ -= static_cast<int64_t>(copied);
  if (copied == 0) return leave(false), false;  // all of it lives elsewhere, or not at all
  state_ = State::committing;
  return true;
}

uint64_t Compaction::copy_record(Group& group, uint32_t offset, uint32_t length) {
  RecordReader reader(load_->bytes.span().subspan(offset, length));
  const bool read = reader.next(&record_);
  assert(read && record_.kind == RecordKind::message);
  if (!read) return 0;
  std::erase_if(record_.receivers, [&](const MessageFacts& facts) {
    const Place* place = catalog_.place(facts.sequence);
    return !place || place->slot != slot_ || place->offset != offset;
  });
  if (record_.receivers.empty()) return 0;
  Copy copy{.from_slot = slot_, .from_offset = offset, .offset = static_cast<uint32_t>(group.copies.size())};
  for (const MessageFacts& facts : record_.receivers) copy.sequences.push_back(facts.sequence);
  put_message(group.copies, true, record_.receivers, record_.meta, record_.body);
  copy.length = static_cast<uint32_t>(group.copies.size()) - copy.offset;
  group.copied.push_back(std::move(copy));
  return group.copied.back().length;
}

void Compaction::committed(const Group& group) {
  if (group.copied.empty()) return;
  assert(state_ == State::committing);
  bool failed = false;
  for (const Copy& copy : group.copied) {
    failed = failed || copy.place.slot == 0;
    if (copy.place.slot == 0) continue;
    bool shared = false;
    for (const Sequence sequence : copy.sequences) {
      const Place to = make_place(copy.place.slot, copy.place.offset, copy.length, shared);
      shared = catalog_.relocate(sequence, copy.from_slot, copy.from_offset, to) || shared;
    }
  }
  state_ = State::copying;
  if (!failed) return;
  leave(false);
  choose_from_ = refilled_ + pause_after_failure;
}

}  // namespace forebay
