// LineFile: a file that whole lines are appended to, and that is begun anew when it has grown. For a thread that may
// block.
//
// append() answers once all of its lines are on disk (fdatasync; of what is no regular file: once they are written).
// What was written of lines that failed is cut off again; where that cannot be done the next line begins after a line
// end, so that no line ever holds the rest of another. A file that was moved away or deleted is made again. While it is
// open it is locked (flock), so that it has one writer. Rotation: before it would grow beyond rotate_bytes, path
// becomes path.1, path.1 path.2 …; what is above `keep` is gone. A line longer than that has a file of its own. Of
// lines that a rotation divides, those before it may be on disk when append() fails.
// `-` is standard output, which is neither rotated, locked nor cut. A wait for somebody to read a pipe ends with an
// error after `patience`, or at interrupt().
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "config/config.h"

namespace forebay {

class LineFile {
 public:
  LineFile();
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  // Empty: durable. Else what went wrong, for people: "cannot write x: No space left on device".
  std::string append(std::string_view lines, const FileSinkConfig& settings, Duration patience);
  // From any thread, once: waits end, now and later.
  void interrupt();

 private:
  std::string ready(const FileSinkConfig& settings);
  size_t fitting_bytes(std::string_view lines, uint64_t rotate_bytes) const;
  std::string append_here(std::string_view lines, Duration patience);
  std::string open_path();
  std::string open_output();
  bool is_elsewhere() const;
  std::string rotate(uint32_t keep);
  bool write_all(std::string_view bytes, Duration patience, int* error);
  bool wait_to_write(Duration patience, int* error);
  void take_back(uint64_t size_before, bool any_written);
  bool ends_in_mid_line() const;
  void close_file();
  std::string cannot(const char* what, int error) const;

  std::string path_;  // of what is open
  int fd_ = -1;
  int interrupted_ = -1;  // eventfd
  bool regular_ = false;
  bool output_ = false;    // standard output: not ours to cut or close
  bool mid_line_ = false;  // the next line begins after a line end
  uint64_t size_ = 0;      // of a regular file
};

}  // namespace forebay
