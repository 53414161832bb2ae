#include "relay/meta.h"

namespace forebay {
namespace {

enum Tag : uint8_t {
  content_type = 1,
  key,
  idempotency_key,
  klass,
  not_before,
  header_name,
  header_value,
  method,
  target
};

void put_varint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

bool take_varint(std::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

void put(Tag tag, std::string_view value, std::string* out) {
  out->push_back(static_cast<char>(tag));
  put_varint(value.size(), out);
  out->append(value);
}

bool take(std::string_view* bytes, uint8_t* tag, std::string_view* value) {
  *tag = static_cast<uint8_t>(bytes->front());
  bytes->remove_prefix(1);
  uint64_t length = 0;
  if (!take_varint(bytes, &length) || length > bytes->size()) return false;
  *value = bytes->substr(0, length);
  bytes->remove_prefix(length);
  return true;
}

void store(uint8_t tag, std::string_view value, Meta* meta) {
  switch (tag) {
    case content_type:
      meta->content_type = value;
      break;
    case key:
      meta->key = value;
      break;
    case idempotency_key:
      meta->idempotency_key = value;
      break;
    case klass:
      meta->klass = value;
      break;
    case not_before: {
      uint64_t ms = 0;
      if (take_varint(&value, &ms)) meta->not_before_ms = static_cast<int64_t>(ms);
      break;
    }
    case header_name:
      meta->forward.emplace_back(value, std::string_view());
      break;
    case header_value:
      if (!meta->forward.empty()) meta->forward.back().second = value;
      break;
    case method:
      meta->method = value;
      break;
    case target:
      meta->target = value;
      break;
    default:
      break;
  }
}

}  // namespace

void encode_meta(const Meta& meta, std::string* out) {
  if (!meta.content_type.empty()) put(content_type, meta.content_type, out);
  if (!meta.key.empty()) put(key, meta.key, out);
  if (!meta.idempotency_key.empty()) put(idempotency_key, meta.idempotency_key, out);
  if (!meta.klass.empty()) put(klass, meta.klass, out);
  if (!meta.method.empty()) put(method, meta.method, out);
  if (!meta.target.empty()) put(target, meta.target, out);
  if (meta.not_before_ms > 0) {
    std::string ms;
    put_varint(static_cast<uint64_t>(meta.not_before_ms), &ms);
    put(not_before, ms, out);
  }
  for (const auto& [name, value] : meta.forward) {
    put(header_name, name, out);
    put(header_value, value, out);
  }
}

std::optional<Meta> decode_meta(std::string_view bytes) {
  Meta meta;
  while (!bytes.empty()) {
    uint8_t tag = 0;
    std::string_view value;
    if (!take(&bytes, &tag, &value)) return std::nullopt;
    store(tag, value, &meta);
  }
  return meta;
}

}  // namespace forebay
