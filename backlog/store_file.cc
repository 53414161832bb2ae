#include "backlog/store_file.h"

#include <cstring>

#include "backlog/format.h"
#include "backlog/whole_file.h"

namespace forebay {

std::string version_words(uint32_t version) {
  return "format version " + std::to_string(version) + " (this program reads versions " +
         std::to_string(format::oldest_version) + " to " + std::to_string(format::version) + ")";
}

StoreState read_store(Files& files, StoreFile* store, std::string* error) {
  ByteBuffer bytes;
  std::span<const std::byte> content;
  uint32_t& version = store->version;
  const auto state =
      read_whole(files, format::store_name, format::store_magic, &bytes, &content, &store->store_id, &version);
  const std::string name = files.where() + "/" + std::string(format::store_name);
  if (state == WholeState::missing) return StoreState::missing;
  if (state == WholeState::other_version) {
    *error = name + ": " + version_words(version);
    return StoreState::refused;
  }
  *error = name + ": damaged";
  if (state != WholeState::good) return StoreState::refused;
  Decoder in(content);
  const auto key = in.take(store->id_key.size());
  if (in.ok()) std::memcpy(store->id_key.data(), key.data(), key.size());
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto id = static_cast<QueueId>(in.varint_up_to(UINT16_MAX));
    store->queues.emplace(in.text(), id);
  }
  if (!in.ok()) return StoreState::refused;
  error->clear();
  return StoreState::good;
}

int write_store(Files& files, const StoreFile& store, bool* sync_failed) {
  ByteBuffer bytes;
  begin_whole(bytes, {format::store_magic, store.store_id});
  bytes.append(std::as_bytes(std::span(store.id_key)));
  bytes.varint(store.queues.size());
  for (const auto& [name, id] : store.queues) {
    bytes.varint(id);
    bytes.text(name);
  }
  bool ignored = false;
  return replace_whole(files, format::store_name, bytes, sync_failed ? sync_failed : &ignored);
}

}  // namespace forebay
