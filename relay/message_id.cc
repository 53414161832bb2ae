#include "relay/message_id.h"

#include <array>
#include <cassert>
#include <cstring>

namespace forebay {
namespace {

constexpr char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
using Block = std::array<uint8_t, 16>;

constexpr std::array<int8_t, 256> make_values() {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 32; ++i) {
    const auto c = static_cast<uint8_t>(alphabet[i]);
    values[c] = static_cast<int8_t>(i);
    if (c >= 'A') values[c + 32] = static_cast<int8_t>(i);
  }
  for (const char c : {'i', 'I', 'l', 'L'}) values[static_cast<uint8_t>(c)] = 1;
  for (const char c : {'o', 'O'}) values[static_cast<uint8_t>(c)] = 0;
  return values;
}
constexpr std::array<int8_t, 256> values = make_values();

// 128 bits, most significant first, in 26 digits of 5 bits; the first digit carries 3 of them.
MessageId to_text(const Block& block) {
  MessageId text;
  unsigned __int128 number = 0;
  for (const uint8_t byte : block) number = number << 8 | byte;
  for (size_t i = text.size(); i-- > 0; number >>= 5) text[i] = alphabet[static_cast<size_t>(number & 31)];
  return text;
}

bool from_text(std::string_view text, Block* block) {
  if (text.size() != std::tuple_size_v<MessageId>) return false;
  unsigned __int128 number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const int8_t value = values[static_cast<uint8_t>(text[i])];
    if (value < 0 || (i == 0 && value > 7)) return false;
    number = number << 5 | static_cast<uint8_t>(value);
  }
  for (size_t i = block->size(); i-- > 0; number >>= 8) (*block)[i] = static_cast<uint8_t>(number);
  return true;
}

Block permute(EVP_CIPHER_CTX* cipher, const Block& in) {
  Block out;
  int length = 0;
  const int ok = EVP_CipherUpdate(cipher, out.data(), &length, in.data(), static_cast<int>(in.size()));
  assert(ok == 1 && length == 16);
  (void)ok;
  return out;
}

}  // namespace

MessageIds::MessageIds(uint32_t store_id, std::span<const uint8_t, 16> key)
    : store_id_(store_id), encrypt_(make_cipher(key, true)), decrypt_(make_cipher(key, false)) {}

MessageIds::Cipher MessageIds::make_cipher(std::span<const uint8_t, 16> key, bool encrypt) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  const int ok = EVP_CipherInit_ex(cipher.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr, encrypt);
  assert(ok == 1);
  (void)ok;
  EVP_CIPHER_CTX_set_padding(cipher.get(), 0);
  return cipher;
}

MessageId MessageIds::encode(Sequence sequence, QueueId queue) {
  Block block{};
  std::memcpy(&block[0], &sequence, 8);
  std::memcpy(&block[8], &queue, 2);
  std::memcpy(&block[12], &store_id_, 4);
  return to_text(permute(encrypt_.get(), block));
}

std::optional<MessageIds::Decoded> MessageIds::decode(std::string_view text) {
  Block sealed;
  if (!from_text(text, &sealed)) return std::nullopt;
  const Block block = permute(decrypt_.get(), sealed);
  Decoded decoded{};
  uint32_t store = 0;
  uint16_t partition = 0;
  std::memcpy(&decoded.sequence, &block[0], 8);
  std::memcpy(&decoded.queue, &block[8], 2);
  std::memcpy(&partition, &block[10], 2);
  std::memcpy(&store, &block[12], 4);
  if (store != store_id_ || partition != 0 || decoded.sequence == 0) return std::nullopt;
  return decoded;
}

}  // namespace forebay
