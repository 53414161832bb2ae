#include "tests/support/unreliable_disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cassert>
#include <cstring>

namespace forebay::testing {

UnreliableDisk::UnreliableDisk(const std::string& directory)
    : path_(place_.write("orders", std::string(sizeof(DiskOrders), '\0'))) {
  const int fd = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  void* at = mmap(nullptr, sizeof(DiskOrders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  assert(at != MAP_FAILED && directory.size() < sizeof(DiskOrders::directory));
  orders_ = static_cast<DiskOrders*>(at);
  std::memcpy(orders_->directory, directory.c_str(), directory.size() + 1);
}

UnreliableDisk::~UnreliableDisk() {
  munmap(orders_, sizeof(DiskOrders));
}

Process::Environment UnreliableDisk::environment() const {
  return {{"LD_PRELOAD", FOREBAY_UNRELIABLE_DISK}, {disk_orders_variable, path_}};
}

}  // namespace forebay::testing
