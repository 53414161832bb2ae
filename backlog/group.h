// Group: what the loop has gathered between two flushes, on its way to the disk and back. It belongs to the
// loop thread until flush(), to the commit thread until it is reported, and then to the loop thread again.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "backlog/byte_buffer.h"
#include "backlog/key_file.h"
#include "backlog/spends_file.h"
#include "base/ids.h"

namespace forebay {

// Where something lies: filled in by the commit thread.
struct LogPlace {
  uint32_t slot = 0;  // 0: nowhere
  uint32_t offset = 0;
};

// One message record in Group::messages.
struct Admission {
  Sequence first = 0;
  uint32_t receivers = 1;
  uint32_t offset = 0;  // in the buffer
  uint32_t length = 0;
  LogPlace place;
};

// One copied record in Group::copies, and whose copy it is.
struct Copy {
  std::vector<Sequence> sequences;
  uint32_t from_slot = 0, from_offset = 0;
  uint32_t offset = 0;  // in the buffer
  uint32_t length = 0;
  LogPlace place;
};

struct Group {
  uint64_t batch = 0;
  ByteBuffer messages;
  std::vector<Admission> admissions;
  uint32_t message_count = 0;
  ByteBuffer changes;
  std::vector<uint32_t> change_ends;                   // ends of the records in `changes`, or of runs of small ones
  std::vector<std::pair<uint32_t, uint32_t>> settled;  // slot, how many of its messages `changes` settles
  ByteBuffer copies;
  std::vector<Copy> copied;
  std::vector<KeySpend> key_spends;
  std::vector<KeyRecord> keys;  // of `messages`
  std::vector<KeyEnd> key_ends;
  bool urgent = false;  // somebody waits for its sync
  bool probe = false;   // asks whether the disk takes messages again
  int messages_error = 0;
  int probe_error = 0;
  int changes_error = 0;

  bool empty() const {
    return admissions.empty() && changes.empty() && copied.empty() && key_spends.empty() && key_ends.empty() && !probe;
  }
};

}  // namespace forebay
