#include "backlog/checkpoint.h"

#include "backlog/format.h"
#include "backlog/record.h"
#include "backlog/whole_file.h"

namespace forebay {
namespace {

enum block_form : uint8_t { form_full = 0, form_bitmap = 1, form_list = 2 };
enum change_flag : uint8_t { change_due = 1, change_dead = 2, change_revived = 4 };
constexpr uint32_t list_below = 64;  // so few are cheaper as differences than as 128 bytes
using Bitmap = SequenceSet::Bitmap;

void put_segments(ByteBuffer& out, const Catalog& catalog) {
  uint64_t count = 0;
  for (const SegmentTally& tally : catalog.segments()) count += tally.state != SegmentTally::State::none;
  out.varint(count);
  for (size_t slot = 0; slot < catalog.segments().size(); ++slot) {
    const SegmentTally& tally = catalog.segments()[slot];
    if (tally.state == SegmentTally::State::none) continue;
    out.varint(slot);
    out.varint(tally.number);
    out.varint(tally.generation);
    out.u8(static_cast<uint8_t>(tally.state));
    out.varint(tally.end);
    out.varint(tally.last_frame);
    out.varint(tally.first_sequence);
    out.varint(tally.live);
  }
}

void put_bitmap(ByteBuffer& out, const Bitmap& live) {
  uint32_t count = 0;
  for (const uint64_t word : live) count += static_cast<uint32_t>(std::popcount(word));
  if (count == SequenceSet::sequences_per_block) return out.u8(form_full);
  if (count >= list_below) {
    out.u8(form_bitmap);
    return out.append(std::as_bytes(std::span(live)));
  }
  out.u8(form_list);
  out.varint(count);
  uint32_t last = 0;
  for (uint32_t word = 0; word < live.size(); ++word) {
    for (uint64_t rest = live[word]; rest != 0; rest &= rest - 1) {
      const uint32_t slot = word * 64 + static_cast<uint32_t>(std::countr_zero(rest));
      out.varint(slot - last);
      last = slot;
    }
  }
}

void read_bitmap(Decoder& in, Bitmap* live) {
  switch (in.u8()) {
    case form_full:
      live->fill(~uint64_t{0});
      return;
    case form_bitmap: {
      const auto bits = in.take(sizeof(Bitmap));
      if (in.ok()) std::memcpy(live->data(), bits.data(), sizeof(Bitmap));
      return;
    }
    case form_list: {
      uint64_t slot = 0;
      for (uint64_t left = in.varint_up_to(list_below); left > 0 && in.ok(); --left) {
        slot += in.varint_up_to(SequenceSet::sequences_per_block - 1 - slot);
        (*live)[slot / 64] |= uint64_t{1} << (slot % 64);
      }
      return;
    }
    default:
      in.fail();
  }
}

void put_changes(ByteBuffer& out, const Catalog& catalog) {
  out.varint(catalog.changes().size());
  Sequence last = 0;
  catalog.changes().for_each([&](Sequence sequence, const Change& change) {
    out.varint(sequence - last);
    last = sequence;
    out.u8((change.due_set ? change_due : 0) | (change.dead ? change_dead : 0) | (change.revived ? change_revived : 0));
    out.u8(static_cast<uint8_t>(change.attempts));
    if (change.due_set) out.varint(change.due_ms);
  });
  out.varint(catalog.dead_letters().size());
  catalog.dead_letters().for_each([&](const DeadLetter& letter) { put_dead(out, letter); });
  out.varint(catalog.notes().size());
  for (const auto& [name, value] : catalog.notes()) put_note(out, name, value);
}

void read_segments(Decoder& in, Checkpoint* checkpoint) {
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    CheckpointSegment segment;
    segment.slot = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    segment.tally.number = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    segment.tally.generation = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    segment.tally.state = static_cast<SegmentTally::State>(in.u8());
    segment.tally.end = in.varint();
    segment.tally.last_frame = in.varint();
    segment.tally.first_sequence = in.varint();
    segment.tally.live = in.varint();
    checkpoint->segments.push_back(segment);
  }
}

void read_changes(Decoder& in, Checkpoint* checkpoint) {
  Sequence sequence = 0;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    sequence += in.varint();
    const uint8_t flags = in.u8();
    Change change{.dead = (flags & change_dead) != 0, .attempts = in.u8()};
    if (flags & change_due) change.due_ms = in.varint(), change.due_set = 1;
    // Early checkpoints have no flag for it; but what is due without an attempt spent can only have been revived.
    change.revived = (flags & change_revived) != 0 || (change.due_set && !change.dead && change.attempts == 0);
    checkpoint->changes.insert(sequence, change);
  }
}

