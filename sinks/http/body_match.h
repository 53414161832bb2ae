// BodyMatch: do the conditions that `responses:` rules put on a reply's body hold?
//
// A rule's JSON pointer (RFC 6901) must find something; where the rule lists values, it must find a scalar
// whose text is one of them: strings bare, numbers and words as JSON writes them. A body that is no JSON, or
// that was not read to its end, matches no pointer. The body is parsed once, and only when a rule asks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace forebay {

class BodyMatch {
 public:
  BodyMatch(std::string_view body, bool cut);  // body outlives this
  ~BodyMatch();
  BodyMatch(const BodyMatch&) = delete;
  BodyMatch& operator=(const BodyMatch&) = delete;

  // nullopt: no match. Else what was matched, as the tail of a reason; made of words of the config only.
  std::optional<std::string> match(const ResponseRule& rule);

 private:
  struct Parsed;
  std::string_view body_;
  bool cut_;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace forebay
