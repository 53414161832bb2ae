#include "config/values.h"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <type_traits>

#include "base/duration_text.h"
#include "base/size_text.h"
#include "config/forms.h"
#include "config/scope.h"
#include "config/sink_forms.h"
#include "config/suggest.h"
#include "config/value_stores.h"

namespace forebay {

StoreResult out_of_range(const Key& key) {
  return Wrong{"is out of range", range_text(key)};
}

bool in_range(const Key& key, uint64_t number) {
  return number >= key.range.min && number <= key.range.max;
}

StoreResult store_duration(const Key& key, std::string_view text, Slot slot) {
  Duration duration = Duration::max();
  const bool none = !key.word.empty() && text == key.word;
  if (is_later_value(key, text)) return Wrong{"is not yet available", ""};
  if (!none && !parse_duration(text, &duration)) {
    const std::string also = key.word.empty() ? "" : ", or `" + std::string(key.word) + "`";
    return Wrong{"is not a duration", "a number and one of ms, s, m, h, d, such as 30s or 24h" + also};
  }
  if (!none && !in_range(key, static_cast<uint64_t>(duration.ns))) return out_of_range(key);
  if (auto* plain = std::get_if<Duration*>(&slot))
    **plain = duration;
  else
    *std::get<std::optional<Duration>*>(slot) = duration;
  return std::nullopt;
}

namespace {

using Result = StoreResult;

constexpr size_t text_bytes_max = 4096;

Result store_number(const Key& key, uint64_t number, Slot slot) {
  if (!in_range(key, number)) return out_of_range(key);
  if (auto* wide = std::get_if<uint64_t*>(&slot))
    **wide = number;
  else
    *std::get<uint32_t*>(slot) = static_cast<uint32_t>(number);
  return std::nullopt;
}

Result store_size(const Key& key, std::string_view text, Slot slot) {
  uint64_t bytes = 0;
  if (!parse_size(text, &bytes)) return Wrong{"is not a size", "digits and B, KiB, MiB, GiB or TiB, such as 256KiB"};
  return store_number(key, bytes, slot);
}

Result store_count(const Key& key, std::string_view text, Slot slot) {
  uint64_t count = 0;
  if (!parse_count(text, &count)) return Wrong{"is not a count", "digits and perhaps k, M or G, such as 500 or 10M"};
  return store_number(key, count, slot);
}

Result store_pace(const Key& key, std::string_view text, Slot slot) {
  SinkConfig& sink = *std::get<SinkConfig*>(slot);
  sink.pace_off = text == key.word;
  if (sink.pace_off) return std::nullopt;
  return store_duration(key, text, &sink.pace);
}

std::string listed(std::span<const std::string_view> choices) {
  std::string all;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) all += i + 1 == choices.size() ? " or " : ", ";
    all += choices[i];
  }
  return all;
}

Result not_a_choice(const Key& key, std::string_view text) {
  if (is_later_value(key, text)) return Wrong{"is not yet available", ""};
  const std::vector<std::string> names(key.choices.begin(), key.choices.end());
  const std::string nearest = nearest_name(text, names);
  if (!nearest.empty()) return Wrong{"is not accepted here", "did you mean " + nearest + "?"};
  return Wrong{"is not accepted here", listed(key.choices)};
}

Result store_choice(const Key& key, std::string_view text, Slot slot) {
  const auto found = std::find(key.choices.begin(), key.choices.end(), text);
  if (found == key.choices.end()) return not_a_choice(key, text);
  const size_t index = static_cast<size_t>(found - key.choices.begin());
  std::visit(
      [&](auto value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_enum_v<T>)
          *value = static_cast<T>(index);
        else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::optional<bool>>)
          *value = index == 1;
        else if constexpr (std::is_same_v<T, std::string>)
          *value = std::string(text);
        else
          assert(false && "a choice needs an enum, a bool or a text");
      },
      slot);
  return std::nullopt;
}