void read_letters_and_notes(Decoder& in, Checkpoint* checkpoint) {
  Record record;
  for (const RecordKind kind : {RecordKind::dead, RecordKind::note}) {
    uint64_t left = in.varint();
    RecordReader reader({in.at(), in.left()});
    for (; left > 0 && in.ok(); --left) {
      if (!reader.next(&record) || record.kind != kind) return void(in.fail());
      in.take(reader.length());
      if (kind == RecordKind::note) {
        checkpoint->notes.emplace(record.name, record.value);
      } else {
        checkpoint->dead.put(dead_letter_of(record));
      }
    }
  }
}

}  // namespace

ByteBuffer encode_checkpoint(uint32_t store_id, const CheckpointHead& head, const Catalog& catalog) {
  ByteBuffer out;
  begin_whole(out, {format::checkpoint_magic, store_id});
  out.u64(head.generation);
  out.u8(head.clean);
  out.u64(static_cast<uint64_t>(head.written_ms));
  out.u64(head.next_sequence);
  out.u32(head.position.slot);
  out.u32(head.position.number);
  out.u64(head.position.offset);
  out.u64(head.position.next_frame);
  put_segments(out, catalog);
  out.varint(catalog.places().blocks());
  uint64_t last = 0;
  catalog.places().for_each_bitmap([&](Sequence first, const Bitmap& live) {
    out.varint(first / SequenceSet::sequences_per_block - last);
    last = first / SequenceSet::sequences_per_block;
    put_bitmap(out, live);
  });
  put_changes(out, catalog);
  out.u64(head.kept_end);
  return out;
}

bool decode_checkpoint(std::span<const std::byte> content, Checkpoint* checkpoint) {
  Decoder in(content);
  CheckpointHead& head = checkpoint->head;
  head.generation = in.u64();
  head.clean = in.u8() != 0;
  head.written_ms = static_cast<int64_t>(in.u64());
  head.next_sequence = in.u64();
  head.position.slot = in.u32();
  head.position.number = in.u32();
  head.position.offset = in.u64();
  head.position.next_frame = in.u64();
  read_segments(in, checkpoint);
  uint64_t number = 0;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    number += in.varint();
    read_bitmap(in, &checkpoint->live.bitmap(number * SequenceSet::sequences_per_block));
  }
  read_changes(in, checkpoint);
  read_letters_and_notes(in, checkpoint);
  head.kept_end = in.ok() && in.done() ? head.next_sequence : in.u64();
  return in.ok() && in.done();
}

CheckpointState read_checkpoint(Files& files, int which, uint32_t store_id, Checkpoint* checkpoint, uint32_t* version) {
  ByteBuffer bytes;
  std::span<const std::byte> content;
  uint32_t found_store = 0;
  switch (read_whole(files, format::checkpoint_names[which], format::checkpoint_magic, &bytes, &content, &found_store,
                     version)) {
    case WholeState::missing:
      return CheckpointState::missing;
    case WholeState::damaged:
      return CheckpointState::damaged;
    case WholeState::other_version:
      return CheckpointState::other_version;
    case WholeState::good:
      break;
  }
  if (found_store != store_id || !decode_checkpoint(content, checkpoint)) return CheckpointState::damaged;
  return CheckpointState::good;
}

}  // namespace forebay
