#include "sinks/http/classify.h"

#include <strings.h>

#include <algorithm>
#include <cerrno>

#include "sinks/http/body_match.h"
#include "sinks/http/retry_after.h"

namespace forebay {

namespace {

using Kind = Outcome::Kind;

bool status_matches(const ResponseRule& rule, int status) {
  if (rule.statuses.empty()) return true;
  return std::any_of(rule.statuses.begin(), rule.statuses.end(),
                     [&](const auto& range) { return range.first <= status && status <= range.second; });
}

Kind kind_of(ResponseRule::Then then) {
  switch (then) {
    case ResponseRule::Then::delivered:
      return Kind::delivered;
    case ResponseRule::Then::retry:
      return Kind::retry;
    case ResponseRule::Then::throttle:
      return Kind::throttled;
    case ResponseRule::Then::dead:
      return Kind::dead;
    case ResponseRule::Then::sink_fault:
      return Kind::sink_fault;
  }
  return Kind::retry;
}

Kind default_kind(int status, bool asks_to_wait) {
  switch (status) {
    case 408:
    case 425:
      return Kind::retry;
    case 429:
      return Kind::throttled;
    case 503:
      return asks_to_wait ? Kind::throttled : Kind::retry;
    case 401:
    case 403:
    case 404:
    case 407:
      return Kind::sink_fault;
    default:
      break;
  }
  if (status >= 200 && status < 300) return Kind::delivered;
  return status >= 500 ? Kind::retry : Kind::dead;
}

// A forwarded request's path is its client's, and so are its credentials unless the sink is configured with some: what
// they bring about concerns that request, and must not close the sink for the others.
bool is_clients_fault(const SinkConfig& sink, const Reply& reply) {
  if (!reply.forwarded) return false;
  const bool own = std::any_of(sink.headers.begin(), sink.headers.end(), [](const auto& header) {
    return strcasecmp(header.first.c_str(), "Authorization") == 0;
  });
  return reply.status == 404 || !own;
}

const ResponseRule* first_match(const SinkConfig& sink, const Reply& reply, std::string* matched) {
  BodyMatch body(reply.body, reply.body_cut);
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
    case CURLE_COULDNT_RESOLVE_HOST:
      return with_detail("name not found", failure.host);
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout while connecting";
    case CURLE_PEER_FAILED_VERIFICATION:
      return with_detail("certificate not trusted", failure.detail);
    case CURLE_SSL_CACERT_BADFILE:
      return with_detail("ca_file not usable", failure.detail);
    case CURLE_SSL_CONNECT_ERROR:
      return with_detail("TLS failed", failure.detail);
    default:
      break;
  }
  if (failure.os_errno == ECONNREFUSED) return "connection refused";
  if (failure.os_errno == ECONNRESET) return "connection reset";
  return with_detail("cannot connect", failure.detail);
}

std::string reason_unanswered(const Failure& failure) {
  if (failure.headers_too_big) return "reply headers too large";
  if (failure.os_errno == ECONNRESET) return "connection reset";
  switch (failure.code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout";
    case CURLE_ABORTED_BY_CALLBACK:  // the resend libcurl was kept from
    case CURLE_COULDNT_CONNECT:      // … or would have made
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return "closed without a reply";
    case CURLE_PARTIAL_FILE:
      return "closed within the reply";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_OUT_OF_MEMORY:  // a header line above libcurl's own bound
    case CURLE_BAD_CONTENT_ENCODING:
      return "malformed reply";
    case CURLE_RECV_ERROR:
      return "reply not readable";
    default:
      return with_detail("no reply", failure.detail);
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
    if (outcome.kind == Kind::sink_fault && is_clients_fault(sink, reply)) outcome.kind = Kind::dead;
    if (outcome.pause_sink && outcome.kind == Kind::dead) outcome.kind = Kind::sink_fault;
  }
  if (reply.body_cut) outcome.reason += ", reply above 64 KiB";
  return outcome;
}

Outcome classify_failure(const Failure& failure) {
  Outcome outcome;
  if (failure.open_error != 0 && !failure.written) {
    const bool descriptors = failure.open_error == EMFILE || failure.open_error == ENFILE;
    outcome.sent = false;
    outcome.kind = Kind::throttled;
    outcome.retry_after = kNoSocketWait;
    outcome.reason = descriptors ? "no file descriptor left to connect with" : "no kernel memory left to connect with";
    return outcome;
  }
  outcome.sent = failure.written;
  outcome.kind = failure.written ? Kind::unanswered : Kind::retry;
  outcome.reason = failure.written ? reason_unanswered(failure) : reason_unsent(failure);
  return outcome;
}

}  // namespace forebay
