// HeaderBlock: the header lines of one request, as libcurl wants them.
//
// Precedence, by name (case-insensitive), first wins: Forebay's own (Forebay-Message-Id, of a batch
// Forebay-Message-Ids, Forebay-Attempt, Forebay-Queue, Idempotency-Key; of a sink that signs webhook-id,
// webhook-timestamp and webhook-signature), the sink's `headers`, the producer's forwarded ones, the content type.
// Names are tokens, values hold no CR, LF or NUL, and nothing that frames or routes a request (Host,
// Content-Length, Connection …) comes from a producer: whatever breaks this is refused, nothing is sent.
//
// The sink's lines are written once (SinkHeaders) and shared by all its transfers; a block's own lines are
// laid out in memory that is used again by the next request.
//
// A forwarded request (Delivery::method) has the headers that its client sent, and none that libcurl would add.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

class SinkHeaders {
 public:
  explicit SinkHeaders(const SinkConfig& sink);
  SinkHeaders(const SinkHeaders&) = delete;
  SinkHeaders& operator=(const SinkHeaders&) = delete;
  curl_slist* list() const { return nodes_.empty() ? nullptr : const_cast<curl_slist*>(nodes_.data()); }
  bool names(std::string_view name) const;
  bool signs() const { return signs_; }
  const std::string& refused() const { return refused_; }  // why nothing may be sent; empty: nothing is wrong

 private:
  bool signs_;
  std::vector<std::string> names_;
  std::vector<std::string> lines_;
  std::vector<curl_slist> nodes_;
  std::string refused_;
};

// What an attempt adds to its delivery.
struct RequestMarks {
  bool joined = false;  // a batch: message_id lists its ids
  // Of a sink that signs.
  std::string_view webhook_id, webhook_timestamp, webhook_signature;
};

class HeaderBlock {
 public:
  // Why this delivery must not be sent; empty: it may.
  static std::string refusal(const Delivery& delivery);
  // The list of delivery's and sink's lines; valid until the next build() and as long as `sink`.
  // Only for deliveries with no refusal().
  curl_slist* build(const Delivery& delivery, const SinkHeaders& sink, const RequestMarks& marks);

 private:
  void leave_out(std::string_view name);
  void add(std::string_view name, std::string_view value);

  std::string text_;            // lines, each ended by a NUL
  std::vector<size_t> starts_;  // of the lines in text_
  std::vector<curl_slist> nodes_;
};

}  // namespace forebay
