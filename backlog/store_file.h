// The store file: who this store is, and which number each queue name has. Small, rewritten as a whole.
// Content: 16 bytes id key, varint queues, per queue: varint number, text name.
#pragma once

#include <array>
#include <map>
#include <string>

#include "backlog/files.h"
#include "base/ids.h"

namespace forebay {

struct StoreFile {
  uint32_t version = 0;  // of the format it was read in; it is written in the newest
  uint32_t store_id = 0;
  std::array<uint8_t, 16> id_key{};
  std::map<std::string, QueueId, std::less<>> queues;
};

enum class StoreState { good, missing, refused };
// refused: `error` says why, in words for a person (damaged, or another version by name).
StoreState read_store(Files& files, StoreFile* store, std::string* error);
// Durable when 0. `sync_failed` tells a failed sync from a failed write.
int write_store(Files& files, const StoreFile& store, bool* sync_failed = nullptr);

// "format version 3 (this program reads versions 1 to 2)"
std::string version_words(uint32_t version);

}  // namespace forebay
