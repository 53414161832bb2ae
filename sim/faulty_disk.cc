#include "sim/faulty_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/faulty_disk_state.h"

namespace forebay {

FaultyDisk::State::Verdict FaultyDisk::State::begin(std::unique_lock<std::mutex>& lock, DiskCall call,
                                                    std::string_view name, uint64_t offset, uint64_t bytes) {
  uint64_t number = operations.size() + 1;
  operations.push_back({number, call, std::string(name), offset, bytes, 0, ""});
  Verdict verdict{number, 0, Fault::Kind::fail};
  bool syncs = call == DiskCall::sync || call == DiskCall::sync_directory;
  if (read_only && !syncs) verdict.error = EROFS;
  auto fault =
      std::find_if(faults.begin(), faults.end(), [&](const Fault& planned) { return planned.covers(number, call); });
  if (fault == faults.end()) return verdict;
  fault_happened = true;
  operations.back().fault = describe(*fault);
  verdict.kind = fault->kind;
  if (fault->kind == Fault::Kind::cut) {
    power_off = true;
    verdict.error = EIO;
  } else if (fault->kind == Fault::Kind::stop) {
    end_process();
    stopped = true;
    verdict.error = EIO;
  } else if (fault->kind != Fault::Kind::delay) {
    verdict.error = fault->error;
  } else if (delay_hook) {
    uint64_t of_epoch = epoch;
    auto hook = delay_hook;
    lock.unlock();
    hook(number);
    lock.lock();
    if (alive(of_epoch) != 0) verdict.error = EIO;
  }
  return verdict;
}

void FaultyDisk::State::end(const Verdict& verdict, int error) {
  operations[verdict.operation - 1].error = error;
}

bool FaultyDisk::State::space_for(uint64_t more_bytes) const {
  if (more_bytes == 0 || capacity == std::numeric_limits<uint64_t>::max()) return true;
  uint64_t used = medium.used_bytes();
  return used <= capacity && more_bytes <= capacity - used;
}

FaultyDisk::FaultyDisk(uint64_t seed) : state_(std::make_shared<State>(seed)) {}

FaultyDisk::FaultyDisk(const Medium& medium, uint64_t seed) : FaultyDisk(seed) {
  state_->medium = Medium(medium);
}

FaultyDisk::~FaultyDisk() = default;

void FaultyDisk::plan(Fault fault) {
  std::lock_guard lock(state_->mutex);
  state_->faults.push_back(fault);
  state_->fault_happened = false;
}

void FaultyDisk::lift() {
  std::lock_guard lock(state_->mutex);
  state_->faults.clear();
}

void FaultyDisk::on_delay(std::function<void(uint64_t)> hook) {
  std::lock_guard lock(state_->mutex);
  state_->delay_hook = std::move(hook);
}

void FaultyDisk::set_capacity(uint64_t bytes) {
  std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}

void FaultyDisk::set_read_only(bool read_only) {
  std::lock_guard lock(state_->mutex);
  state_->read_only = read_only;
}

void FaultyDisk::set_ignore_syncs(bool ignore) {
  std::lock_guard lock(state_->mutex);
  state_->ignore_syncs = ignore;
}

bool FaultyDisk::corrupt(std::string_view name, uint64_t offset, uint8_t mask) {
  std::lock_guard lock(state_->mutex);
  auto file = state_->medium.find(name);
  if (!file || offset >= file->size()) return false;
  file->flip(offset, std::byte{mask});
  return true;
}

void FaultyDisk::kill() {
  std::lock_guard lock(state_->mutex);
  state_->end_process();
  state_->stopped = false;
}

void FaultyDisk::cut() {
  std::lock_guard lock(state_->mutex);
  state_->power_off = true;
}

bool FaultyDisk::is_cut() const {
  std::lock_guard lock(state_->mutex);
  return state_->power_off;
}

bool FaultyDisk::is_stopped() const {
  std::lock_guard lock(state_->mutex);
  return state_->stopped;
}

void FaultyDisk::reopen(Forget forget) {
  kill();
  std::lock_guard lock(state_->mutex);
  state_->medium.power_cut(forget, state_->random);
  state_->power_off = false;
  state_->faults.clear();
}

uint64_t FaultyDisk::operations() const {
  std::lock_guard lock(state_->mutex);
  return state_->operations.size();
}

bool FaultyDisk::fault_happened() const {
  std::lock_guard lock(state_->mutex);
  return state_->fault_happened;
}

std::vector<DiskOperation> FaultyDisk::history() const {
  std::lock_guard lock(state_->mutex);
  return {state_->operations.begin(), state_->operations.end()};
}

Medium FaultyDisk::medium() const {
  std::lock_guard lock(state_->mutex);
  return Medium(state_->medium);
}

std::string FaultyDisk::log(uint64_t around, uint64_t context) const {
  std::lock_guard lock(state_->mutex);
  std::string lines;
  for (const DiskOperation& operation : state_->operations) {
    if (operation.number + context < around || operation.number > around + context) continue;
    lines += fmt::format("{}{:5} {:14} {} @{} +{}{}{}\n", operation.number == around ? '>' : ' ', operation.number,
                         name_of(operation.call), operation.name, operation.offset, operation.bytes,
                         operation.error == 0 ? "" : fmt::format(": {}", ::strerror(operation.error)),
                         operation.fault.empty() ? "" : "  <- " + operation.fault);
  }
  return lines;
}

}  // namespace forebay
