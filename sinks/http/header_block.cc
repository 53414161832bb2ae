#include "sinks/http/header_block.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace forebay {

namespace {

constexpr std::array<std::string_view, 5> kOwnNames = {"Forebay-Message-Id", "Forebay-Attempt", "Forebay-Queue",
                                                       "Idempotency-Key", "Forebay-Message-Ids"};
constexpr std::array<std::string_view, 3> kSignNames = {"webhook-id", "webhook-timestamp", "webhook-signature"};
constexpr std::array<std::string_view, 12> kConnectionNames = {
    "Connection", "Content-Length",   "Expect",  "HTTP2-Settings", "Keep-Alive", "Proxy-Authorization",
    "TE",         "Proxy-Connection", "Trailer", "Trailers",       "Upgrade",    "Transfer-Encoding"};

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view n) { return same_name(n, name); });
}

bool is_token(std::string_view name) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
  });
}

bool is_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos;
}

// libcurl takes "Name: value"; an empty value is written "Name;", for "Name:" would mean: leave it out.
void write_line(std::string& out, std::string_view name, std::string_view value) {
  bool blank = value.find_first_not_of(" \t") == value.npos;
  out.append(name).append(blank ? ";" : ": ");
  if (!blank) out.append(value);
}

bool is_own(std::string_view name, bool signs) {
  return contains(kOwnNames, name) || (signs && contains(kSignNames, name));
}

// Visible ASCII, as a path: what a request line can be made of.
bool is_target(std::string_view target) {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Names come from producers: what is not a token is not repeated.
std::string not_allowed(std::string_view name) {
  std::string reason = "header not allowed";
  if (is_token(name)) reason.append(": ").append(name.substr(0, 64));
  return reason;
}

void chain(std::vector<curl_slist>& nodes, curl_slist* tail) {
  for (size_t i = 0; i < nodes.size(); i++) nodes[i].next = i + 1 < nodes.size() ? &nodes[i + 1] : tail;
}

}  // namespace

SinkHeaders::SinkHeaders(const SinkConfig& sink) : signs_(!sink.sign.secrets.empty()) {
  lines_.push_back("Expect:");  // no waiting for 100 Continue
  for (const auto& [name, value] : sink.headers) {
    if (!is_token(name) || !is_value(value) || contains(kConnectionNames, name)) refused_ = not_allowed(name);
    if (is_own(name, signs_)) continue;
    names_.push_back(name);
    write_line(lines_.emplace_back(), name, value);
  }
  for (std::string& line : lines_) nodes_.push_back({line.data(), nullptr});
  chain(nodes_, nullptr);
}

bool SinkHeaders::names(std::string_view name) const {
  return contains(names_, name);
}

std::string HeaderBlock::refusal(const Delivery& delivery) {
  if (!is_value(delivery.message_id)) return not_allowed(kOwnNames[0]);
  if (!is_value(delivery.queue)) return not_allowed(kOwnNames[2]);
  if (!is_value(delivery.idempotency_key)) return not_allowed(kOwnNames[3]);
  if (!is_value(delivery.content_type)) return not_allowed("Content-Type");
  if (!delivery.method.empty() && (!is_token(delivery.method) || !is_target(delivery.target)))
    return "request line not allowed";
  for (const auto& [name, value] : delivery.headers)
    if (!is_token(name) || !is_value(value) || same_name(name, "Host") || contains(kConnectionNames, name))
      return not_allowed(name);
  return {};
}

curl_slist* HeaderBlock::build(const Delivery& delivery, const SinkHeaders& sink, const RequestMarks& marks) {
  text_.clear();
  starts_.clear();
  add(kOwnNames[marks.joined ? 4 : 0], delivery.message_id);
  add(kOwnNames[1], std::to_string(delivery.attempt));
  add(kOwnNames[2], delivery.queue);
  add(kOwnNames[3], delivery.idempotency_key.empty() ? delivery.message_id : delivery.idempotency_key);
  if (sink.signs()) {
    add(kSignNames[0], marks.webhook_id);
    add(kSignNames[1], marks.webhook_timestamp);
    add(kSignNames[2], marks.webhook_signature);
  }
  bool typed = sink.names("Content-Type"), accepts = sink.names("Accept"), agent = sink.names("User-Agent");
  for (const auto& [name, value] : delivery.headers) {
    if (is_own(name, sink.signs()) || sink.names(name)) continue;
    typed = typed || same_name(name, "Content-Type");
    accepts = accepts || same_name(name, "Accept");
    agent = agent || same_name(name, "User-Agent");
    add(name, value);
  }
  if (!typed && !delivery.content_type.empty()) add("Content-Type", delivery.content_type);
  if (!typed && delivery.content_type.empty()) leave_out("Content-Type");  // or libcurl would claim a form
  if (!delivery.method.empty() && !accepts) leave_out("Accept");
  if (!delivery.method.empty() && !agent) leave_out("User-Agent");
  nodes_.clear();
  for (size_t start : starts_) nodes_.push_back({text_.data() + start, nullptr});
  chain(nodes_, sink.list());
  return nodes_.data();
}

// libcurl is told so by a name without a value.
void HeaderBlock::leave_out(std::string_view name) {
  starts_.push_back(text_.size());
  text_.append(name).append(":").push_back('\0');
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  assert(is_value(value));
  starts_.push_back(text_.size());
  write_line(text_, name, value);
  text_.push_back('\0');
}

}  // namespace forebay
