// SendTemplate: a message body (or key) with places to fill, compiled once.
//   {n}      the message's number, from 1        {phone}  eleven digits, different for each n
//   {rand}   sixteen hex digits, different for each n
// Any other brace stands for itself, so JSON needs no escaping. The same n and seed give the same text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

class SendTemplate {
 public:
  explicit SendTemplate(std::string_view text, uint64_t seed = 1);
  void render(uint64_t n, std::string& out) const;          // appends
  void render_in_json(uint64_t n, std::string& out) const;  // appends, escaped to stand within a JSON string
  bool empty() const { return pieces_.empty(); }

 private:
  enum class Fill { nothing, number, phone, random };
  struct Piece {
    std::string text, escaped;
    Fill then;
  };
  void fill(Fill fill, uint64_t n, std::string& out) const;

  uint64_t seed_;
  std::vector<Piece> pieces_;
};

// Escapes what JSON strings may not hold as it is.
std::string json_escaped(std::string_view text);

}  // namespace forebay
