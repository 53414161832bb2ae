// DiskFile: one file of a simulated disk, twice: as the process reads it, and as the medium holds it.
//
// The two differ by what was changed since the last good sync. Changes are kept as versions of whole 512-byte
// sectors (the unit in which a disk writes), each with the operation that made it, so that a power cut can keep
// any of them:
//   all     every version is forgotten
//   tail    changes are kept in the order they were made, up to a point drawn somewhere among them
//   random  each sector holds any of its versions, each size it had may be its size
// A failed sync drops its versions: the process still reads them, a later sync does not save them, and after a
// cut they may or may not be there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace forebay {

inline constexpr uint64_t kSectorBytes = 512;

enum class Forget : uint8_t { all, tail, random };

class DiskFile {
 public:
  void write(uint64_t operation, uint64_t offset, std::span<const std::byte> bytes);
  void resize(uint64_t operation, uint64_t bytes);
  // As much as there is, up to the span; the count.
  size_t read(uint64_t offset, std::span<std::byte> bytes) const;
  uint64_t size() const { return current_.size(); }

  void sync();
  void fail_sync();

  // The operations whose changes are not on the medium yet: where a tail may begin.
  void add_unsynced_operations(std::vector<uint64_t>* operations) const;
  // Forget::tail keeps the changes of operations below `tail_begins`, and some first sectors of that one's.
  void power_cut(Forget forget, uint64_t tail_begins, std::mt19937_64& random);

  // Damage: on the medium and as read.
  void flip(uint64_t offset, std::byte mask);
  bool has_unsynced() const { return !sectors_.empty() || !sizes_.empty(); }

 private:
  using Bytes = std::vector<std::byte>;
  struct SectorVersion {
    uint64_t operation;
    uint64_t sector;
    bool dropped;  // by a failed sync
    std::array<std::byte, kSectorBytes> bytes;
  };
  struct SizeVersion {
    uint64_t operation;
    uint64_t bytes;
    bool dropped;
  };

  void remember_sectors(uint64_t operation, uint64_t first, uint64_t last);
  void keep_random(std::mt19937_64& random);
  void keep_before(uint64_t tail_begins, std::mt19937_64& random);
  static void put(Bytes& bytes, const SectorVersion& version);

  Bytes current_;
  Bytes durable_;
  std::vector<SectorVersion> sectors_;  // not on the medium yet, in the order made
  std::vector<SizeVersion> sizes_;
};

}  // namespace forebay
