#include "backlog/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

#include "backlog/spare_descriptors.h"

namespace forebay {
namespace {

// A system call that returns -1 and sets errno, called again when a signal interrupted it.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

int errno_of(int result) {
  return result == -1 ? errno : 0;
}

class PosixFile : public File {
 public:
  PosixFile(int fd, std::shared_ptr<SpareDescriptors> spares) : fd_(fd), spares_(std::move(spares)) {}
  ~PosixFile() override {
    ::close(fd_);
    spares_->refill();
  }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  int write_at(uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      ssize_t n = uninterrupted([&] { return ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0) return errno;
      if (n == 0) return EIO;
      bytes = bytes.subspan(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return 0;
  }

  int read_at(uint64_t offset, std::span<std::byte> bytes, size_t* read_bytes) override {
    *read_bytes = 0;
    while (*read_bytes < bytes.size()) {
      auto rest = bytes.subspan(*read_bytes);
      ssize_t n = uninterrupted(
          [&] { return ::pread(fd_, rest.data(), rest.size(), static_cast<off_t>(offset + *read_bytes)); });
      if (n < 0) return errno;
      if (n == 0) break;
      *read_bytes += static_cast<size_t>(n);
    }
    return 0;
  }

  int sync() override {
    return errno_of(uninterrupted([&] { return ::fdatasync(fd_); }));
  }

  int allocate(uint64_t bytes) override {
    auto length = static_cast<off_t>(bytes);
    int error = errno_of(uninterrupted([&] { return ::fallocate(fd_, 0, 0, length); }));
    if (error != EOPNOTSUPP) return error;
    do {
      error = ::posix_fallocate(fd_, 0, length);
    } while (error == EINTR);
    return error;
  }

  int truncate(uint64_t bytes) override {
    return errno_of(uninterrupted([&] { return ::ftruncate(fd_, static_cast<off_t>(bytes)); }));
  }

  int size(uint64_t* bytes) override {
    struct stat about {};
    if (::fstat(fd_, &about) != 0) return errno;
    *bytes = static_cast<uint64_t>(about.st_size);
    return 0;
  }

 private:
  int fd_;
  std::shared_ptr<SpareDescriptors> spares_;
};

class PosixFiles : public Files {
 public:
  PosixFiles(std::string path, int directory, std::shared_ptr<SpareDescriptors> spares)
      : path_(std::move(path)), directory_(directory), spares_(std::move(spares)) {}
  ~PosixFiles() override {
    if (lock_ >= 0) ::close(lock_);
    ::close(directory_);
  }
  PosixFiles(const PosixFiles&) = delete;
  PosixFiles& operator=(const PosixFiles&) = delete;

  int open(std::string_view name, Mode mode, std::unique_ptr<File>* file) override {
    int flags = O_RDWR;
    if (mode == Mode::create_new) flags |= O_CREAT | O_EXCL;
    if (mode == Mode::open_or_create) flags |= O_CREAT;
    int fd = open_descriptor(std::string(name), flags);
    if (fd < 0) return errno;
    *file = std::make_unique<PosixFile>(fd, spares_);
    return 0;
  }

  int rename(std::string_view from, std::string_view to) override {
    return errno_of(::renameat(directory_, plain(from).c_str(), directory_, plain(to).c_str()));
  }

  int remove(std::string_view name) override { return errno_of(::unlinkat(directory_, plain(name).c_str(), 0)); }

  int list(std::vector<std::string>* names) override;

  int sync_directory() override {
    return errno_of(uninterrupted([&] { return ::fsync(directory_); }));
  }

  int lock(std::string_view name) override {
    if (lock_ >= 0) return EWOULDBLOCK;
    int fd = open_descriptor(std::string(name), O_RDWR | O_CREAT);
    if (fd < 0) return errno;
    if (uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) != 0) {
      int error = errno;
      ::close(fd);
      return error;
    }
    lock_ = fd;
    return 0;
  }

  int free_bytes(uint64_t* bytes) override {
    struct statvfs about {};
    if (uninterrupted([&] { return ::fstatvfs(directory_, &about); }) != 0) return errno;
    *bytes = static_cast<uint64_t>(about.f_bavail) * about.f_frsize;
    return 0;
  }

  std::string where() const override { return path_; }

 private:
  static std::string plain(std::string_view name) {
    assert(!name.empty() && name.find('/') == std::string_view::npos && name != "." && name != "..");
    return std::string(name);
  }

  int open_descriptor(const std::string& name, int flags) {
    return spares_->open([&] {
      return uninterrupted(
          [&] { return ::openat(directory_, plain(name).c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600); });
    });
  }

  std::string path_;
  int directory_;
  int lock_ = -1;
  std::shared_ptr<SpareDescriptors> spares_;
};

int PosixFiles::list(std::vector<std::string>* names) {
  int fd = spares_->open([&] { return ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return errno;
  DIR* stream = ::fdopendir(fd);
  if (stream == nullptr) {
    int error = errno;
    ::close(fd);
    return error;
  }
  names->clear();
  errno = 0;
  while (dirent* entry = ::readdir(stream)) {
    struct stat about {};
    bool known = ::fstatat(directory_, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0;
    if (known && S_ISREG(about.st_mode)) names->emplace_back(entry->d_name);
    errno = 0;
  }
  int error = errno;
  ::closedir(stream);
  spares_->refill();
  return error;
}

int sync_path(const std::string& path) {
  int fd = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return errno;
  int error = errno_of(uninterrupted([&] { return ::fsync(fd); }));
  ::close(fd);
  return error;
}

// Makes one directory and syncs its parent; one that is there already is left as it is.
int make_directory(const std::string& path, const std::string& parent) {
  if (::mkdir(path.c_str(), 0700) == 0) return sync_path(parent);
  if (errno != EEXIST) return errno;
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return errno;
  return S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
}

int make_directories(const std::string& path) {
  std::string parent = path.starts_with('/') ? "/" : ".";
  for (size_t at = 0; at < path.size();) {
    size_t end = path.find('/', at);
    if (end == std::string::npos) end = path.size();
    if (end > at) {
      std::string prefix = path.substr(0, end);
      if (int error = make_directory(prefix, parent)) return error;
      parent = prefix;
    }
    at = end + 1;
  }
  return 0;
}

}  // namespace

int open_posix_files(const std::string& path, std::unique_ptr<Files>* files) {
  if (path.empty()) return ENOENT;
  int fd = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0 && errno == ENOENT) {
    if (int error = make_directories(path)) return error;
    fd = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  }
  if (fd < 0) return errno;
  *files = std::make_unique<PosixFiles>(path, fd, std::make_shared<SpareDescriptors>());
  return 0;
}

}  // namespace forebay
