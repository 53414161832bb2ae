#include "sinks/smtp/mail_text.h"

#include <simdjson.h>
#include <strings.h>
#include <time.h>

#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "config/forms.h"
#include "config/sink_forms.h"
#include "sinks/value_of.h"

namespace forebay {
namespace {

constexpr std::string_view line_end = "\r\n";

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool is_plain(char c) {
  return c >= ' ' && c < 0x7f;
}

std::string from_latin_1(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) out.push_back(static_cast<char>(0xc0 | byte >> 6));
    out.push_back(byte < 0x80 ? c : static_cast<char>(0x80 | (byte & 0x3f)));
  }
  return out;
}

std::string date_text(WallTime now) {
  const time_t seconds = now.ns / 1'000'000'000;
  tm fields{};
  gmtime_r(&seconds, &fields);
  char text[64];
  strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &fields);
  return text;
}

// What a `mail` key says: a value of the message, or the text itself.
std::optional<std::string> text_of(const std::string& setting, const Delivery& delivery, std::string* nowhere) {
  ValueSource source;
  if (!why_not_source(setting, &source).empty()) return setting;
  auto value = value_of(source, delivery);
  if (!value) *nowhere = setting + " finds nothing";
  return value;
}

// 7bit of RFC 2045: short lines of plain ASCII.
bool goes_as_it_is(std::string_view body) {
  constexpr size_t line_max = 998;
  size_t line = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '\n') {
      line = 0;
    } else if (c == '\r') {
      if (i + 1 >= body.size() || body[i + 1] != '\n') return false;
    } else if (!is_plain(c) && c != '\t') {
      return false;
    } else if (++line > line_max) {
      return false;
    }
  }
  return true;
}

void append_lines(std::string_view body, std::string* out) {
  for (char c : body) {
    if (c == '\r') continue;
    if (c == '\n') {
      out->append(line_end);
    } else {
      out->push_back(c);
    }
  }
  if (!body.ends_with('\n')) out->append(line_end);
}

void append_base64_lines(std::string_view body, std::string* out) {
  constexpr size_t bytes_per_line = 57;  // 76 characters
  for (size_t at = 0; at < body.size(); at += bytes_per_line) {
    append_base64(body.substr(at, bytes_per_line), out);
    out->append(line_end);
  }
}

std::string content_type_of(std::string_view given, std::string_view body) {
  constexpr std::string_view form = "application/x-www-form-urlencoded", text = "text/";
  const bool is_form = given.size() >= form.size() && strncasecmp(given.data(), form.data(), form.size()) == 0;
  const bool plain = given.empty() || is_form;
  if (plain && !is_utf8(body)) return "application/octet-stream";
  std::string type(plain ? "text/plain" : given);
  const bool is_text = strncasecmp(type.c_str(), text.data(), text.size()) == 0;
  if (is_text && type.find("charset") == type.npos && is_utf8(body)) type += "; charset=utf-8";
  return type;
}

void append_content(std::string_view content_type, std::string_view body, std::string* out) {
  const bool plain = goes_as_it_is(body);
  out->append("Content-Type: ").append(content_type_of(content_type, body)).append(line_end);
  out->append("Content-Transfer-Encoding: ").append(plain ? "7bit" : "base64").append(line_end).append(line_end);
  plain ? append_lines(body, out) : append_base64_lines(body, out);
}

std::string recipient_of(const MailConfig& config, const Delivery& delivery, Mail* mail) {
  if (config.to.from == ValueSource::From::none) return config.to_fixed;
  const auto to = value_of(config.to, delivery);
  if (!to) mail->refused = "no recipient: " + source_text(config.to) + " finds nothing";
  if (to && !is_mail_address(*to)) mail->refused = "no recipient: " + source_text(config.to) + " is not a mail address";
  return to.value_or("");
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; });
}

}  // namespace

std::string header_text(std::string_view text) {
  // Lines of encoded words have 76 characters at most, the first one's with the header's name, such as `Subject: `.
  constexpr size_t plain_max = 69, first_bytes_max = 39, word_bytes_max = 45;
  const bool plain = std::all_of(text.begin(), text.end(), is_plain);
  if (plain && text.size() <= plain_max && text.find("=?") == text.npos) return std::string(text);
  const std::string whole = is_utf8(text) ? std::string(text) : from_latin_1(text);
  std::string out;
  for (size_t at = 0; at < whole.size();) {
    size_t end = std::min(whole.size(), at + (out.empty() ? first_bytes_max : word_bytes_max));
    while (end < whole.size() && (whole[end] & 0xc0) == 0x80) --end;  // no character is torn
    out.append(out.empty() ? "" : "\r\n ").append("=?UTF-8?B?").append(base64({&whole[at], end - at})).append("?=");
    at = end;
  }
  return out;
}

Mail compose_mail(const MailConfig& config, const Delivery& delivery, WallTime now) {
  Mail mail;
  mail.from = config.from;
  mail.to = recipient_of(config, delivery, &mail);
  if (!mail.refused.empty()) return mail;
  const auto subject = text_of(config.subject, delivery, &mail.refused);
  const auto body = config.body.empty() ? std::nullopt : text_of(config.body, delivery, &mail.refused);
  if (!mail.refused.empty()) return mail;
  const bool type_fits = std::all_of(delivery.content_type.begin(), delivery.content_type.end(), is_plain);
  if (!is_one_line(*subject)) mail.refused = "header not allowed: Subject";
  if (!type_fits) mail.refused = "header not allowed: Content-Type";
  if (!mail.refused.empty()) return mail;
  std::string& text = mail.text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append(line_end);
  };
  add("Date", date_text(now));
  add("From", "<" + mail.from + ">");
  add("To", "<" + mail.to + ">");
  add("Subject", header_text(*subject));
  add("Message-ID", "<" + std::string(delivery.message_id) + mail.from.substr(mail.from.find('@')) + ">");
  add("Auto-Submitted", "auto-generated");
  add("MIME-Version", "1.0");
  append_content(body ? "text/plain" : delivery.content_type, body ? std::string_view(*body) : delivery.body, &text);
  return mail;
}

}  // namespace forebay
