#include <limits>

#include "doors/http_chars.h"
#include "doors/refusal.h"
#include "doors/request_head.h"

namespace forebay {
namespace {

constexpr size_t content_length_digits_max = 18;  // below 10^18, far from any overflow

// What the framing headers say, gathered in one pass.
struct Gathered {
  unsigned hosts = 0, lengths = 0, encodings = 0, expects = 0;
  std::string_view host, length, encoding, expect;
  bool close = false, keep_alive = false;
};

void gather_connection(std::string_view value, Gathered* out) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const std::string_view option = trimmed(value.substr(0, comma));
    out->close |= same_ignoring_case(option, "close");
    out->keep_alive |= same_ignoring_case(option, "keep-alive");
    value = comma == value.npos ? std::string_view() : value.substr(comma + 1);
  }
}

Gathered gather(const RequestHead& head) {
  Gathered out;
  for (const auto& [name, value] : head.headers) {
    switch (name.size()) {
      case 4:
        if (same_ignoring_case(name, "host")) ++out.hosts, out.host = value;
        break;
      case 6:
        if (same_ignoring_case(name, "expect")) ++out.expects, out.expect = value;
        break;
      case 10:
        if (same_ignoring_case(name, "connection")) gather_connection(value, &out);
        break;
      case 14:
        if (same_ignoring_case(name, "content-length")) ++out.lengths, out.length = value;
        break;
      case 17:
        if (same_ignoring_case(name, "transfer-encoding")) ++out.encodings, out.encoding = value;
        break;
      default:
        break;
    }
  }
  return out;
}

std::optional<Problem> read_length(const Gathered& seen, RequestHead* head) {
  if (seen.lengths == 0) return std::nullopt;
  if (seen.lengths > 1) return malformed("Content-Length is given more than once");
  if (!is_digits(seen.length)) return malformed("Content-Length is not a number");
  std::string_view digits = seen.length;
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (digits.size() > content_length_digits_max) {
    head->content_length = std::numeric_limits<int64_t>::max();
    return std::nullopt;
  }
  for (char c : digits) head->content_length = head->content_length * 10 + static_cast<uint64_t>(c - '0');
  return std::nullopt;
}

std::optional<Problem> read_body_framing(const Gathered& seen, RequestHead* head) {
  if (seen.encodings == 0) return read_length(seen, head);
  if (seen.lengths > 0) return malformed("both Content-Length and Transfer-Encoding are given");
  if (head->http_1_0) return malformed("HTTP/1.0 has no Transfer-Encoding");
  if (seen.encodings > 1) return malformed("Transfer-Encoding is given more than once");
  if (!same_ignoring_case(seen.encoding, "chunked")) {
    return refusal(501, "transfer-encoding-not-implemented", "This Transfer-Encoding is not implemented",
                   "send the body with Content-Length, or with Transfer-Encoding: chunked alone");
  }
  head->chunked = true;
  return std::nullopt;
}

std::optional<Problem> read_host(const Gathered& seen, const RequestHead& head) {
  if (seen.hosts > 1) return malformed("Host is given more than once");
  if (seen.hosts == 0 && !head.http_1_0) return malformed("Host is missing");
  if (!is_host_text(seen.host)) return malformed("Host is not one host and port");
  return std::nullopt;
}

std::optional<Problem> read_expect(const Gathered& seen, RequestHead* head) {
  if (seen.expects == 0) return std::nullopt;
  if (seen.expects > 1 || !same_ignoring_case(seen.expect, "100-continue")) {
    return refusal(417, "expectation-failed", "This expectation cannot be met",
                   "leave Expect out, or send 100-continue alone");
  }
  head->expect_continue = !head->http_1_0;
  return std::nullopt;
}

bool percent_encoding_is_whole(std::string_view text) {
  for (size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2])) return false;
  }
  return true;
}

// absolute-form is read when it says what Host says; a second opinion about the authority is refused.
std::optional<Problem> strip_authority(std::string_view host, std::string_view* target) {
  constexpr std::string_view scheme = "http://";
  if (target->size() < scheme.size() || !same_ignoring_case(target->substr(0, scheme.size()), scheme)) {
    return malformed("the request target is not a path");
  }
  target->remove_prefix(scheme.size());
  const size_t slash = target->find_first_of("/?");
  const std::string_view authority = target->substr(0, slash);
  if (slash == target->npos || (*target)[slash] != '/') return malformed("the request target has no path");
  if (authority.empty() || !same_ignoring_case(authority, host)) {
    return malformed("the request target names another host than Host does");
  }
  target->remove_prefix(slash);
  return std::nullopt;
}

std::optional<Problem> read_target(const Gathered& seen, RequestHead* head) {
  std::string_view target = head->target;
  if (target == "*") {
    if (head->method != "OPTIONS") return malformed("the request target * is for OPTIONS only");
    head->path = target;
    return std::nullopt;
  }
  if (target.front() != '/') {
    if (auto problem = strip_authority(seen.host, &target)) return problem;
  }
  if (!percent_encoding_is_whole(target)) return malformed("the request target holds a cut percent-encoding");
  const size_t question = target.find('?');
  head->path = target.substr(0, question);
  head->query = question == target.npos ? std::string_view() : target.substr(question + 1);
  return std::nullopt;
}

}  // namespace

// Upgrade is ignored (RFC 9110, section 7.8): the answer is HTTP/1.1, which the client must be ready for.
std::optional<Problem> read_framing(RequestHead* head) {
  const Gathered seen = gather(*head);
  if (head->method == "CONNECT") {
    return refusal(501, "method-not-implemented", "This method is not implemented",
                   "CONNECT is not served: this is no proxy");
  }
  if (auto problem = read_host(seen, *head)) return problem;
  if (auto problem = read_body_framing(seen, head)) return problem;
  if (auto problem = read_expect(seen, head)) return problem;
  head->keep_alive = !seen.close && (!head->http_1_0 || seen.keep_alive);
  return read_target(seen, head);
}

}  // namespace forebay
