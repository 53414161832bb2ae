// ByteBuffer: bytes that grow at the end, never zeroed first and never shrunk by clear(); and the integers of
// the format: fixed ones little-endian, variable ones seven bits a byte, low bits first (at most ten bytes).
// Decoder reads them back from bytes nobody vouches for: past the end or malformed, ok() turns false for good
// and every further read gives zero or nothing.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace forebay {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it stands");

class ByteBuffer {
 public:
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  std::span<const std::byte> span() const { return {bytes_.get(), size_}; }
  std::span<std::byte> span() { return {bytes_.get(), size_}; }
  void clear() { size_ = 0; }
  void truncate(size_t bytes) {
    assert(bytes <= size_);
    size_ = bytes;
  }

  // `more` bytes at the end, their content whatever was there.
  std::byte* extend(size_t more) {
    if (size_ + more > capacity_) reserve(size_ + more);
    size_ += more;
    return bytes_.get() + size_ - more;
  }

  void reserve(size_t bytes) {
    if (bytes <= capacity_) return;
    size_t grown = capacity_ == 0 ? 256 : capacity_ * 2;
    while (grown < bytes) grown *= 2;
    auto moved = std::make_unique_for_overwrite<std::byte[]>(grown);
    if (size_ > 0) std::memcpy(moved.get(), bytes_.get(), size_);
    bytes_ = std::move(moved);
    capacity_ = grown;
  }

  void append(std::span<const std::byte> more) {
    if (!more.empty()) std::memcpy(extend(more.size()), more.data(), more.size());
  }
  void append(std::string_view more) { append(std::as_bytes(std::span(more.data(), more.size()))); }
  void u8(uint8_t value) { *extend(1) = std::byte{value}; }
  void u16(uint16_t value) { fixed(value); }
  void u32(uint32_t value) { fixed(value); }
  void u64(uint64_t value) { fixed(value); }
  void varint(uint64_t value) {
    while (value >= 0x80) {
      u8(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    u8(static_cast<uint8_t>(value));
  }
  void zigzag(int64_t value) { varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63)); }
  void text(std::string_view value) {
    varint(value.size());
    append(value);
  }

 private:
  template <class T>
  void fixed(T value) {
    std::memcpy(extend(sizeof value), &value, sizeof value);
  }

  std::unique_ptr<std::byte[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  bool ok() const { return ok_; }
  bool done() const { return at_ == end_ || !ok_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  const std::byte* at() const { return at_; }

  uint8_t u8() { return fixed<uint8_t>(); }
  uint16_t u16() { return fixed<uint16_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint64_t>(*at_++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }
  // A varint that must not be above `most`.
  uint64_t varint_up_to(uint64_t most) {
    const uint64_t value = varint();
    return value <= most ? value : fail();
  }
  int64_t zigzag() {
    const uint64_t value = varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::span<const std::byte> take(uint64_t bytes) {
    if (bytes > left()) return fail(), std::span<const std::byte>();
    at_ += bytes;
    return {at_ - bytes, static_cast<size_t>(bytes)};
  }
  std::string_view text() { return characters(varint()); }
  std::string_view characters(uint64_t bytes) {
    const auto taken = take(bytes);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  uint64_t fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

 private:
  template <class T>
  T fixed() {
    T value = 0;
    if (left() < sizeof value) return static_cast<T>(fail());
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace forebay
