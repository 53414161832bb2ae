// Small files that are written and read as a whole: a header, the content, a checksum (layout: format.h).
#pragma once

#include <string>
#include <string_view>

#include "backlog/byte_buffer.h"
#include "backlog/files.h"

namespace forebay {

struct WholeFile {
  uint64_t magic = 0;
  uint32_t store_id = 0;
};

// Starts a buffer that will be written by write_whole or replace_whole: content is appended behind.
void begin_whole(ByteBuffer& bytes, const WholeFile& what);

// Writes it in place, unsynced: for files that may be lost or torn at any time.
int write_whole(Files& files, std::string_view name, ByteBuffer& bytes);
// Puts it in the place of what was there, whole or not at all, durable when this returns 0 (temporary file,
// sync, rename, sync of the directory). `sync_failed` tells a failed sync from a failed write.
int replace_whole(Files& files, std::string_view name, ByteBuffer& bytes, bool* sync_failed);

enum class WholeState { good, missing, damaged, other_version };
// Reads all of it; `content` points into `bytes`. Failing reads count as damaged.
WholeState read_whole(Files& files, std::string_view name, uint64_t magic, ByteBuffer* bytes,
                      std::span<const std::byte>* content, uint32_t* store_id, uint32_t* version);

}  // namespace forebay
