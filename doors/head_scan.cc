#include "doors/head_scan.h"

#include <cstring>

#include "doors/http_chars.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

Problem too_large(std::string detail) {
  return refusal(431, "headers-too-large", "The request's headers are too large", std::move(detail));
}

bool check_version(std::string_view version, Problem* problem) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return true;
  const bool known_shape = version.size() == 8 && version.substr(0, 5) == "HTTP/" && version[6] == '.' &&
                           is_digits(version.substr(5, 1)) && is_digits(version.substr(7, 1));
  *problem = known_shape ? refusal(505, "version-not-supported", "This version of HTTP is not spoken here",
                                   "send the request as HTTP/1.1 or HTTP/1.0")
                         : malformed("the request line does not end in HTTP/1.1");
  return false;
}

bool check_request_line(std::string_view line, Problem* problem) {
  const size_t first = line.find(' ');
  const size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos || line.find(' ', second + 1) != line.npos) {
    *problem = malformed("the request line is not 'method target version' with single spaces");
    return false;
  }
  if (!is_token(line.substr(0, first))) {
    *problem = malformed("the method is not a token");
    return false;
  }
  const std::string_view target = line.substr(first + 1, second - first - 1);
  if (target.empty() || !is_target_text(target)) {
    *problem = malformed("the request target holds characters that must be percent-encoded");
    return false;
  }
  return check_version(line.substr(second + 1), problem);
}

bool check_header_line(std::string_view line, Problem* problem) {
  if (line.front() == ' ' || line.front() == '\t') {
    *problem = malformed("a header is continued on a second line (obs-fold)");
    return false;
  }
  const size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) {
    *problem = malformed("a header line does not start with a name and a colon");
    return false;
  }
  if (!is_field_value(line.substr(colon + 1))) {
    *problem = malformed("a header value holds a control character");
    return false;
  }
  return true;
}

}  // namespace

HeadScan::Result HeadScan::scan(std::string_view bytes, uint64_t max_bytes, uint32_t max_headers, Problem* problem) {
  while (true) {
    const void* found = std::memchr(bytes.data() + looked_, '\n', bytes.size() - looked_);
    const size_t upto = found == nullptr ? bytes.size() : static_cast<const char*>(found) - bytes.data() + 1;
    if (upto - begin_ > max_bytes) {
      *problem = too_large("request line and headers together may have " + std::to_string(max_bytes) + " bytes");
      return Result::refused;
    }
    looked_ = static_cast<uint32_t>(upto);
    if (found == nullptr) return Result::more;

    const std::string_view line = bytes.substr(line_, upto - line_);
    line_ = looked_;
    const Result result = take_line(line, max_headers, problem);
    if (result != Result::more) return result;
  }
}

HeadScan::Result HeadScan::take_line(std::string_view line, uint32_t max_headers, Problem* problem) {
  if (line.size() < 2 || line[line.size() - 2] != '\r') {
    *problem = malformed("a line ends in LF without CR");
    return Result::refused;
  }
  line.remove_suffix(2);
  if (line.empty()) {
    if (lines_ > 0) return Result::whole;
    if (begin_ > 0) {
      *problem = malformed("empty lines before the request line");
      return Result::refused;
    }
    begin_ = line_;
    return Result::more;
  }
  if (lines_ > max_headers) {
    *problem = too_large("a request may have " + std::to_string(max_headers) + " headers");
    return Result::refused;
  }
  const bool fine = lines_ == 0 ? check_request_line(line, problem) : check_header_line(line, problem);
  ++lines_;
  return fine ? Result::more : Result::refused;
}

}  // namespace forebay
