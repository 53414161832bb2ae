#include "base/json_check.h"

#include <array>
#include <cstdint>

namespace forebay {
namespace {

constexpr size_t depth_max = 256;
constexpr std::string_view not_a_value = "is not JSON: a value is missing or cut";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

// Walks over one value after the other; `open_` remembers which brackets are open, so that nothing recurses.
class Walker {
 public:
  explicit Walker(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  std::string_view flaw() {
    while (true) {
      if (!value()) return flaw_;
      while (true) {
        space();
        if (depth_ == 0) return at_ == end_ ? std::string_view() : "is not JSON: something follows the value";
        if (!after_value()) return flaw_;
        if (!closed_) break;
      }
    }
  }

 private:
  bool fail(std::string_view why) {
    flaw_ = why;
    return false;
  }
  char peek() const { return at_ == end_ ? '\0' : *at_; }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  // A whole scalar, or the opening of a container down to its first scalar (or its end, if it is empty).
  bool value() {
    while (true) {
      space();
      const char c = peek();
      if (c != '{' && c != '[') return scalar(c);
      if (depth_ == depth_max) return fail("is nested deeper than 256");
      open_[depth_++] = c;
      ++at_;
      space();
      if (take(c == '{' ? '}' : ']')) {
        --depth_;
        return true;
      }
      if (c == '{' && !name()) return false;
    }
  }

  // After a value: a comma and what comes next begins, or the container closes.
  bool after_value() {
    const char kind = open_[depth_ - 1];
    closed_ = take(kind == '{' ? '}' : ']');
    if (closed_) {
      --depth_;
      return true;
    }
    if (!take(',')) return fail("is not JSON: a comma or a closing bracket is missing");
    space();
    return kind == '[' || name();
  }

  bool name() {
    if (peek() != '"' || !string()) return fail("is not JSON: a member has no name");
    space();
    return take(':') || fail("is not JSON: a colon is missing");
  }

  bool scalar(char c) {
    if (c == '"') return string() || fail("is not JSON: a string is cut or holds what must be escaped");
    if (c == '-' || is_digit(c)) return number() || fail("is not JSON: a number is malformed");
    return word("true") || word("false") || word("null") || fail(not_a_value);
  }

  bool word(std::string_view text) {
    if (static_cast<size_t>(end_ - at_) < text.size() || std::string_view(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return false;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }

  bool number() {
    take('-');
    if (take('0')) {
      if (is_digit(peek())) return false;
    } else if (!digits()) {
      return false;
    }
    if (take('.') && !digits()) return false;
    if (peek() != 'e' && peek() != 'E') return true;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    return digits();
  }

  bool string() {
    ++at_;
    while (at_ != end_) {
      const char c = *at_++;
      if (c == '"') return true;
      if (static_cast<uint8_t>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i) {
      if (at_ == end_ || !is_hex(*at_++)) return false;
    }
    return true;
  }

  const char* at_;
  const char* const end_;
  size_t depth_ = 0;
  bool closed_ = false;
  std::string_view flaw_;
  std::array<char, depth_max> open_;
};

}  // namespace

std::string_view json_flaw(std::string_view text) {
  return Walker(text).flaw();
}

}  // namespace forebay