Result store_text(const Key&, std::string_view text, Slot slot) {
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == '\0') return Wrong{"holds a line end or a NUL", ""};
  }
  if (text.size() > text_bytes_max) return Wrong{"is too long", "at most 4096 bytes"};
  if (auto* list = std::get_if<std::vector<std::string>*>(&slot))
    (*list)->emplace_back(text);
  else
    *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_name(const Key&, std::string_view text, Slot slot) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
  if (text.empty() || text.size() > 64 || !plain) return Wrong{"is not a name", "1 to 64 ASCII characters"};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_secret(const Key&, std::string_view text, Slot slot) {
  const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (text.empty()) return Wrong{"is empty", ""};
  if (!visible || text.size() > text_bytes_max) return Wrong{"is not made of 1 to 4096 visible ASCII characters", ""};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_scope(const Key&, std::string_view text, Slot slot) {
  Scope scope;
  if (!parse_scope(text, &scope)) {
    return Wrong{"is not a scope", "publish:, pull:, read: or cancel: and a name or *, or admin"};
  }
  std::get<std::vector<std::string>*>(slot)->emplace_back(text);
  return std::nullopt;
}

Result store_url(const Key&, std::string_view text, Slot slot) {
  const std::string why = why_not_url(text);
  if (!why.empty()) return Wrong{why, "such as https://sms.example.com/send"};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_sink_url(const Key& key, std::string_view text, Slot slot) {
  const std::string_view scheme = text.substr(0, text.find("://"));
  if (!scheme.starts_with("redis") && scheme != "smtp" && scheme != "smtps") return store_url(key, text, slot);
  ServerUrl url;
  const std::string why = why_not_server_url(text, &url);
  const bool redis = scheme.starts_with("redis");
  if (!why.empty()) return Wrong{why, redis ? "such as redis://127.0.0.1:6379/0" : "such as smtps://mail.example.com"};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_mail_from(const Key&, std::string_view text, Slot slot) {
  if (!is_mail_address(text)) return Wrong{"is not a mail address", "such as shop@example.com"};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

bool is_source_like(std::string_view text) {
  return text.starts_with("json:") || text.starts_with("header:");
}

Result store_mail_to(const Key&, std::string_view text, Slot slot) {
  MailConfig& mail = *std::get<MailConfig*>(slot);
  mail.to = {};
  mail.to_fixed.clear();
  if (is_source_like(text)) {
    const std::string why = why_not_source(text, &mail.to);
    return why.empty() ? std::nullopt : Result(Wrong{why, "such as json:/email or header:X-Email"});
  }
  if (!is_mail_address(text))
    return Wrong{"is not a mail address", "such as shop@example.com, json:/email or header:X-Email"};
  mail.to_fixed = text;
  return std::nullopt;
}

Result store_mail_text(const Key& key, std::string_view text, Slot slot) {
  ValueSource source;
  const std::string why = is_source_like(text) ? why_not_source(text, &source) : "";
  if (!why.empty()) return Wrong{why, "such as json:/subject or header:X-Subject"};
  return store_text(key, text, slot);
}

Result store_webhook_secret(const Key&, std::string_view text, Slot slot) {
  if (!webhook_key(text)) return Wrong{"is not whsec_ and base64 of 24 to 64 bytes", ""};
  std::get<std::vector<std::string>*>(slot)->emplace_back(text);
  return std::nullopt;
}

Result store_method(const Key&, std::string_view text, Slot slot) {
  const bool upper = std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::islower(c) != 0; });
  if (!is_token(text) || !upper || text == "CONNECT" || text == "TRACE" || text == "HEAD") {
    return Wrong{"is not a method that carries a message", "POST, PUT, PATCH …"};
  }
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_address(const Key&, std::string_view text, Slot slot) {
  DoorConfig& door = *std::get<DoorConfig*>(slot);
  if (parse_address(text, &door.host, &door.port)) return std::nullopt;
  return Wrong{"is not an address and port", "such as 127.0.0.1:7070, [::1]:7070 or 0.0.0.0:7070"};
}

Result store_pointer(const Key&, std::string_view text, Slot slot) {
  if (!is_pointer(text)) return Wrong{"is not a JSON pointer", "such as /Code or /error/code"};
  *std::get<std::string*>(slot) = std::string(text);
  return std::nullopt;
}

Result store_status_range(const Key&, std::string_view text, Slot slot) {
  std::pair<int, int> range;
  if (!parse_status_range(text, &range)) return Wrong{"is not a status", "such as 200, 2xx or 400-499"};
  std::get<std::vector<std::pair<int, int>>*>(slot)->push_back(range);
  return std::nullopt;
}

Result store_status_code(const Key&, std::string_view text, Slot slot) {
  std::pair<int, int> range;
  if (!parse_status_range(text, &range) || range.first != range.second) {
    return Wrong{"is not a status", "such as 410"};
  }
  std::get<std::vector<int>*>(slot)->push_back(range.first);
  return std::nullopt;
}

struct Handler {
  Kind kind;
  Result (*store)(const Key&, std::string_view, Slot);
};

constexpr Handler handlers[] = {
    {Kind::duration, store_duration},
    {Kind::size, store_size},
    {Kind::count, store_count},
    {Kind::choice, store_choice},
    {Kind::text, store_text},
    {Kind::texts, store_text},
    {Kind::name, store_name},
    {Kind::address, store_address},
    {Kind::url, store_url},
    {Kind::method, store_method},
    {Kind::pace, store_pace},
    {Kind::switched, store_choice},
    {Kind::rate, store_rate},
    {Kind::limit, store_limit},
    {Kind::key_limit, store_key_limit},
    {Kind::per, store_per},
    {Kind::percent, store_percent},
    {Kind::share, store_share},
    {Kind::source, store_source},
    {Kind::hours, store_hours},
    {Kind::cron, store_cron},
    {Kind::zone, store_zone},
    {Kind::pointer, store_pointer},
    {Kind::sink_name, store_text},
    {Kind::queue_name, store_text},
    {Kind::queue_names, store_text},
    {Kind::status_codes, store_status_code},
    {Kind::status_ranges, store_status_range},
    {Kind::sink_url, store_sink_url},
    {Kind::mail_from, store_mail_from},
    {Kind::mail_to, store_mail_to},
    {Kind::mail_text, store_mail_text},
    {Kind::webhook_secrets, store_webhook_secret},
    {Kind::secret, store_secret},
    {Kind::scopes, store_scope},
};

}  // namespace

std::optional<Wrong> store_value(const Key& key, std::string_view text, Slot slot) {
  for (const Handler& handler : handlers) {
    if (handler.kind == key.kind) return handler.store(key, text, slot);
  }
  assert(false && "a key made of other keys has no value of its own");
  return std::nullopt;
}

}  // namespace forebay
