// libFuzzer entry for NDJSON batches. Not part of the ordinary build: it needs clang.
//   clang++ -std=c++20 -I. -fsanitize=fuzzer,address,undefined tests/fuzz/batch_reader_fuzz.cc
//     doors/http/{batch_reader,envelope,field_values}.cc base/{base64,duration_text,json_check,rfc3339}.cc
//     config/suggest.cc -lsimdjson
// Whatever comes in: an answer, no crash, and every message's views inside memory that is there.
#include <cstdint>
#include <string>
#include <string_view>

#include "doors/http/batch_reader.h"
#include "doors/http_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static forebay::BatchReader reader;
  std::string body(reinterpret_cast<const char*>(data), size);
  body.reserve(size + forebay::body_padding_bytes);
  if (reader.read("queue", false, {}, body, 4096)) return 0;
  size_t sum = 0;
  for (const forebay::NewMessage& message : reader.messages()) {
    for (char c : message.body) sum += static_cast<unsigned char>(c);
    for (const auto& [name, value] : message.forward) sum += name.size() + value.size();
  }
  static volatile size_t kept;
  kept = sum;
  return 0;
}
