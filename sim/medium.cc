#include "sim/medium.h"

#include <cassert>
#include <set>

namespace forebay {

Medium::Medium(const Medium& other) {
  std::map<const DiskFile*, FileRef> copies;
  auto copy = [&](const FileRef& file) {
    FileRef& made = copies[file.get()];
    if (!made) made = std::make_shared<DiskFile>(*file);
    return made;
  };
  for (const auto& [name, file] : other.names_) names_[name] = copy(file);
  for (const auto& [name, file] : other.durable_names_) durable_names_[name] = copy(file);
  for (const NameChange& change : other.changes_) changes_.push_back({copy(change.file), change.from, change.to});
}

Medium::FileRef Medium::find(std::string_view name) const {
  auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

Medium::FileRef Medium::create(std::string_view name) {
  assert(!find(name));
  auto file = std::make_shared<DiskFile>();
  changes_.push_back({file, "", std::string(name)});
  apply(changes_.back(), names_);
  return file;
}

void Medium::rename(std::string_view from, std::string_view to) {
  assert(find(from));
  changes_.push_back({find(from), std::string(from), std::string(to)});
  apply(changes_.back(), names_);
}

void Medium::remove(std::string_view name) {
  assert(find(name));
  changes_.push_back({find(name), std::string(name), ""});
  apply(changes_.back(), names_);
}

void Medium::sync_names() {
  durable_names_ = names_;
  changes_.clear();
}

uint64_t Medium::used_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [name, file] : names_) bytes += file->size();
  return bytes;
}

// A change whose file is not where it was found (an earlier change was forgotten) comes to nothing.
void Medium::apply(const NameChange& change, Names& names) {
  if (!change.from.empty()) {
    auto from = names.find(change.from);
    if (from == names.end() || from->second != change.file) return;
    names.erase(from);
  }
  if (!change.to.empty()) names[change.to] = change.file;
}

std::vector<Medium::FileRef> Medium::all_files() const {
  std::vector<FileRef> files;
  std::set<const DiskFile*> seen;
  auto add = [&](const FileRef& file) {
    if (seen.insert(file.get()).second) files.push_back(file);
  };
  for (const auto& [name, file] : names_) add(file);
  for (const auto& [name, file] : durable_names_) add(file);
  for (const NameChange& change : changes_) add(change.file);
  return files;
}

void Medium::power_cut(Forget forget, std::mt19937_64& random) {
  std::vector<FileRef> files = all_files();
  std::vector<uint64_t> unsynced;
  for (const FileRef& file : files) file->add_unsynced_operations(&unsynced);
  uint64_t tail_begins = unsynced.empty() ? 0 : unsynced[random() % unsynced.size()];
  for (const FileRef& file : files) file->power_cut(forget, tail_begins, random);
  if (forget == Forget::random) {
    for (const NameChange& change : changes_) {
      if (random() % 2 == 0) apply(change, durable_names_);
    }
  }
  names_ = durable_names_;
  changes_.clear();
}

}  // namespace forebay
