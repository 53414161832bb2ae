#include "doors/http/cloud_events.h"

#include <openssl/sha.h>
#include <simdjson.h>

#include <array>
#include <cstring>

#include "base/json_check.h"
#include "doors/http/batch_reader.h"
#include "doors/http/field_values.h"
#include "doors/http/media_type.h"
#include "doors/http_chars.h"
#include "doors/http_parser.h"
#include "doors/percent.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

namespace od = simdjson::ondemand;
static_assert(simdjson::SIMDJSON_PADDING <= body_padding_bytes);

constexpr std::string_view structured_type = "application/cloudevents+json";
constexpr std::string_view batch_type = "application/cloudevents-batch+json";
constexpr std::string_view event_type = "application/cloudevents";
constexpr std::string_view prefix = "ce-";
constexpr std::string_view all_required = "an event has id, source, specversion and type";
constexpr size_t messages_kept = 4096;

// The places of the attributes in `names`.
enum Required : size_t { id, source, specversion, type, count };
constexpr std::array<std::string_view, count> names{"id", "source", "specversion", "type"};
using Attributes = std::array<std::optional<std::string>, count>;

size_t required_named(std::string_view name) {
  size_t i = 0;
  while (i < names.size() && names[i] != name) ++i;
  return i;
}

Problem bad_event(std::string detail) {
  return refusal(400, "bad-event", "This is not a CloudEvent", std::move(detail));
}

// "" or what is wrong with the attributes; `lead` stands before their names: "ce-" of headers.
std::string check(const Attributes& attributes, std::string_view lead) {
  for (size_t i = 0; i < count; ++i) {
    const std::string name = std::string(lead) + std::string(names[i]);
    if (!attributes[i]) return name + " is missing: " + std::string(all_required);
    if (attributes[i]->empty()) return name + " is empty: " + std::string(all_required);
  }
  if (attributes[source]->find(' ') != std::string::npos) {
    return std::string(lead) + "source holds a space: it is a URI reference";
  }
  return {};
}

bool is_event_header(std::string_view name) {
  return name.size() > prefix.size() && same_ignoring_case(name.substr(0, prefix.size()), prefix);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

bool is_binary(const Request& request) {
  for (const std::string_view name : names) {
    if (request.header(std::string(prefix) + std::string(name))) return true;
  }
  return false;
}

// Attributes in headers are percent-encoded where they need it; what is not encoded stands for itself.
std::string decoded(std::string_view value) {
  for (size_t at = value.find('%'); at != value.npos; at = value.find('%', at + 1)) {
    if (at + 2 >= value.size() || !is_hex_digit(value[at + 1]) || !is_hex_digit(value[at + 2])) {
      return std::string(value);
    }
  }
  return percent_decoded(value);
}

std::string_view without_space(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

std::string flaw(simdjson::error_code error) {
  return std::string("is not JSON: ") + simdjson::error_message(error);
}

std::string read_attributes(od::document& document, Attributes* attributes) {
  od::object object;
  if (auto error = document.get_object().get(object)) {
    return error == simdjson::INCORRECT_TYPE ? "is not a JSON object" : flaw(error);
  }
  for (auto result : object) {
    od::field field;
    std::string_view name, text;
    if (auto error = std::move(result).get(field)) return flaw(error);
    if (auto error = field.unescaped_key().get(name)) return flaw(error);
    const size_t place = required_named(name);
    if (place == count) continue;
    if ((*attributes)[place]) return std::string(names[place]) + " is given more than once";
    if (field.value().get_string().get(text)) return std::string(names[place]) + " must be a text";
    (*attributes)[place] = text;
  }
  return {};
}

std::string sha256_hex(const std::string& text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    hex.push_back("0123456789abcdef"[byte >> 4]);
    hex.push_back("0123456789abcdef"[byte & 15]);
  }
  return hex;
}

}  // namespace

struct CloudEvents::Json {
  // The elements of an array as they are written; "" or what is wrong with it. Each is looked into by itself.
  std::string split(std::string_view body, std::vector<std::string_view>* texts) {
    od::document document;
    od::array array;
    auto error = batch.iterate(body.data(), body.size(), body.size() + body_padding_bytes).get(document);
    if (!error) error = document.get_array().get(array);
    if (error) return error == simdjson::INCORRECT_TYPE ? "is not an array of events" : flaw(error);
    for (auto element : array) {
      od::object object;
      std::string_view text;
      error = element.get_object().get(object);
      if (!error) error = object.raw_json().get(text);
      if (error == simdjson::INCORRECT_TYPE) return "holds something that is not an object";
      if (error) return flaw(error);
      if (texts->size() == batch_messages_max) return "has more than " + std::to_string(batch_messages_max) + " events";
      texts->push_back(without_space(text));
    }
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return at_end ? "" : "is not JSON: something follows the array";
  }

