#include "doors/auth/gate.h"

#include "doors/http_chars.h"
#include "doors/percent.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

// RFC 6750, section 3: a request without a token is told no error, one with a wrong token is.
Response unauthorized(std::string detail, std::string challenge) {
  Response response = problem_response(refusal(401, "unauthorized", "A token is needed", std::move(detail)));
  response.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return response;
}

Response unauthorized(std::string detail, bool wrong_token) {
  return unauthorized(std::move(detail), std::string(wrong_token ? "Bearer error=\"invalid_token\"" : "Bearer"));
}

Problem forbidden(const std::string& scope) {
  return refusal(403, "forbidden", "This token may not do that", "it lacks the scope " + scope);
}

// What follows "Bearer"; empty: another scheme, or nothing.
std::string_view bearer_of(std::string_view header) {
  constexpr std::string_view scheme = "Bearer ";
  if (header.size() <= scheme.size() || !same_ignoring_case(header.substr(0, scheme.size()), scheme)) return {};
  return trimmed(header.substr(scheme.size()));
}

// Empty: the token has what is needed; else the scope it lacks.
std::string lacking(const Token& token, const NeededScope& needed) {
  switch (needed.on) {
    case NeededScope::On::open:
      return {};
    case NeededScope::On::metrics:
      return token.allows(Verb::admin, {}) || token.allows(Verb::read, "*") ? "" : "admin or read:*";
    case NeededScope::On::nothing:
      return token.allows(Verb::admin, {}) ? "" : "admin";
    case NeededScope::On::message:
      return token.allows_some(needed.verb) ? "" : scope_text(needed.verb, "{its queue}");
    case NeededScope::On::name:
      break;
  }
  const bool plain = needed.name.find('%') == needed.name.npos;
  const std::string name = plain ? std::string(needed.name) : percent_decoded(needed.name);
  return token.allows(needed.verb, name) ? "" : scope_text(needed.verb, name);
}

}  // namespace

std::optional<Response> Gate::refusal(DoorSide door, const Request& request, bool is_path, Caller* caller) const {
  if (tokens_->empty()) return std::nullopt;
  const NeededScope needed = needed_scope(door, request.method, request.path).value_or(NeededScope{});
  if (is_path && needed.on == NeededScope::On::open) return std::nullopt;
  const auto header = request.header("Authorization");
  if (!header) return unauthorized("send it as Authorization: Bearer and the token", false);
  if (request.header_count("Authorization") > 1) return unauthorized("more than one Authorization was sent", false);
  const std::string_view secret = bearer_of(*header);
  if (secret.empty()) return unauthorized("Authorization must be Bearer and the token", false);
  caller->token = tokens_->find(secret);
  if (caller->token == nullptr) return unauthorized("this token is not known", true);
  if (!is_path) return std::nullopt;
  const std::string scope = lacking(*caller->token, needed);
  if (scope.empty()) return std::nullopt;
  return problem_response(forbidden(scope));
}

std::optional<Response> Gate::refusal_to_forward(const Request& request, std::string_view queue, Caller* caller) const {
  if (tokens_->empty()) return std::nullopt;
  const std::string challenge = "Forebay-Token";
  const auto secret = request.header("Forebay-Token");
  if (!secret || secret->empty()) return unauthorized("send it as Forebay-Token: and the token", challenge);
  if (request.header_count("Forebay-Token") > 1) {
    return unauthorized("more than one Forebay-Token was sent", challenge);
  }
  caller->token = tokens_->find(*secret);
  if (caller->token == nullptr) return unauthorized("this token is not known", challenge);
  if (auto problem = missing(*caller, Verb::publish, queue)) return problem_response(*problem);
  return std::nullopt;
}

std::optional<Problem> Gate::missing(const Caller& caller, Verb verb, std::string_view queue) {
  if (caller.token == nullptr || caller.token->allows(verb, queue)) return std::nullopt;
  return forbidden(scope_text(verb, queue));
}

}  // namespace forebay
