#include "backlog/metered_files.h"

namespace forebay {
namespace {

class MeteredFile : public File {
 public:
  MeteredFile(std::unique_ptr<File> file, std::atomic<uint64_t>& written) : file_(std::move(file)), written_(written) {}
  int write_at(uint64_t offset, std::span<const std::byte> bytes) override {
    written_.fetch_add(bytes.size(), std::memory_order_relaxed);
    return file_->write_at(offset, bytes);
  }
  int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read_bytes) override {
    return file_->read_at(offset, bytes, read_bytes);
  }
  int sync() override { return file_->sync(); }
  int allocate(uint64_t bytes) override { return file_->allocate(bytes); }
  int truncate(uint64_t bytes) override { return file_->truncate(bytes); }
  int size(uint64_t* bytes) override { return file_->size(bytes); }

 private:
  std::unique_ptr<File> file_;
  std::atomic<uint64_t>& written_;
};

}  // namespace

int MeteredFiles::open(std::string_view name, Mode mode, std::unique_ptr<File>* file) {
  std::unique_ptr<File> inner;
  if (const int error = files_.open(name, mode, &inner)) return error;
  *file = std::make_unique<MeteredFile>(std::move(inner), written_);
  return 0;
}

}  // namespace forebay
