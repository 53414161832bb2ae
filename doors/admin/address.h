// What a request's path and query ask for, decoded. Pure functions of untrusted text.
//
// A path is split at '/' first and percent-decoded after, so that a name may hold any character: "%2F" is
// part of a name, '/' never is. The verb is what follows the last ':' of the last segment, as sent:
// "sms:pause".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

// nullopt: a '%' that two hexadecimal digits do not follow.
std::optional<std::string> percent_decode(std::string_view text);

struct Address {
  std::vector<std::string> segments;  // decoded; "/" is one empty segment
  std::string verb;                   // empty: none
};

// nullopt: badly encoded.
std::optional<Address> parse_address(std::string_view path);

// `pattern` is written like a path, with "*" for a segment that is a name: "/v1/queues/*:pause". On a match,
// `names` holds those segments in order. An empty segment is never a name.
bool matches(std::string_view pattern, const Address& address, std::vector<std::string>* names);

// "a=1&b=%20". nullopt: badly encoded, or one name twice.
using Query = std::map<std::string, std::string, std::less<>>;
std::optional<Query> parse_query(std::string_view text);

}  // namespace forebay
