#include "sinks/http/classify.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sinks/http/retry_after.h"

namespace forebay {

namespace {

using nlohmann::json;
using Kind = Outcome::Kind;

std::string unescaped(std::string_view token) {  // RFC 6901: ~1 is /, ~0 is ~
  std::string out;
  for (size_t i = 0; i < token.size(); i++) {
    bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    out += !escape ? token[i] : token[++i] == '1' ? '/' : '~';
  }
  return out;
}

const json* element_of(const json& array, std::string_view token) {
  size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  bool plain = error == std::errc{} && end == token.data() + token.size();
  bool leading_zero = token.size() > 1 && token[0] == '0';
  return plain && !leading_zero && index < array.size() ? &array[index] : nullptr;
}

const json* find(const json& root, std::string_view pointer) {
  const json* at = &root;
  while (at != nullptr && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    size_t end = pointer.find('/', 1);
    std::string_view token = pointer.substr(1, end == pointer.npos ? end : end - 1);
    pointer = end == pointer.npos ? std::string_view{} : pointer.substr(end);
    if (at->is_array()) {
      at = element_of(*at, token);
    } else {
      auto member = at->is_object() ? at->find(unescaped(token)) : at->end();
      at = at->is_object() && member != at->end() ? &*member : nullptr;
    }
  }
  return at;
}

bool status_matches(const ResponseRule& rule, int status) {
  if (rule.statuses.empty()) return true;
  return std::any_of(rule.statuses.begin(), rule.statuses.end(),
                     [&](const auto& range) { return range.first <= status && status <= range.second; });
}

// The text of what the pointer finds: strings bare, other scalars as JSON writes them. Objects and arrays: none.
std::optional<std::string> text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_structured()) return std::nullopt;
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Which of the rules' conditions on bodies hold. The body is parsed once, and only when a rule asks.
class BodyMatcher {
 public:
  explicit BodyMatcher(const Reply& reply) : reply_(reply) {}

  // nullopt: no match. Else what was matched, for the reason; made of config words only.
  std::optional<std::string> match(const ResponseRule& rule) {
    if (rule.json_pointer.empty()) return std::string();
    if (!parsed_) parse();
    const json* value = usable_ ? find(root_, rule.json_pointer) : nullptr;
    if (value == nullptr) return std::nullopt;
    if (rule.in.empty()) return " " + rule.json_pointer;
    std::optional<std::string> text = text_of(*value);
    if (!text || std::find(rule.in.begin(), rule.in.end(), *text) == rule.in.end()) return std::nullopt;
    return " " + rule.json_pointer + " " + *text;
  }

 private:
  void parse() {
    parsed_ = true;
    if (reply_.body_cut) return;
    root_ = json::parse(reply_.body.begin(), reply_.body.end(), nullptr, false);
    usable_ = !root_.is_discarded();
  }

