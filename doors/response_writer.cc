#include "doors/response_writer.h"

#include <cassert>
#include <cstdio>
#include <ctime>

#include "doors/http_chars.h"
#include "doors/json_text.h"

namespace forebay {

namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr Phrase phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

}  // namespace

std::string_view reason_phrase(int status) {
  for (const Phrase& phrase : phrases) {
    if (phrase.status == status) return phrase.text;
  }
  return status < 400 ? "Done" : "Refused";
}

std::string imf_fixdate(int64_t unix_seconds) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t when = unix_seconds;
  tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  const int n =
      std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
                    months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text, static_cast<size_t>(n));
}

namespace {

void append_header(std::string* out, std::string_view name, std::string_view value) {
  assert(is_token(name) && is_field_value(value));
  out->append(name);
  out->append(": ");
  out->append(value);
  out->append("\r\n");
}

}  // namespace

void append_response(std::string* out, const Response& response, ResponseStyle style, std::string_view date) {
  assert(response.status >= 200 && response.status <= 599);
  out->append("HTTP/1.1 ");
  append_number(out, static_cast<uint64_t>(response.status));
  out->push_back(' ');
  out->append(reason_phrase(response.status));
  out->append("\r\nDate: ");
  out->append(date);
  out->append("\r\n");
  if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
  if (response.status != 204 && response.status != 304 && !response.no_length && !response.stream) {
    out->append("Content-Length: ");
    append_number(out, response.body.size());
    out->append("\r\n");
  }
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  if (style.close) {
    out->append("Connection: close\r\n");
  } else if (style.http_1_0) {
    out->append("Connection: keep-alive\r\n");
  }
  out->append("\r\n");
  const bool no_body = style.head_only || response.no_length || response.status == 204 || response.status == 304;
  if (!no_body) out->append(response.body);
}

}  // namespace forebay
