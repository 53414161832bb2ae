#include "backlog/whole_file.h"

#include <cassert>
#include <cerrno>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {
namespace {

void finish(ByteBuffer& bytes) {
  assert(bytes.size() >= format::whole_header_bytes);
  const uint64_t content = bytes.size() - format::whole_header_bytes;
  std::memcpy(bytes.data() + 16, &content, sizeof content);
  bytes.u64(checksum(bytes.span()));
}

int put(Files& files, std::string_view name, ByteBuffer& bytes, std::unique_ptr<File>* file) {
  finish(bytes);
  if (const int error = files.open(name, Files::Mode::open_or_create, file)) return error;
  if (const int error = (*file)->truncate(bytes.size())) return error;
  return (*file)->write_at(0, bytes.span());
}

}  // namespace

void begin_whole(ByteBuffer& bytes, const WholeFile& what) {
  bytes.clear();
  bytes.u64(what.magic);
  bytes.u32(format::version);
  bytes.u32(what.store_id);
  bytes.u64(0);
}

int write_whole(Files& files, std::string_view name, ByteBuffer& bytes) {
  std::unique_ptr<File> file;
  return put(files, name, bytes, &file);
}

int replace_whole(Files& files, std::string_view name, ByteBuffer& bytes, bool* sync_failed) {
  *sync_failed = false;
  const std::string temporary = std::string(name) + ".new";
  std::unique_ptr<File> file;
  if (const int error = put(files, temporary, bytes, &file)) {
    file.reset();
    files.remove(temporary);
    return error;
  }
  if (const int error = file->sync()) return *sync_failed = true, error;
  file.reset();
  if (const int error = files.rename(temporary, name)) return error;
  const int error = files.sync_directory();
  *sync_failed = error != 0;
  return error;
}

WholeState read_whole(Files& files, std::string_view name, uint64_t magic, ByteBuffer* bytes,
                      std::span<const std::byte>* content, uint32_t* store_id, uint32_t* version) {
  std::unique_ptr<File> file;
  const int error = files.open(name, Files::Mode::open_existing, &file);
  if (error == ENOENT) return WholeState::missing;
  uint64_t size = 0;
  if (error != 0 || file->size(&size) != 0 || size > UINT32_MAX) return WholeState::damaged;
  bytes->clear();
  bytes->extend(size);
  size_t read = 0;
  if (file->read_at(0, bytes->span(), &read) != 0) return WholeState::damaged;
  bytes->truncate(read);
  Decoder in(bytes->span());
  if (in.u64() != magic) return WholeState::damaged;
  *version = in.u32();
  if (in.ok() && !format::is_readable(*version)) return WholeState::other_version;
  *store_id = in.u32();
  const uint64_t length = in.u64();
  *content = in.take(length);
  const size_t checked = format::whole_header_bytes + content->size();
  const bool whole = in.u64() == checksum(bytes->span().first(std::min(checked, read))) && in.ok();
  return whole && in.done() ? WholeState::good : WholeState::damaged;
}

}  // namespace forebay
