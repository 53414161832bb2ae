// EnvelopeReader: one line of a batch as a message.
//
// {"body": any | "body_base64": "…", "key","class","delay","not_before","ttl","retries","idempotency_key",
// "headers"}. A string body becomes those bytes (text/plain), other JSON goes out as it is written
// (application/json), base64 decoded (application/octet-stream); "Content-Type" among the headers overrides.
// Metadata that is null counts as not given. Unknown and repeated members are refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "doors/http/message_headers.h"
#include "doors/intake.h"

namespace forebay {

// What messages view beside the line itself. The arena must have room for twice the line beforehand
// (unescaping only shrinks, base64 after it shrinks again), so that earlier views into it stay.
struct EnvelopeStore {
  std::string arena;
  HeaderViews forwards;  // of all lines; the caller tells them apart
};

class EnvelopeReader {
 public:
  EnvelopeReader();
  ~EnvelopeReader();

  // `readable_bytes` from the start of the line on can be read; body_padding_bytes more than it has, at
  // least.
  // "" or what is wrong with the line. Strings without escapes stay views into it.
  std::string read(std::string_view line, size_t readable_bytes, EnvelopeStore* store, NewMessage* message);

 private:
  struct Json;  // simdjson, kept out of this header
  std::unique_ptr<Json> json_;
};

}  // namespace forebay
