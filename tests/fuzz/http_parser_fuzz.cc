// libFuzzer entry for the HTTP parser. Not part of the ordinary build: it needs clang.
//   clang++ -std=c++20 -I. -I<llhttp's headers> -fsanitize=fuzzer,address,undefined
//   tests/fuzz/http_parser_fuzz.cc
//     doors/{chunk_decoder,framing,head_scan,http_parser,request_head}.cc <llhttp's sources>
// The first byte says how the rest is cut; whole and cut must give the same events.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "doors/http_parser.h"

namespace {

// Every event, with all that it shows, as one text.
std::string events_of(std::string_view input, size_t piece_bytes) {
  static const forebay::ParserLimits limits{512, 8};
  forebay::HttpParser parser(limits);
  std::string events;
  while (!input.empty()) {
    std::string piece(input.substr(0, piece_bytes));
    input.remove_prefix(piece.size());
    piece.reserve(piece.size() + forebay::body_padding_bytes);
    std::string_view left = piece;
    for (auto event = parser.next(&left); event != forebay::HttpParser::Event::more; event = parser.next(&left)) {
      if (event == forebay::HttpParser::Event::refused) return events + "refused " + parser.problem().detail;
      if (event == forebay::HttpParser::Event::head) parser.limit_body(1024);
      events.append(parser.head().method).append(" ").append(parser.head().path);
      for (const auto& [name, value] : parser.head().headers) events.append(name).append("=").append(value);
      if (event == forebay::HttpParser::Event::request) events.append("\n").append(parser.body()).append("\n");
    }
    assert(left.empty());
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece_bytes = std::max<size_t>(1, data[0] % 32);
  if (events_of(input, piece_bytes) != events_of(input, std::max<size_t>(1, input.size()))) __builtin_trap();
  return 0;
}
