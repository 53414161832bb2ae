// MemoryFiles: a directory in memory of at most a few MiB, for fuzzing what reads one. It keeps no promise about power.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/files.h"

namespace forebay::fuzz {

class MemoryFiles : public Files {
 public:
  using Bytes = std::vector<std::byte>;
  static constexpr uint64_t file_bytes_max = 1 << 22;

  void put(std::string_view name, std::span<const std::byte> bytes) {
    files_[std::string(name)] = std::make_shared<Bytes>(bytes.begin(), bytes.end());
  }

  int open(std::string_view name, Mode mode, std::unique_ptr<File>* file) override {
    const bool there = files_.contains(std::string(name));
    if (!there && mode == Mode::open_existing) return ENOENT;
    if (there && mode == Mode::create_new) return EEXIST;
    auto& bytes = files_[std::string(name)];
    if (!bytes) bytes = std::make_shared<Bytes>();
    *file = std::make_unique<Open>(bytes);
    return 0;
  }
  int rename(std::string_view from, std::string_view to) override {
    auto moved = files_.extract(std::string(from));
    if (moved.empty()) return ENOENT;
    files_[std::string(to)] = std::move(moved.mapped());
    return 0;
  }
  int remove(std::string_view name) override { return files_.erase(std::string(name)) > 0 ? 0 : ENOENT; }
  int list(std::vector<std::string>* names) override {
    for (const auto& [name, bytes] : files_) names->push_back(name);
    return 0;
  }
  int sync_directory() override { return 0; }
  int lock(std::string_view) override { return 0; }
  int free_bytes(uint64_t* bytes) override { return *bytes = 1 << 30, 0; }
  std::string where() const override { return "memory"; }

 private:
  class Open : public File {
   public:
    explicit Open(std::shared_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}
    int write_at(uint64_t offset, std::span<const std::byte> from) override {
      if (const int error = allocate(offset + from.size())) return error;
      std::copy(from.begin(), from.end(), bytes_->begin() + static_cast<ptrdiff_t>(offset));
      return 0;
    }
    int read_at(uint64_t offset, std::span<std::byte> into, size_t* read) override {
      *read = offset < bytes_->size() ? std::min<size_t>(into.size(), bytes_->size() - offset) : 0;
      if (*read > 0) std::memcpy(into.data(), bytes_->data() + offset, *read);
      return 0;
    }
    int sync() override { return 0; }
    int allocate(uint64_t bytes) override { return bytes > bytes_->size() ? truncate(bytes) : 0; }
    int truncate(uint64_t bytes) override {
      if (bytes > file_bytes_max) return ENOSPC;
      bytes_->resize(bytes);
      return 0;
    }
    int size(uint64_t* bytes) override { return *bytes = bytes_->size(), 0; }

   private:
    std::shared_ptr<Bytes> bytes_;
  };

  std::map<std::string, std::shared_ptr<Bytes>> files_;
};

}  // namespace forebay::fuzz
