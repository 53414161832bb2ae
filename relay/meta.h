// Meta: what is stored with a body beside the index's facts: content type, key, idempotency key, class, forwarded
// headers, and of a forwarded request its method and target. A field is a tag byte, a length (varint, 7 bits a byte,
// low first) and the bytes; unknown tags are skipped, so that a later version may add some.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay {

struct Meta {
  std::string_view content_type;
  std::string_view key;
  std::string_view idempotency_key;
  std::string_view klass;
  std::string_view method, target;  // of a forwarded request, else empty
  int64_t not_before_ms = 0;        // when delivery was asked for; 0: at once
  std::vector<std::pair<std::string_view, std::string_view>> forward;
};

// Appends to `out`.
void encode_meta(const Meta& meta, std::string* out);

// Views into `bytes`. nullopt: the bytes are no meta (a length runs past the end).
std::optional<Meta> decode_meta(std::string_view bytes);

}  // namespace forebay
