// Scope: what a token may do, as written in `may:`: "publish:sms", "pull:audit", "read:*", "cancel:sms", "admin".
// The name is that of a queue, for publish and read of a queue or a topic; `*` stands for every one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forebay {

enum class Verb : uint8_t { publish, pull, read, cancel, admin };

struct Scope {
  Verb verb = Verb::admin;
  std::string name;  // empty: of admin alone
  bool operator==(const Scope&) const = default;
};

std::string_view verb_name(Verb verb);

// "publish:sms"; just "admin" where there is no name.
std::string scope_text(Verb verb, std::string_view name);

// False: not of that form.
bool parse_scope(std::string_view text, Scope* scope);

}  // namespace forebay
