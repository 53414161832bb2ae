// The small languages of sinks that are no HTTP, as pure functions of text: the loader checks with them what the sinks
// then read with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

// scheme://[[user]:password@]host[:port][/path], of smtp, smtps and redis.
struct ServerUrl {
  std::string scheme, host;    // the host of [::1] is ::1
  std::string user, password;  // percent-decoded
  uint16_t port = 0;           // that of the scheme unless given
  std::string path;            // without its slash
};

// Empty: *url is filled; else what is wrong, with nothing of the text in it.
std::string why_not_server_url(std::string_view text, ServerUrl* url);

// 0 to 1023; nullopt: the path is no number of a database. An empty one is 0.
std::optional<uint32_t> redis_database(std::string_view path);

// local@domain in ASCII, at most 254 bytes: letters, digits and RFC 5322's marks, with dots between; no quoted parts,
// no comment, no display name. So nothing of an address can end a header line or an SMTP command.
bool is_mail_address(std::string_view text);

// whsec_ and base64 of 24 to 64 bytes (Standard Webhooks); nullopt: it is none.
std::optional<std::string> webhook_key(std::string_view secret);

}  // namespace forebay
