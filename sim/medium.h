// Medium: what a simulated disk holds, names and files, and what of it outlives a power cut.
//
// Names are as volatile as bytes: a creation, rename or removal survives a cut when sync_names() came after it,
// else it may or may not have happened, each on its own. A rename happens whole or not at all.
// A Medium is a value: a copy shares nothing with its original.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk_file.h"

namespace forebay {

class Medium {
 public:
  using FileRef = std::shared_ptr<DiskFile>;
  using Names = std::map<std::string, FileRef, std::less<>>;

  Medium() = default;
  Medium(const Medium& other);
  Medium& operator=(const Medium&) = delete;
  Medium(Medium&&) = default;
  Medium& operator=(Medium&&) = default;

  FileRef find(std::string_view name) const;  // nullptr: no such name
  FileRef create(std::string_view name);
  void rename(std::string_view from, std::string_view to);
  void remove(std::string_view name);
  void sync_names();
  const Names& names() const { return names_; }
  uint64_t used_bytes() const;

  // The power goes and comes back. With Forget::all and ::tail, names forget everything unsynced; with
  // Forget::random each unsynced change of a name is kept or not.
  void power_cut(Forget forget, std::mt19937_64& random);

 private:
  struct NameChange {
    FileRef file;
    std::string from;  // empty: a creation
    std::string to;    // empty: a removal
  };

  static void apply(const NameChange& change, Names& names);
  std::vector<FileRef> all_files() const;

  Names names_;
  Names durable_names_;
  std::vector<NameChange> changes_;  // since the names were synced, in order
};

}  // namespace forebay
