// Loaded before libc into a process under test (LD_PRELOAD): its calls to the disk go through here, and fail
// or take their time as the orders say (disk_orders.h). Whatever does not concern the directory goes straight
// on to libc. Stateless but for the mapped orders: a descriptor's path is asked of the kernel at each call.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/disk_orders.h"

namespace {

using forebay::testing::DiskOrders;

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

DiskOrders* map_orders() {
  static DiskOrders none{};  // concerns no directory
  const char* path = getenv(forebay::testing::disk_orders_variable);
  const int fd = path == nullptr ? -1 : next<int(const char*, int, ...)>("open")(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return &none;
  void* at = mmap(nullptr, sizeof(DiskOrders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? &none : static_cast<DiskOrders*>(at);
}

DiskOrders& orders() {
  static DiskOrders* const mapped = map_orders();
  return *mapped;
}

bool concerns(const char* path) {
  const size_t length = strlen(orders().directory);
  return length > 0 && strncmp(path, orders().directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool concerns(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return false;
  path[n] = '\0';
  return concerns(path);
}

// True: the call fails, errno is set.
bool refused(const std::atomic<int32_t>& order) {
  const int error = order;
  if (error == 0) return false;
  ++orders().refusals;
  errno = error;
  return true;
}

bool grows(int fd, off_t end) {
  struct stat about {};
  return fstat(fd, &about) == 0 && end > about.st_size;
}

bool refuses_write(int fd, off_t end) {
  return concerns(fd) && (refused(orders().write_error) || (grows(fd, end) && refused(orders().growth_error)));
}

// In small steps, so that a shorter time holds at once.
void take_time() {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  while (Clock::now() - begun < std::chrono::milliseconds(orders().sync_ms)) poll(nullptr, 0, 2);
}

int sync_as_told(int fd, int (*sync)(int)) {
  if (!concerns(fd)) return sync(fd);
  ++orders().syncs_begun;
  take_time();
  const int result = refused(orders().sync_error) ? -1 : sync(fd);
  ++orders().syncs_ended;
  return result;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  static auto* const real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  if (refuses_write(fd, offset + static_cast<off_t>(count))) return -1;
  return real(fd, bytes, count, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
  static auto* const real = next<int(int, int, off_t, off_t)>("fallocate");
  if (refuses_write(fd, offset + length)) return -1;
  return real(fd, mode, offset, length);
}

int posix_fallocate(int fd, off_t offset, off_t length) {
  static auto* const real = next<int(int, off_t, off_t)>("posix_fallocate");
  if (refuses_write(fd, offset + length)) return errno;
  return real(fd, offset, length);
}

int fdatasync(int fd) {
  static auto* const real = next<int(int)>("fdatasync");
  return sync_as_told(fd, real);
}

int fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  return sync_as_told(fd, real);
}

int openat(int directory, const char* path, int flags, ...) {
  static auto* const real = next<int(int, const char*, int, ...)>("openat");
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = static_cast<mode_t>((flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0);
  va_end(arguments);
  const bool writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
  if (writes && concerns(directory)) {
    if (refused(orders().open_error)) return -1;
    const bool is_new = (flags & O_CREAT) != 0 && faccessat(directory, path, F_OK, 0) != 0;
    if (is_new && refused(orders().growth_error)) return -1;
  }
  return real(directory, path, flags, mode);
}

int mkdir(const char* path, mode_t mode) {
  static auto* const real = next<int(const char*, mode_t)>("mkdir");
  if (concerns(path) && refused(orders().open_error)) return -1;
  return real(path, mode);
}

}  // extern "C"
#pragma GCC visibility pop
