#include "doors/response_writer.h"

#include <cassert>
#include <cstdio>
#include <ctime>

#include "doors/http_chars.h"
#include "doors/json_text.h"

namespace forebay {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return status < 400 ? "Done" : "Refused";
  }
}

std::string imf_fixdate(int64_t unix_seconds) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t when = unix_seconds;
  tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  const int n = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                              parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                              parts.tm_min, parts.tm_sec);
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
  if (response.status != 204) {
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
  if (!style.head_only && response.status != 204) out->append(response.body);
}

}  // namespace forebay