  const Reply& reply_;
  bool parsed_ = false;
  bool usable_ = false;
  json root_;
};

Kind kind_of(ResponseRule::Then then) {
  switch (then) {
    case ResponseRule::Then::delivered: return Kind::delivered;
    case ResponseRule::Then::retry: return Kind::retry;
    case ResponseRule::Then::throttle: return Kind::throttled;
    case ResponseRule::Then::dead: return Kind::dead;
    case ResponseRule::Then::sink_fault: return Kind::sink_fault;
  }
  return Kind::retry;
}

Kind default_kind(int status, bool asks_to_wait) {
  switch (status) {
    case 408:
    case 425: return Kind::retry;
    case 429: return Kind::throttled;
    case 503: return asks_to_wait ? Kind::throttled : Kind::retry;
    case 401:
    case 403:
    case 404:
    case 407: return Kind::sink_fault;
    default: break;
  }
  if (status >= 200 && status < 300) return Kind::delivered;
  return status >= 500 ? Kind::retry : Kind::dead;
}

const ResponseRule* first_match(const SinkConfig& sink, const Reply& reply, std::string* matched) {
  BodyMatcher body(reply);
  for (const ResponseRule& rule : sink.responses) {
    if (!status_matches(rule, reply.status)) continue;
    if (std::optional<std::string> what = body.match(rule)) {
      *matched = *what;
      return &rule;
    }
  }
  return nullptr;
}

std::string with_detail(std::string_view what, std::string_view detail) {
  std::string reason(what);
  if (!detail.empty()) reason.append(": ").append(detail.substr(0, 160));
  return reason;
}

std::string reason_unsent(const Failure& failure) {
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST: return with_detail("name not found", failure.host);
    case CURLE_OPERATION_TIMEDOUT: return "timeout while connecting";
    case CURLE_PEER_FAILED_VERIFICATION: return with_detail("certificate not trusted", failure.detail);
    case CURLE_SSL_CACERT_BADFILE: return with_detail("ca_file not usable", failure.detail);
    case CURLE_SSL_CONNECT_ERROR: return with_detail("TLS failed", failure.detail);
    default: break;
  }
  if (failure.os_errno == ECONNREFUSED) return "connection refused";
  if (failure.os_errno == ECONNRESET) return "connection reset";
  return with_detail("cannot connect", failure.detail);
}

std::string reason_unanswered(const Failure& failure) {
  if (failure.headers_too_big) return "reply headers too large";
  if (failure.os_errno == ECONNRESET) return "connection reset";
  switch (failure.code) {
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    case CURLE_ABORTED_BY_CALLBACK:  // the resend libcurl was kept from
    case CURLE_COULDNT_CONNECT:      // … or would have made
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR: return "closed without a reply";
    case CURLE_PARTIAL_FILE: return "closed within the reply";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_OUT_OF_MEMORY:  // a header line above libcurl's own bound
    case CURLE_BAD_CONTENT_ENCODING: return "malformed reply";
    case CURLE_RECV_ERROR: return "reply not readable";
    default: return with_detail("no reply", failure.detail);
  }
}

}  // namespace

bool reads_bodies(const SinkConfig& sink) {
  return std::any_of(sink.responses.begin(), sink.responses.end(),
                     [](const ResponseRule& rule) { return !rule.json_pointer.empty(); });
}

Outcome classify_reply(const SinkConfig& sink, const Reply& reply, WallTime now) {
  Outcome outcome;
  outcome.excerpt = reply.body.substr(0, kExcerptMax);
  outcome.status = reply.status;
  if (reply.status < 200 || reply.status > 999) {
    outcome.reason = "malformed reply";
    return outcome;
  }
  outcome.answered = true;
  outcome.reason = "http " + std::to_string(reply.status);
  outcome.retry_after = parse_retry_after(reply.retry_after, now);
  outcome.pause_sink = std::find(sink.pause_on.begin(), sink.pause_on.end(), reply.status) != sink.pause_on.end();
  std::string matched;
  if (const ResponseRule* rule = first_match(sink, reply, &matched)) {
    outcome.kind = kind_of(rule->then);
    outcome.reason += matched;
    if (rule->then == ResponseRule::Then::throttle) {
      outcome.throttle_key = rule->scope == ResponseRule::Scope::key;
      if (rule->for_duration) outcome.retry_after = rule->for_duration;
    }
  } else {
    outcome.kind = default_kind(reply.status, outcome.retry_after.has_value());
    if (outcome.pause_sink && outcome.kind == Kind::dead) outcome.kind = Kind::sink_fault;
  }
  if (reply.body_cut) outcome.reason += ", reply above 64 KiB";
  return outcome;
}

Outcome classify_failure(const Failure& failure) {
  Outcome outcome;
  outcome.sent = failure.written;
  outcome.kind = failure.written ? Kind::unanswered : Kind::retry;
  outcome.reason = failure.written ? reason_unanswered(failure) : reason_unsent(failure);
  return outcome;
}

}  // namespace forebay
