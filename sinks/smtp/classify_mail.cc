#include "sinks/smtp/classify_mail.h"

#include "sinks/http/classify.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

bool is_about_access(const MailEnd& end) {
  return end.code == CURLE_LOGIN_DENIED || end.reply == 530 || end.reply == 534 || end.reply == 535 || end.reply == 538;
}

Kind kind_of(const MailEnd& end) {
  constexpr int closing = 421, too_large = 552;
  const bool final = end.reply >= 500;
  if (end.reply == closing || is_about_access(end)) return Kind::sink_fault;
  if (final && !end.connected) return Kind::sink_fault;
  if (final && end.reply != too_large && end.detail.starts_with("MAIL failed")) return Kind::sink_fault;
  return final ? Kind::dead : Kind::retry;
}

Outcome unanswered_or_unsent(const MailEnd& end) {
  Outcome outcome = classify_failure({.code = end.code,
                                      .os_errno = end.os_errno,
                                      .open_error = end.open_error,
                                      .written = end.text_begun,
                                      .host = end.host,
                                      .detail = end.detail});
  const bool closed = end.code == CURLE_RECV_ERROR || end.code == CURLE_SEND_ERROR || end.code == CURLE_GOT_NOTHING;
  if (closed && outcome.kind == Kind::unanswered) outcome.reason = "closed without a reply";
  if (closed && outcome.kind == Kind::retry) outcome.reason = "closed while connecting";
  if (!end.connected || end.text_begun || outcome.kind == Kind::throttled) return outcome;
  outcome.sent = true;
  outcome.reason = end.code == CURLE_OPERATION_TIMEDOUT ? "timeout before the mail" : "closed before the mail";
  return outcome;
}

}  // namespace

Outcome classify_mail(const MailEnd& end) {
  Outcome outcome;
  if (end.interrupted) {
    outcome.sent = end.connected;
    outcome.reason = "shut down";
  } else if (end.code == CURLE_OK || end.reply >= 400) {
    outcome.kind = end.code == CURLE_OK ? Kind::delivered : kind_of(end);
    outcome.answered = true;
    outcome.status = end.reply;
    outcome.reason = "smtp " + std::to_string(end.reply);
    outcome.peer = end.peer;
  } else if (end.code == CURLE_USE_SSL_FAILED || end.code == CURLE_LOGIN_DENIED) {
    outcome.kind = Kind::sink_fault;
    outcome.sent = false;
    outcome.reason = end.code == CURLE_USE_SSL_FAILED ? "no TLS offered, and there is a password" : "login denied";
  } else {
    outcome = unanswered_or_unsent(end);
  }
  outcome.excerpt = end.last_line.substr(0, kExcerptMax);
  return outcome;
}

}  // namespace forebay
