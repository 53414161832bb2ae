// The File and Files objects of a FaultyDisk.
#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/faulty_disk.h"
#include "sim/faulty_disk_state.h"

namespace forebay {

class FaultyDisk::Handle : public File {
 public:
  Handle(std::shared_ptr<State> state, std::string name, Medium::FileRef file)
      : state_(std::move(state)), name_(std::move(name)), file_(std::move(file)), epoch_(state_->epoch) {}

  int write_at(uint64_t offset, std::span<const std::byte> bytes) override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    auto verdict = state_->begin(lock, DiskCall::write, name_, offset, bytes.size());
    uint64_t end = offset + bytes.size();
    uint64_t growth = end > file_->size() ? end - file_->size() : 0;
    if (verdict.error == 0 && !state_->space_for(growth)) verdict = {verdict.operation, ENOSPC};
    if (verdict.error == 0) {
      file_->write(verdict.operation, offset, bytes);
    } else {
      write_part(verdict, offset, bytes);
    }
    state_->end(verdict, verdict.error);
    return verdict.error;
  }

  int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read_bytes) override {
    std::unique_lock lock(state_->mutex);
    *read_bytes = 0;
    if (int error = state_->alive(epoch_)) return error;
    *read_bytes = file_->read(offset, bytes);
    return 0;
  }

  int sync() override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    auto verdict = state_->begin(lock, DiskCall::sync, name_, 0, 0);
    if (verdict.error == 0 && !state_->ignore_syncs) file_->sync();
    if (verdict.error != 0 && verdict.kind == Fault::Kind::lose_sync) file_->fail_sync();
    state_->end(verdict, verdict.error);
    return verdict.error;
  }

  int allocate(uint64_t bytes) override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    auto verdict = state_->begin(lock, DiskCall::allocate, name_, 0, bytes);
    uint64_t growth = bytes > file_->size() ? bytes - file_->size() : 0;
    if (verdict.error == 0 && !state_->space_for(growth)) verdict.error = ENOSPC;
    if (verdict.error == 0 && growth != 0) file_->resize(verdict.operation, bytes);
    state_->end(verdict, verdict.error);
    return verdict.error;
  }

  int truncate(uint64_t bytes) override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    auto verdict = state_->begin(lock, DiskCall::truncate, name_, 0, bytes);
    if (verdict.error == 0) file_->resize(verdict.operation, bytes);
    state_->end(verdict, verdict.error);
    return verdict.error;
  }

  int size(uint64_t* bytes) override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    *bytes = file_->size();
    return 0;
  }

 private:
  // What a failing write leaves behind: nothing, its first sectors, or some of them; never all.
  void write_part(const State::Verdict& verdict, uint64_t offset, std::span<const std::byte> bytes) {
    bool torn = verdict.kind == Fault::Kind::torn_write;
    if (bytes.empty() || (!torn && verdict.kind != Fault::Kind::short_write)) return;
    uint64_t sectors = (offset + bytes.size() + kSectorBytes - 1) / kSectorBytes - offset / kSectorBytes;
    uint64_t missing = state_->random() % sectors;  // the first one missing, or (torn) one that surely is
    for (uint64_t sector = 0; !bytes.empty(); ++sector) {
      uint64_t length = std::min<uint64_t>(bytes.size(), kSectorBytes - offset % kSectorBytes);
      bool kept = torn ? sector != missing && state_->random() % 2 == 0 : sector < missing;
      if (kept) file_->write(verdict.operation, offset, bytes.first(length));
      bytes = bytes.subspan(length);
      offset += length;
    }
  }

  std::shared_ptr<State> state_;
  std::string name_;  // as it was opened, for the log
  Medium::FileRef file_;
  uint64_t epoch_;
};

class FaultyDisk::Directory : public Files {
 public:
  explicit Directory(std::shared_ptr<State> state) : state_(std::move(state)), epoch_(state_->epoch) {}
  ~Directory() override {
    std::unique_lock lock(state_->mutex);
    std::erase_if(state_->locks, [this](const auto& held) { return held.second == this; });
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  int open(std::string_view name, Mode mode, std::unique_ptr<File>* file) override {
    std::unique_lock lock(state_->mutex);
    return open_locked(lock, name, mode, file);
  }

  int rename(std::string_view from, std::string_view to) override {
    return change(DiskCall::rename, from, [&] { state_->medium.rename(from, to); });
  }

  int remove(std::string_view name) override {
    return change(DiskCall::remove, name, [&] { state_->medium.remove(name); });
  }

  int list(std::vector<std::string>* names) override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    names->clear();
    for (const auto& [name, file] : state_->medium.names()) names->push_back(name);
    // A real directory has no order; nobody may count on this one's.
    std::shuffle(names->begin(), names->end(), state_->random);
    return 0;
  }

  int sync_directory() override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    auto verdict = state_->begin(lock, DiskCall::sync_directory, ".", 0, 0);
    if (verdict.error == 0 && !state_->ignore_syncs) state_->medium.sync_names();
    state_->end(verdict, verdict.error);
    return verdict.error;
  }

  int lock(std::string_view name) override {
    std::unique_lock guard(state_->mutex);
    std::unique_ptr<File> file;
    if (int error = open_locked(guard, name, Mode::open_or_create, &file)) return error;
    for (const auto& [held, holder] : state_->locks) {
      if (held == name) return EWOULDBLOCK;
    }
    state_->locks.emplace_back(name, this);
    return 0;
  }

  int free_bytes(uint64_t* bytes) override {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    uint64_t used = state_->medium.used_bytes();
    constexpr uint64_t kRoomy = 1ull << 40;
    uint64_t capacity = std::min(state_->capacity, kRoomy);
    *bytes = capacity > used ? capacity - used : 0;
    return 0;
  }

  std::string where() const override { return "(simulated disk)"; }

 private:
  int open_locked(std::unique_lock<std::mutex>& lock, std::string_view name, Mode mode, std::unique_ptr<File>* file) {
    assert(!name.empty() && name.find('/') == std::string_view::npos);
    if (int error = state_->alive(epoch_)) return error;
    Medium::FileRef found = state_->medium.find(name);
    if (found && mode == Mode::create_new) return EEXIST;
    if (!found && mode == Mode::open_existing) return ENOENT;
    if (!found) {
      auto verdict = state_->begin(lock, DiskCall::create, name, 0, 0);
      if (verdict.error == 0) found = state_->medium.find(name);  // somebody else's, made during a delay
      if (verdict.error == 0 && !found) found = state_->medium.create(name);
      state_->end(verdict, verdict.error);
      if (verdict.error != 0) return verdict.error;
    }
    *file = std::make_unique<Handle>(state_, std::string(name), std::move(found));
    return 0;
  }

  template <typename Change>
  int change(DiskCall call, std::string_view name, Change apply) {
    std::unique_lock lock(state_->mutex);
    if (int error = state_->alive(epoch_)) return error;
    if (!state_->medium.find(name)) return ENOENT;
    auto verdict = state_->begin(lock, call, name, 0, 0);
    if (verdict.error == 0 && !state_->medium.find(name)) verdict.error = ENOENT;  // gone during a delay
    if (verdict.error == 0) apply();
    state_->end(verdict, verdict.error);
    return verdict.error;
  }

  std::shared_ptr<State> state_;
  uint64_t epoch_;
};

std::unique_ptr<Files> FaultyDisk::files() {
  std::lock_guard lock(state_->mutex);
  return std::make_unique<Directory>(state_);
}

}  // namespace forebay
