// MeteredFiles: any Files, with a count of the bytes written through it, and of what the disk makes of them: a page of
// 4 KiB counts once, however often it is written to between two syncs of its file, and again after each. (What is never
// synced counts once; the kernel writes it every half minute or so.)
#pragma once

#include <atomic>

#include "backlog/files.h"

namespace forebay {

class MeteredFiles : public Files {
 public:
  explicit MeteredFiles(Files& files) : files_(files) {}
  static constexpr uint64_t page_bytes = 4096;
  struct Meter {
    std::atomic<uint64_t> bytes{0}, pages{0};
  };
  uint64_t bytes_written() const { return meter_.bytes.load(std::memory_order_relaxed); }
  uint64_t page_bytes_written() const { return meter_.pages.load(std::memory_order_relaxed) * page_bytes; }

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
  Meter meter_;
};

}  // namespace forebay
