#include "sinks/file/line_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace forebay {
namespace {

constexpr size_t pipe_write_max = 4096;  // what a pipe that poll() calls writable takes without blocking
constexpr mode_t file_mode = 0640;

// Names in a directory are durable once it is synced itself.
int sync_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  return error == EINVAL ? 0 : error;  // a file system that has nothing to sync there
}

}  // namespace

LineFile::LineFile() : interrupted_(eventfd(0, EFD_CLOEXEC)) {}

LineFile::~LineFile() {
  close_file();
  if (interrupted_ >= 0) close(interrupted_);
}

void LineFile::interrupt() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(interrupted_, &one, sizeof one);
}

std::string LineFile::append(std::string_view lines, const FileSinkConfig& settings, Duration patience) {
  std::string wrong = ready(settings);
  while (wrong.empty() && !lines.empty()) {
    const std::string_view some = lines.substr(0, fitting_bytes(lines, settings.rotate_bytes));
    wrong = some.empty() ? rotate(settings.keep) : append_here(some, patience);
    lines.remove_prefix(some.size());
  }
  return wrong;
}

// Of whole lines, into the file that is open; one line at least where nothing is in it yet. 0: none.
size_t LineFile::fitting_bytes(std::string_view lines, uint64_t rotate_bytes) const {
  const uint64_t used = size_ + (mid_line_ ? 1 : 0);
  if (!regular_ || output_ || rotate_bytes == 0 || used + lines.size() <= rotate_bytes) return lines.size();
  const size_t last = used < rotate_bytes ? lines.rfind('\n', rotate_bytes - used - 1) : lines.npos;
  if (last != lines.npos) return last + 1;
  return used > 0 ? 0 : std::min(lines.find('\n'), lines.size() - 1) + 1;
}

std::string LineFile::append_here(std::string_view lines, Duration patience) {
  std::string mended;
  if (mid_line_) mended.append("\n").append(lines);
  const std::string_view bytes = mid_line_ ? mended : lines;
  const uint64_t size_before = size_;
  int error = 0;
  if (!write_all(bytes, patience, &error)) return cannot("write", error);
  mid_line_ = false;
  if (!regular_ || fdatasync(fd_) == 0) return "";
  // What the kernel still holds of these lines nobody can know: they are taken back, and the file is opened anew.
  error = errno;
  take_back(size_before, true);
  close_file();
  return cannot("sync", error);
}

std::string LineFile::ready(const FileSinkConfig& settings) {
  if (fd_ >= 0 && (settings.path != path_ || is_elsewhere())) close_file();
  if (fd_ >= 0) return "";
  if (settings.path != path_) mid_line_ = false;
  path_ = settings.path;
  return path_ == "-" ? open_output() : open_path();
}

std::string LineFile::open_output() {
  struct stat is {};
  fd_ = STDOUT_FILENO;
  output_ = true;
  regular_ = fstat(fd_, &is) == 0 && S_ISREG(is.st_mode);
  return "";
}

std::string LineFile::open_path() {
  struct stat is {};
  const bool stream = stat(path_.c_str(), &is) == 0 && !S_ISREG(is.st_mode);  // a pipe or a device
  const int how = stream ? O_WRONLY | O_NONBLOCK : O_RDWR | O_CREAT;
  fd_ = open(path_.c_str(), how | O_APPEND | O_CLOEXEC, file_mode);
  if (fd_ < 0) return cannot("open", errno);
  output_ = false;
  fstat(fd_, &is);
  regular_ = S_ISREG(is.st_mode);
  int error = 0;
  if (regular_ && flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) error = errno;
  if (error == 0 && regular_) error = sync_folder_of(path_);
  fstat(fd_, &is);  // again: who had the lock may have written meanwhile
  size_ = regular_ ? static_cast<uint64_t>(is.st_size) : 0;
  if (regular_) mid_line_ = ends_in_mid_line();  // of a pipe we know it ourselves
  if (error == 0) return "";
  close_file();
  return error == EWOULDBLOCK ? "cannot write " + path_ + ": another writer has it" : cannot("make", error);
}

bool LineFile::ends_in_mid_line() const {
  char last = '\n';
  return size_ > 0 && pread(fd_, &last, 1, static_cast<off_t>(size_ - 1)) == 1 && last != '\n';
}

// Somebody has moved or deleted it: what would be written is not found under its name.
bool LineFile::is_elsewhere() const {
  struct stat ours {
  }, named{};
  if (output_) return false;
  if (fstat(fd_, &ours) != 0 || stat(path_.c_str(), &named) != 0) return true;
  return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

std::string LineFile::rotate(uint32_t keep) {
  const auto nth = [this](uint32_t n) { return path_ + "." + std::to_string(n); };
  for (uint32_t n = keep; n-- > 0;) {
    const std::string from = n == 0 ? path_ : nth(n);
    if (std::rename(from.c_str(), nth(n + 1).c_str()) != 0 && errno != ENOENT) return cannot("rotate", errno);
  }
  close_file();
  return open_path();
}

bool LineFile::write_all(std::string_view bytes, Duration patience, int* error) {
  const uint64_t size_before = size_;
  bool any = false;
  while (!bytes.empty()) {
    if (!regular_ && !wait_to_write(patience, error)) break;
    const size_t most = regular_ ? bytes.size() : std::min(bytes.size(), pipe_write_max);
    const ssize_t written = write(fd_, bytes.data(), most);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) {
      *error = errno;
      break;
    }
    any = any || written > 0;
    size_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (bytes.empty()) return true;
  take_back(size_before, any);
  if (!regular_) close_file();
  return false;
}

bool LineFile::wait_to_write(Duration patience, int* error) {
  pollfd looks[2] = {{fd_, POLLOUT, 0}, {interrupted_, POLLIN, 0}};
  const int ready = poll(looks, 2, static_cast<int>(std::min<int64_t>(patience.ms(), 3'600'000)));
  if (ready < 0 && errno == EINTR) return wait_to_write(patience, error);
  *error = ready < 0 ? errno : looks[1].revents != 0 ? ECANCELED : ready == 0 ? ETIMEDOUT : 0;
  return *error == 0;
}

// Only what is our own is cut off: nobody else may have written meanwhile.
void LineFile::take_back(uint64_t size_before, bool any_written) {
  struct stat is {};
  const bool ours = regular_ && !output_ && fstat(fd_, &is) == 0 && static_cast<uint64_t>(is.st_size) <= size_;
  if (ours && ftruncate(fd_, static_cast<off_t>(size_before)) == 0) {
    size_ = size_before;
    return;
  }
  mid_line_ = mid_line_ || any_written;
}

void LineFile::close_file() {
  if (fd_ >= 0 && !output_) close(fd_);
  fd_ = -1;
}

std::string LineFile::cannot(const char* what, int error) const {
  const char* why = error == ETIMEDOUT ? "nobody reads it" : error == ECANCELED ? "shut down" : std::strerror(error);
  return std::string("cannot ") + what + " " + (path_ == "-" ? "standard output" : path_) + ": " + why;
}

}  // namespace forebay
