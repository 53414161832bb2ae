// MessageId: what a producer is given. 26 characters of Crockford base32 that carry store, queue, partition and
// sequence through a keyed permutation (AES-128 of one block), so that ids can be neither guessed nor counted, and a
// message is found by arithmetic, without a map.
// Block, little-endian: sequence u64 | queue u16 | partition u16 | store u32.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "doors/intake.h"

namespace forebay {

class MessageIds {
 public:
  MessageIds(uint32_t store_id, std::span<const uint8_t, 16> key);

  MessageId encode(Sequence sequence, QueueId queue);
  struct Decoded {
    Sequence sequence;
    QueueId queue;
  };
  // nullopt: not an id of this store. Lower case and the look-alikes I, L, O are read as Crockford says.
  std::optional<Decoded> decode(std::string_view text);

 private:
  struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;
  static Cipher make_cipher(std::span<const uint8_t, 16> key, bool encrypt);

  uint32_t store_id_;
  Cipher encrypt_, decrypt_;
};

}  // namespace forebay
