// The journal's format on disk: every constant and every layout, and nothing else. docs/journal.md draws it.
// All integers are little-endian. "varint": seven bits a byte, low bits first. "zigzag": a varint of a signed
// number. "text": varint length, then the bytes. Checksums are XXH3 (64 bits; 32: its low half).
//
// Segment file NNNNNNNN.segment (slot in decimal), of fixed size:
//   0     u64 magic   8 u32 version   12 u32 store id   16 u32 slot   20 u32 number   24 u32 generation
//   28    u32 predecessor   32 u64 size of the file   40 u64 salt   48 u64 checksum of bytes 0 to 47
//   4096  frames, one behind another, each starting at a multiple of 8
//   number: order of the segments in the log, rising, never reused. predecessor: the number before it, so
//   that a segment that vanished is missed even if it was the last in use. generation: how often the slot was
//   used. salt: seed of all checksums in the segment, not to be guessed from outside: bytes of an older
//   generation, or forged inside a body, never pass for a frame.
//
// Frame:
//   0     u32 magic   4 u32 segment number   8 u64 frame number   16 u64 synced through
//   24    u32 bytes of records, bit 30: the first of its commit, bit 31: the last
//   28    u32 checksum of bytes 0 to 27, seeded
//   32    records   then zeroes up to a multiple of 8   then u64 checksum of all before it, seeded
//   frame number: rising by one across the store. synced through: the highest frame known to be synced when
//   this one was written. What a commit writes counts as a whole or not at all: frames from a first one to
//   the next last one belong together; those that another first one comes upon, or the end of the log, never
//   happened.
//
// Records, one behind another; the low four bits of the first byte are the kind:
//   message 1   bit 4: a copy made by compaction; bit 5: several receivers
//               varint sequence, varint accepted (Unix ms), [varint receivers], per receiver:
//                 [copy, not the first: varint sequence minus the one before]  (else: one more)
//                 u8 flags (1 due, 1 + 2 due by wall clock, 2 alone held until due, 4 expires, 8 class, 16 attempts, 32
//                 accepted, 64 key, 128 cost), varint queue, [u8 class], [u8 max attempts], [zigzag accepted minus the
//                 first's], [zigzag due minus accepted], [zigzag expires minus accepted], [u64 key], [varint cost]
//               varint meta bytes, varint body bytes, meta, body, u32 checksum of the record before it
//   settle  2   bits 4 to 7: how; varint runs, per run: varint gap to the end of the one before, varint
//   length - 1 retry   3   varint sequence, varint due (Unix ms), u8 attempts dead    4   varint sequence,
//   varint queue, u8 attempts, varint died (Unix ms), varint bytes, text reason,
//               text excerpt
//   revive  5   varint sequence, varint due (Unix ms)
//   note    6   text name, text value (empty: removed)
//
// Whole files (store, checkpoint-a, checkpoint-b, NNNNNNNN.index):
//   0     u64 magic   8 u32 version   12 u32 store id   16 u64 bytes of content   24 content
//   then u64 checksum of all before it. The content of each is told where it is written:
//   store_file.cc, checkpoint.cc, index_file.cc.
//
// attempts: slots of 16 bytes: u64 sequence (0: empty; all ones, in the first slot: a process is at work), u8 attempt,
// 3 zero bytes, u32 checksum of bytes 0 to 11.
//
// spends-HHHHHHHH (the hour, in decimal: Unix time / 3600 s): spends of keys, appended to.
//   0     u64 magic   8 u32 version   12 u32 store id   16 u32 hour   20 u32 checksum of bytes 0 to 19
//   24    blocks, one behind another, each what one commit wrote, starting at a multiple of 4:
//     u32 magic, u32 spends, u64 synced through, per spend: u64 key, u32 set, u32 cost, u32 ms of the hour;
//     u32 checksum of all before it in the block, seeded with store id and hour
//   synced through: the bytes of this file known to be synced when this was written. A block without spends says that
//   and nothing else.
//
// keys-NNNNNNNN (a number, rising, in decimal): the copies of what was published under Idempotency-Keys, in order of
// sequence, appended to; up to 65,535 records of one length.
//   0     u64 magic   8 u32 version   12 u32 store id   16 u32 number   20 u32 records known to be synced
//   24    u64 checksum of bytes 0 to 23
//   64    records of 48 bytes:
//     0  u64 hash of the key and its scope   8 u64 hash of the content   16 u64 sequence   24 u32 window (10 ms)
//     28 u16 queue   30 u16 copies of this key, this and those behind it (0: one of those; of a key 0: no record)
//     32 u32 records of this file known to be synced when this was written
//     36 u32 checksum of bytes 0 to 35, seeded with store id and number
//     40 u64 when it was settled: Unix ms in the upper 48 bits, in the lower 16 a checksum of those, seeded; 0: not
//     known
//
// Version 3 brought held messages and the files of Idempotency-Keys. Version 2 brought keys and costs of messages
// (receiver flags 64 and 128, the prefix of an index entry) and the files of spends. Version 1 is read as it stands:
// its messages have no key, and a cost of 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace forebay::format {

