#include "backlog/metered_files.h"

#include <mutex>
#include <vector>

namespace forebay {
namespace {

class MeteredFile : public File {
 public:
  MeteredFile(std::unique_ptr<File> file, MeteredFiles::Meter& meter) : file_(std::move(file)), meter_(meter) {}
  int write_at(uint64_t offset, std::span<const std::byte> bytes) override {
    meter_.bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
    count_pages(offset, bytes.size());
    return file_->write_at(offset, bytes);
  }
  int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read_bytes) override {
    return file_->read_at(offset, bytes, read_bytes);
  }
  // Forgotten first: what another thread writes meanwhile is for the next sync.
  int sync() override {
    {
      const std::lock_guard lock(mutex_);
      dirty_.clear();
    }
    return file_->sync();
  }
  int allocate(uint64_t bytes) override { return file_->allocate(bytes); }
  int truncate(uint64_t bytes) override { return file_->truncate(bytes); }
  int size(uint64_t* bytes) override { return file_->size(bytes); }

 private:
  void count_pages(uint64_t offset, size_t bytes) {
    if (bytes == 0) return;
    const size_t first = offset / MeteredFiles::page_bytes;
    const size_t end = (offset + bytes - 1) / MeteredFiles::page_bytes + 1;
    const std::lock_guard lock(mutex_);
    if (dirty_.size() < end) dirty_.resize(end);
    uint64_t fresh = 0;
    for (size_t page = first; page < end; ++page) {
      fresh += !dirty_[page];
      dirty_[page] = true;
    }
    meter_.pages.fetch_add(fresh, std::memory_order_relaxed);
  }

  std::unique_ptr<File> file_;
  MeteredFiles::Meter& meter_;
  std::mutex mutex_;
  std::vector<bool> dirty_;  // by page, since the last sync
};

}  // namespace

int MeteredFiles::open(std::string_view name, Mode mode, std::unique_ptr<File>* file) {
  std::unique_ptr<File> inner;
  if (const int error = files_.open(name, mode, &inner)) return error;
  *file = std::make_unique<MeteredFile>(std::move(inner), meter_);
  return 0;
}

}  // namespace forebay
