#include "relay/cli/send_template.h"

#include <fmt/format.h>

#include <iterator>

namespace forebay {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words, so different n give different words.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

SendTemplate::SendTemplate(std::string_view text, uint64_t seed) : seed_(seed) {
  constexpr std::pair<std::string_view, Fill> kNames[] = {
      {"{n}", Fill::number}, {"{phone}", Fill::phone}, {"{rand}", Fill::random}};
  size_t begin = 0;
  for (size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at)) {
    size_t skip = 1;
    for (const auto& [name, then] : kNames) {
      if (text.substr(at, name.size()) != name) continue;
      const std::string_view before = text.substr(begin, at - begin);
      pieces_.push_back({std::string(before), json_escaped(before), then});
      skip = name.size();
      begin = at + skip;
    }
    at += skip;
  }
  const std::string_view rest = text.substr(begin);
  if (!rest.empty()) pieces_.push_back({std::string(rest), json_escaped(rest), Fill::nothing});
}

void SendTemplate::render(uint64_t n, std::string& out) const {
  for (const Piece& piece : pieces_) {
    out += piece.text;
    fill(piece.then, n, out);
  }
}

void SendTemplate::render_in_json(uint64_t n, std::string& out) const {
  for (const Piece& piece : pieces_) {
    out += piece.escaped;
    fill(piece.then, n, out);
  }
}

void SendTemplate::fill(Fill fill, uint64_t n, std::string& out) const {
  auto end = std::back_inserter(out);
  if (fill == Fill::number) fmt::format_to(end, "{}", n);
  // An affine step modulo 10^10 by a number prime to 10 visits every number once.
  if (fill == Fill::phone) {
    const uint64_t digits = (n % 10'000'000'000 * 387'420'489 + seed_ % 10'000'000'000) % 10'000'000'000;
    fmt::format_to(end, "1{:010}", digits);
  }
  if (fill == Fill::random) fmt::format_to(end, "{:016x}", mixed(n ^ mixed(seed_)));
}

}  // namespace forebay
