// MeteredFiles: any Files, with a count of the bytes written through it.
#pragma once

#include <atomic>

#include "backlog/files.h"

namespace forebay {

class MeteredFiles : public Files {
 public:
  explicit MeteredFiles(Files& files) : files_(files) {}
  uint64_t bytes_written() const { return written_.load(std::memory_order_relaxed); }

  int open(std::string_view name, Mode mode, std::unique_ptr<File>* file) override;
  int rename(std::string_view from, std::string_view to) override { return files_.rename(from, to); }
  int remove(std::string_view name) override { return files_.remove(name); }
  int list(std::vector<std::string>* names) override { return files_.list(names); }
  int sync_directory() override { return files_.sync_directory(); }
  int lock(std::string_view name) override { return files_.lock(name); }
  int free_bytes(uint64_t* bytes) override { return files_.free_bytes(bytes); }
  std::string where() const override { return files_.where(); }

 private:
  Files& files_;
  std::atomic<uint64_t> written_{0};
};

}  // namespace forebay
