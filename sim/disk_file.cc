#include "sim/disk_file.h"

#include <algorithm>
#include <map>

namespace forebay {

void DiskFile::write(uint64_t operation, uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  uint64_t end = offset + bytes.size();
  if (end > current_.size()) {
    current_.resize(end);
    sizes_.push_back({operation, end, false});
  }
  std::copy(bytes.begin(), bytes.end(), current_.begin() + static_cast<ptrdiff_t>(offset));
  remember_sectors(operation, offset / kSectorBytes, (end - 1) / kSectorBytes);
}

void DiskFile::resize(uint64_t operation, uint64_t bytes) {
  uint64_t before = current_.size();
  if (bytes == before) return;
  current_.resize(bytes);
  sizes_.push_back({operation, bytes, false});
  // What was cut off reads as zero should the file grow again, on the medium as well.
  if (bytes < before) remember_sectors(operation, bytes / kSectorBytes, (before - 1) / kSectorBytes);
}

size_t DiskFile::read(uint64_t offset, std::span<std::byte> bytes) const {
  if (offset >= current_.size()) return 0;
  size_t count = std::min<uint64_t>(bytes.size(), current_.size() - offset);
  std::copy_n(current_.begin() + static_cast<ptrdiff_t>(offset), count, bytes.begin());
  return count;
}

void DiskFile::remember_sectors(uint64_t operation, uint64_t first, uint64_t last) {
  for (uint64_t sector = first; sector <= last; ++sector) {
    SectorVersion version{operation, sector, false, {}};
    read(sector * kSectorBytes, version.bytes);
    sectors_.push_back(version);
  }
}

void DiskFile::put(Bytes& bytes, const SectorVersion& version) {
  uint64_t at = version.sector * kSectorBytes;
  if (bytes.size() < at + kSectorBytes) bytes.resize(at + kSectorBytes);
  std::copy(version.bytes.begin(), version.bytes.end(), bytes.begin() + static_cast<ptrdiff_t>(at));
}

void DiskFile::sync() {
  uint64_t bytes = durable_.size();
  for (const SizeVersion& version : sizes_) {
    if (!version.dropped) bytes = version.bytes;
  }
  std::vector<uint64_t> saved;
  for (const SectorVersion& version : sectors_) {
    if (version.dropped) continue;
    put(durable_, version);
    saved.push_back(version.sector);
    // A sync covers the size needed to read what it wrote, even where the size itself was dropped before.
    bytes = std::max(bytes, std::min(current_.size(), (version.sector + 1) * kSectorBytes));
  }
  durable_.resize(bytes);
  std::sort(saved.begin(), saved.end());
  std::erase_if(sectors_, [&](const SectorVersion& version) {
    return !version.dropped || std::binary_search(saved.begin(), saved.end(), version.sector);
  });
  // A size that was dropped does not come back to take away what is saved now.
  std::erase_if(sizes_, [&](const SizeVersion& version) { return !version.dropped || version.bytes <= bytes; });
}

void DiskFile::fail_sync() {
  for (SectorVersion& version : sectors_) version.dropped = true;
  for (SizeVersion& version : sizes_) version.dropped = true;
}

void DiskFile::add_unsynced_operations(std::vector<uint64_t>* operations) const {
  for (const SizeVersion& version : sizes_) operations->push_back(version.operation);
  for (const SectorVersion& version : sectors_) {
    if (operations->empty() || operations->back() != version.operation) operations->push_back(version.operation);
  }
}

void DiskFile::power_cut(Forget forget, uint64_t tail_begins, std::mt19937_64& random) {
  if (forget == Forget::random) keep_random(random);
  if (forget == Forget::tail) keep_before(tail_begins, random);
  current_ = durable_;
  sectors_.clear();
  sizes_.clear();
}

void DiskFile::keep_random(std::mt19937_64& random) {
  std::map<uint64_t, std::vector<const SectorVersion*>> versions;
  for (const SectorVersion& version : sectors_) versions[version.sector].push_back(&version);
  uint64_t choice = random() % (sizes_.size() + 1);
  uint64_t bytes = choice == 0 ? durable_.size() : sizes_[choice - 1].bytes;
  for (const auto& [sector, of_sector] : versions) {
    uint64_t kept = random() % (of_sector.size() + 1);
    if (kept != 0) put(durable_, *of_sector[kept - 1]);
  }
  durable_.resize(bytes);
}

void DiskFile::keep_before(uint64_t tail_begins, std::mt19937_64& random) {
  uint64_t bytes = durable_.size();
  for (const SizeVersion& version : sizes_) {
    if (version.operation <= tail_begins) bytes = version.bytes;
  }
  auto at_tail = [&](const SectorVersion& version) { return version.operation == tail_begins; };
  auto of_tail = static_cast<uint64_t>(std::count_if(sectors_.begin(), sectors_.end(), at_tail));
  uint64_t still_kept = of_tail == 0 ? 0 : random() % of_tail;
  for (const SectorVersion& version : sectors_) {
    if (version.operation > tail_begins) continue;
    if (at_tail(version) && still_kept-- == 0) break;
    put(durable_, version);
  }
  durable_.resize(bytes);
}

void DiskFile::flip(uint64_t offset, std::byte mask) {
  if (offset < current_.size()) current_[offset] ^= mask;
  if (offset < durable_.size()) durable_[offset] ^= mask;
  for (SectorVersion& version : sectors_) {
    if (version.sector == offset / kSectorBytes) version.bytes[offset % kSectorBytes] ^= mask;
  }
}

}  // namespace forebay