// Raised whenever an older program would misread what this one writes, which is always the newest. Older ones are read.
constexpr uint32_t version = 3;
constexpr uint32_t oldest_version = 1;
constexpr bool is_readable(uint32_t of) {
  return of >= oldest_version && of <= version;
}

constexpr uint64_t magic_of(const char (&eight)[9]) {
  uint64_t magic = 0;
  for (int i = 7; i >= 0; --i) magic = magic << 8 | static_cast<unsigned char>(eight[i]);
  return magic;
}
constexpr uint64_t segment_magic = magic_of("fb-segmt");
constexpr uint64_t store_magic = magic_of("fb-store");
constexpr uint64_t checkpoint_magic = magic_of("fb-check");
constexpr uint64_t index_magic = magic_of("fb-index");
constexpr uint64_t keys_magic = magic_of("fb-idkey");
constexpr uint64_t spends_magic = magic_of("fb-spend");
constexpr uint32_t frame_magic = 0x6d726662;  // "bfrm"

constexpr size_t segment_header_bytes = 4096;  // frames start here
constexpr size_t segment_header_used = 56;     // within one 512-byte sector: old or new, never a mixture
constexpr size_t frame_header_bytes = 32;
constexpr size_t frame_trailer_bytes = 8;
constexpr size_t frame_alignment = 8;
constexpr size_t frame_records_bytes_max = 1 << 20;  // a record above it has a frame of its own
constexpr uint32_t frame_first_bit = 1u << 30;
constexpr uint32_t frame_last_bit = 1u << 31;
constexpr size_t whole_header_bytes = 24;
constexpr size_t attempt_slot_bytes = 16;
constexpr uint64_t at_work_mark = UINT64_MAX;        // no message's sequence
constexpr uint32_t spends_block_magic = 0x706e7073;  // "spnp"
constexpr size_t spends_header_bytes = 24;
constexpr size_t spends_block_header_bytes = 16;
constexpr size_t spends_block_trailer_bytes = 4;
constexpr size_t spend_bytes = 20;
constexpr size_t spends_alignment = 4;
constexpr size_t spends_in_block_max = 4096;

constexpr size_t keys_header_bytes = 64;
constexpr size_t keys_header_used = 32;
constexpr size_t key_record_bytes = 48;
constexpr size_t key_record_checked = 36;  // bytes under the record's checksum
constexpr size_t key_record_end = 40;      // where its end is written, later and alone
constexpr uint32_t keys_per_file_max = 65'535;
constexpr Duration key_window_unit = Duration::milliseconds(10);

constexpr uint8_t kind_mask = 0x0f;
constexpr uint8_t message_is_copy = 0x10;
constexpr uint8_t message_has_receivers = 0x20;
enum receiver_flag : uint8_t {
  receiver_due = 1,
  receiver_due_by_wall = 2,
  receiver_expires = 4,
  receiver_class = 8,
  receiver_attempts = 16,
  receiver_accepted = 32,
  receiver_key = 64,
  receiver_cost = 128,
};

constexpr std::string_view store_name = "store";
constexpr std::string_view lock_name = "lock";
constexpr std::string_view attempts_name = "attempts";
constexpr std::string_view checkpoint_names[2] = {"checkpoint-a", "checkpoint-b"};

// Bytes of a whole frame around so many bytes of records.
constexpr uint64_t frame_bytes(uint64_t records) {
  return (frame_header_bytes + records + frame_alignment - 1) / frame_alignment * frame_alignment + frame_trailer_bytes;
}

}  // namespace forebay::format
