#include "doors/chunk_decoder.h"

#include <algorithm>
#include <cassert>

#include "doors/http_chars.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

constexpr uint8_t size_digits_max = 16;
constexpr uint32_t extension_bytes_max = 4096;

bool refuse(Problem* problem, std::string detail) {
  *problem = malformed(std::move(detail));
  return false;
}

}  // namespace

ChunkDecoder::Result ChunkDecoder::feed(std::string_view* bytes, const ChunkLimits& limits, std::string* body,
                                        Problem* problem) {
  while (!bytes->empty()) {
    if (state_ == State::data) {
      take_data(bytes, body);
      continue;
    }
    const char c = bytes->front();
    bytes->remove_prefix(1);
    if (!take_byte(c, limits, body->size(), problem)) return Result::refused;
    if (done_) return Result::done;
  }
  return Result::more;
}

void ChunkDecoder::take_data(std::string_view* bytes, std::string* body) {
  const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, bytes->size()));
  body->append(bytes->data(), n);
  bytes->remove_prefix(n);
  left_ -= n;
  if (left_ == 0) state_ = State::data_cr;
}

bool ChunkDecoder::take_byte(char c, const ChunkLimits& limits, uint64_t body_bytes, Problem* problem) {
  switch (state_) {
    case State::size_first:
    case State::size:
      return take_size(c, problem);
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
      } else if (!is_field_value_char(c) || ++extension_bytes_ > extension_bytes_max) {
        return refuse(problem, "a chunk extension is too long or holds a control character");
      }
      return true;
    case State::size_lf:
      return c == '\n' ? end_size(limits, body_bytes, problem) : refuse(problem, "a chunk size has CR without LF");
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' || refuse(problem, "a chunk is longer than its size says");
    case State::data_lf:
      state_ = State::size_first;
      return c == '\n' || refuse(problem, "a chunk ends in CR without LF");
    case State::data:
      assert(false);
      return false;
    default:
      return take_trailer(c, limits, problem);
  }
}

bool ChunkDecoder::take_size(char c, Problem* problem) {
  if (is_hex_digit(c)) {
    if (++digits_ > size_digits_max) return refuse(problem, "a chunk size has too many digits");
    left_ = (left_ << 4) | static_cast<uint64_t>(hex_value(c));
    state_ = State::size;
    return true;
  }
  if (state_ == State::size && c == '\r') {
    state_ = State::size_lf;
    return true;
  }
  if (state_ == State::size && c == ';') {
    state_ = State::extension;
    return true;
  }
  return refuse(problem, "a chunk size is not a hexadecimal number");
}

bool ChunkDecoder::end_size(const ChunkLimits& limits, uint64_t body_bytes, Problem* problem) {
  if (left_ > limits.max_body_bytes || body_bytes + left_ > limits.max_body_bytes) {
    *problem = refusal(413, "body-too-large", "The body is too large",
                       "a body here may have " + std::to_string(limits.max_body_bytes) + " bytes");
    return false;
  }
  digits_ = 0;
  state_ = left_ == 0 ? State::trailer_start : State::data;
  return true;
}

bool ChunkDecoder::take_trailer(char c, const ChunkLimits& limits, Problem* problem) {
  if (++trailer_bytes_ > limits.max_trailer_bytes) {
    *problem = refusal(431, "headers-too-large", "The request's trailers are too large",
                       "trailers here may have " + std::to_string(limits.max_trailer_bytes) + " bytes");
    return false;
  }
  switch (state_) {
    case State::trailer_start:
      state_ = c == '\r' ? State::end_lf : State::trailer_name;
      return c == '\r' || is_token_char(c) || refuse(problem, "a trailer line does not start with a name");
    case State::trailer_name:
      if (c == ':') state_ = State::trailer_value;
      return c == ':' || is_token_char(c) || refuse(problem, "a trailer line does not start with a name and a colon");
    case State::trailer_value:
      if (c == '\r') state_ = State::trailer_lf;
      return c == '\r' || is_field_value_char(c) || refuse(problem, "a trailer value holds a control character");
    case State::trailer_lf:
      state_ = State::trailer_start;
      return c == '\n' || refuse(problem, "a trailer line ends in CR without LF");
    default:
      assert(state_ == State::end_lf);
      done_ = c == '\n';
      return done_ || refuse(problem, "the trailers end in CR without LF");
  }
}

}  // namespace forebay