  od::parser batch, event;
};

CloudEvents::CloudEvents() : json_(std::make_unique<Json>()) {}
CloudEvents::~CloudEvents() = default;

bool CloudEvents::is_batch(const Request& request) {
  return is_media_type(request.header("Content-Type").value_or(""), batch_type);
}

std::optional<Problem> CloudEvents::read(const Request& request, HeaderViews* forward, NewMessage* message) {
  keys_.clear();
  if (is_media_type(message->content_type, structured_type)) {
    const std::string wrong = read_structured(request.body, message);
    return wrong.empty() ? std::nullopt : std::optional(bad_event("the event " + wrong));
  }
  const bool other_format = same_ignoring_case(message->content_type.substr(0, event_type.size()), event_type);
  if (other_format || !is_binary(request)) return std::nullopt;
  return read_binary(request, forward, message);
}

std::optional<Problem> CloudEvents::read_binary(const Request& request, HeaderViews* forward, NewMessage* message) {
  Attributes attributes;
  for (const auto& [name, value] : request.headers) {
    if (!is_event_header(name)) continue;
    if (request.header_count(name) > 1) return bad_event(std::string(name) + " is given more than once");
    const size_t place = required_named(lower(name.substr(prefix.size())));
    if (place < count) attributes[place] = decoded(value);
    forward->emplace_back(name, value);
  }
  size_t bytes = 0;
  for (const auto& [name, value] : *forward) bytes += name.size() + value.size();
  if (forward->size() > forward_headers_max || bytes > forward_bytes_max) {
    return bad_event("its ce- headers are too much to pass on: 64 headers and 16 KiB at most");
  }
  const std::string wrong = check(attributes, prefix);
  if (!wrong.empty()) return bad_event(wrong);
  message->forward = *forward;
  if (message->idempotency_key.empty()) message->idempotency_key = key_of(*attributes[source], *attributes[id]);
  return std::nullopt;
}

std::string CloudEvents::read_structured(std::string_view text, NewMessage* message) {
  od::document document;
  if (auto error = json_->event.iterate(text.data(), text.size(), text.size() + body_padding_bytes).get(document)) {
    return flaw(error);
  }
  Attributes attributes;
  std::string wrong = read_attributes(document, &attributes);
  if (wrong.empty()) wrong = json_flaw(text);
  if (wrong.empty()) wrong = check(attributes, "");
  if (!wrong.empty()) return wrong;
  if (message->idempotency_key.empty()) message->idempotency_key = key_of(*attributes[source], *attributes[id]);
  return {};
}

// A source holds no space, so no two pairs read alike.
std::string_view CloudEvents::key_of(std::string_view source_text, std::string_view id_text) {
  std::string& key = keys_.emplace_back(std::string(source_text) + " " + std::string(id_text));
  const bool sendable = is_field_value(key) && trimmed(key) == key;
  if (!sendable || key.size() > idempotency_key_bytes_max) key = "sha256:" + sha256_hex(key);
  return key;
}

std::optional<Problem> CloudEvents::read_batch(std::string_view name, bool topic, std::string_view by,
                                               std::string_view body, uint64_t message_bytes_max) {
  keys_.clear();
  messages_.clear();
  if (messages_.capacity() > messages_kept) std::vector<NewMessage>().swap(messages_);
  std::vector<std::string_view> texts;
  const std::string wrong = json_->split(body, &texts);
  if (!wrong.empty()) return bad_event("the batch " + wrong);
  if (texts.empty()) return refusal(422, "empty-batch", "The batch is empty", "the array holds no event");
  for (const std::string_view text : texts) {
    NewMessage& message = messages_.emplace_back();
    (topic ? message.topic : message.queue) = name;
    message.by = by;
    message.content_type = structured_type;
    message.body = text;
    message.line = static_cast<uint32_t>(messages_.size());
    const std::string event = "event " + std::to_string(message.line) + " ";
    const std::string flaw_of_it = read_structured(text, &message);
    if (!flaw_of_it.empty()) return bad_event(event + flaw_of_it);
    if (text.size() <= message_bytes_max) continue;
    return refusal(413, "bad-event", "An event of the batch is too large",
                   event + "has more than " + std::to_string(message_bytes_max) + " bytes");
  }
  return std::nullopt;
}

}  // namespace forebay
