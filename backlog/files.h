// Files: the disk, as far as the journal needs it. A real directory (posix_files) or a faulty one (sim/).
//
// Names are plain file names inside one directory; there are no subdirectories.
// Promise of the medium, which the faulty one keeps to the letter and no further:
//   - bytes written are read back at once by this process; they survive a power cut only after sync() of that
//     file returned ok. Without it any subset of the 512-byte sectors written may be there.
//   - a file's name (created, renamed, removed) survives a power cut only after sync_directory() returned ok.
//   - a sync that failed leaves everything since the last good sync unknown; a later ok proves nothing about it.
// Errors: every call returns an errno value, 0 for success; nothing throws. Short reads and writes do not leave
// this seam: read_at fills the span or returns EIO (past the end: the count read is given), write_at writes all
// or returns an error with the range in an unknown state.
// Threads: calls on different File objects may run at once; calls on one File too, if their ranges do not meet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

class File {
 public:
  virtual ~File() = default;  // closes, syncs nothing
  virtual int write_at(uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read_bytes) = 0;
  virtual int sync() = 0;                    // fdatasync: data and the size needed to read it
  virtual int allocate(uint64_t bytes) = 0;  // reserves blocks and extends to `bytes`; new bytes read as zero
  virtual int truncate(uint64_t bytes) = 0;
  virtual int size(uint64_t* bytes) = 0;
};

class Files {
 public:
  enum class Mode { open_existing, create_new, open_or_create };
  virtual ~Files() = default;
  virtual int open(std::string_view name, Mode mode, std::unique_ptr<File>* file) = 0;
  virtual int rename(std::string_view from, std::string_view to) = 0;  // replaces `to`
  virtual int remove(std::string_view name) = 0;
  virtual int list(std::vector<std::string>* names) = 0;
  virtual int sync_directory() = 0;
  // Exclusive for this process until the object dies. EWOULDBLOCK: another process has it.
  virtual int lock(std::string_view name) = 0;
  virtual int free_bytes(uint64_t* bytes) = 0;
  virtual std::string where() const = 0;  // for messages to people
};

}  // namespace forebay
