#include "doors/request_head.h"

#include <llhttp.h>

#include "doors/http_chars.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

RequestHead& head_of(llhttp_t* parser) {
  return *static_cast<RequestHead*>(parser->data);
}

// llhttp hands a name or a value over in one piece or in adjoining ones; -1 (refuse) for anything else.
int extend(std::string_view* view, const char* at, size_t length) {
  if (view->empty()) {
    *view = {at, length};
    return 0;
  }
  if (view->data() + view->size() != at) return -1;
  *view = {view->data(), view->size() + length};
  return 0;
}

int on_method(llhttp_t* parser, const char* at, size_t length) {
  return extend(&head_of(parser).method, at, length);
}

int on_target(llhttp_t* parser, const char* at, size_t length) {
  return extend(&head_of(parser).target, at, length);
}

int on_name(llhttp_t* parser, const char* at, size_t length) {
  auto& headers = head_of(parser).headers;
  const bool same_name = !headers.empty() && headers.back().first.data() + headers.back().first.size() == at;
  if (!same_name) headers.emplace_back();
  return extend(&headers.back().first, at, length);
}

int on_value(llhttp_t* parser, const char* at, size_t length) {
  auto& headers = head_of(parser).headers;
  return length == 0 ? 0 : extend(&headers.back().second, at, length);
}

int on_headers_complete(llhttp_t* parser) {
  head_of(parser).http_1_0 = llhttp_get_http_minor(parser) == 0;
  return HPE_PAUSED;  // the body is framed and read by our own rules
}

llhttp_settings_t make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = on_method;
  settings.on_url = on_target;
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_headers_complete;
  return settings;
}

Problem problem_of(const llhttp_t* parser, llhttp_errno_t error) {
  if (error == HPE_INVALID_METHOD) {
    return refusal(501, "method-not-implemented", "This method is not implemented",
                   "methods that HTTP does not know are not served here");
  }
  const char* reason = llhttp_get_error_reason(parser);
  return malformed(reason != nullptr ? reason : llhttp_errno_name(error));
}

}  // namespace

void RequestHead::clear() {
  auto kept = std::move(headers);
  kept.clear();
  *this = RequestHead{};
  headers = std::move(kept);
}

void RequestHead::rebase(const char* from, const char* to) {
  auto moved = [&](std::string_view* view) {
    if (view->data() != nullptr) *view = {to + (view->data() - from), view->size()};
  };
  moved(&method), moved(&target), moved(&path), moved(&query);
  for (auto& [name, value] : headers) moved(&name), moved(&value);
}

std::optional<Problem> read_head(std::string_view text, RequestHead* head) {
  static const llhttp_settings_t settings = make_settings();
  head->clear();
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = head;
  const llhttp_errno_t error = llhttp_execute(&parser, text.data(), text.size());
  if (error == HPE_OK) return malformed("the headers do not end where their empty line is");
  if (error != HPE_PAUSED) return problem_of(&parser, error);
  for (auto& [name, value] : head->headers) value = trimmed(value);
  return read_framing(head);
}

}  // namespace forebay
