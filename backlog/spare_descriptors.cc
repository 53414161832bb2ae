#include "backlog/spare_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace forebay {

SpareDescriptors::SpareDescriptors() { refill(); }

SpareDescriptors::~SpareDescriptors() {
  for (int spare : spares_) {
    if (spare >= 0) ::close(spare);
  }
}

int SpareDescriptors::open(const std::function<int()>& attempt) {
  // Held throughout, so that a spare given up is not taken back by refill() before the attempt got it.
  std::lock_guard lock(mutex_);
  int fd = attempt();
  for (int& spare : spares_) {
    if (fd >= 0 || (errno != EMFILE && errno != ENFILE)) break;
    if (spare < 0) continue;
    ::close(spare);
    spare = -1;
    fd = attempt();
  }
  return fd;
}

void SpareDescriptors::refill() {
  std::lock_guard lock(mutex_);
  refill_locked();
}

void SpareDescriptors::refill_locked() {
  int saved = errno;
  for (int& spare : spares_) {
    if (spare < 0) spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  errno = saved;
}

}  // namespace forebay
