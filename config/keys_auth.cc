// The rows of who may do what.
#include "config/key_rows.h"

namespace forebay {
namespace {

const std::array rows{
    group("auth", Kind::section, "who may do what; without tokens everybody may do everything"),
    value("auth.tokens", Kind::sections, nullptr, {},
          "bearer tokens: {name: shop, token: \"${SHOP_TOKEN}\", may: [publish:sms, read:sms]}", {.example = "[]"}),
    value("auth.tokens[].name", Kind::name, INTO(token.name), {}, "what answers and logs call it",
          {.example = "shop", .required = true}),
    value("auth.tokens[].token", Kind::secret, INTO(token.token), {}, "what follows `Authorization: Bearer`",
          {.example = "\"${SHOP_TOKEN}\"", .required = true}),
    value("auth.tokens[].may", Kind::scopes, INTO(token.may), {},
          "publish:, pull:, read: and cancel: with a queue, a topic or *; admin for the admin door",
          {.example = "[publish:sms, read:sms]", .required = true}),
    value("auth.tokens[].limits", Kind::producer_limits, INTO(token.limits), {},
          "what it may publish, all together: exact sliding windows; above them 429", {.example = "[]"}),
};

}  // namespace

std::vector<Key> auth_rows() {
  return {rows.begin(), rows.end()};
}

}  // namespace forebay
