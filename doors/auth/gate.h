// Gate: who may do what, at the http and the admin door. Without tokens everybody may do everything.
//
// Promise: a request is let in only with a token whose scopes cover it; no answer, log or metric holds a token, nor
// says whether a token that was sent is like one that is known.
// 401 without a token, with an unknown one, or with two; 403 names the scope that is missing.
// A path that is none (404) asks for a token and no scope; a path the table of scopes does not know asks for `admin`.
// A forward door is asked by a header of its own, Forebay-Token: Authorization is for whom the request goes to.
// Loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "doors/auth/route_scopes.h"
#include "doors/auth/token_list.h"
#include "doors/server.h"

namespace forebay {

// Whom a request comes from. Valid during the request.
struct Caller {
  const Token* token = nullptr;  // nullptr: nobody was asked
  std::string_view name() const { return token == nullptr ? std::string_view() : token->name; }
};

class Gate {
 public:
  explicit Gate(const std::vector<AuthToken>& tokens) { look_again(tokens); }
  // Other tokens, from the next request on.
  void look_again(const std::vector<AuthToken>& tokens) { tokens_ = std::make_unique<TokenList>(tokens); }

  // nullopt: it may go on, as *caller. `is_path`: the door has such a path.
  std::optional<Response> refusal(DoorSide door, const Request& request, bool is_path, Caller* caller) const;
  // The same at a forward door, whose requests all go to one queue.
  std::optional<Response> refusal_to_forward(const Request& request, std::string_view queue, Caller* caller) const;
  // Of a message that has been looked up: is its queue one that the caller may do this to?
  static std::optional<Problem> missing(const Caller& caller, Verb verb, std::string_view queue);

 private:
  std::unique_ptr<TokenList> tokens_;
};

}  // namespace forebay
