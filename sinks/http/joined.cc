#include "sinks/http/joined.h"

#include <openssl/sha.h>
#include <strings.h>

#include <algorithm>
#include <cassert>
#include <memory>

#include "sinks/body_value.h"

namespace forebay {
namespace {

// What the request's views look at, and what its messages' views look at.
struct Kept {
  std::string ids, key, body;
  std::vector<std::shared_ptr<const void>> keeps;
};

std::string key_of(const std::string& ids) {
  constexpr size_t half = SHA256_DIGEST_LENGTH / 2;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(ids.data()), ids.size(), digest);
  std::string key;
  for (size_t i = 0; i < half; ++i) {
    key.push_back("0123456789abcdef"[digest[i] >> 4]);
    key.push_back("0123456789abcdef"[digest[i] & 15]);
  }
  return key;
}

bool describes_a_body(std::string_view header) {
  constexpr std::string_view prefix = "Content-";
  return header.size() > prefix.size() && strncasecmp(header.data(), prefix.data(), prefix.size()) == 0;
}

std::string body_of(const std::vector<Delivery>& group, BatchConfig::Format format) {
  const bool array = format == BatchConfig::Format::json;
  std::string body = array ? "[" : "";
  for (const Delivery& delivery : group) {
    if (array && body.size() > 1) body.push_back(',');
    append_body_value(delivery.content_type, delivery.body, &body);
    if (!array) body.push_back('\n');
  }
  if (array) body.push_back(']');
  return body;
}

// Of JSON events an array is a batch of events (CloudEvents, HTTP binding).
bool are_events(const std::vector<Delivery>& group) {
  constexpr std::string_view type = "application/cloudevents+json";
  return std::all_of(group.begin(), group.end(), [type](const Delivery& delivery) {
    std::string_view media = delivery.content_type.substr(0, delivery.content_type.find(';'));
    while (media.ends_with(' ')) media.remove_suffix(1);
    return media.size() == type.size() && strncasecmp(media.data(), type.data(), type.size()) == 0;
  });
}

}  // namespace

Joined join(std::vector<Delivery> group, BatchConfig::Format format) {
  assert(!group.empty());
  auto kept = std::make_shared<Kept>();
  Joined joined;
  unsigned attempt = 1;
  for (const Delivery& delivery : group) {
    kept->ids.append(kept->ids.empty() ? "" : ",").append(delivery.message_id);
    attempt = std::max(attempt, delivery.attempt);
    if (&delivery != &group[0]) joined.tickets.push_back(delivery.ticket);
  }
  kept->key = key_of(kept->ids);
  kept->body = body_of(group, format);
  const bool events = are_events(group);
  for (Delivery& delivery : group) kept->keeps.push_back(std::move(delivery.keep));
  joined.delivery = std::move(group[0]);
  std::erase_if(joined.delivery.headers, [](const auto& header) { return describes_a_body(header.first); });
  joined.delivery.attempt = attempt;
  joined.delivery.message_id = kept->ids;
  joined.delivery.idempotency_key = kept->key;
  joined.delivery.key = {};
  const bool array = format == BatchConfig::Format::json;
  joined.delivery.content_type = !array   ? "application/x-ndjson"
                                 : events ? "application/cloudevents-batch+json"
                                          : "application/json";
  joined.delivery.body = kept->body;
  joined.delivery.keep = std::move(kept);
  return joined;
}

}  // namespace forebay
