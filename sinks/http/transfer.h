// Transfer: one request and its reply, on an easy handle that is set up once and used again.
//
// Promise: at most one request reaches the wire per start(). libcurl by itself sends a request again when a
// connection used before dies ahead of the first byte of the reply; it asks before each sending, and the
// second asking is answered with no (see Failure::written, which tells what may have left). Memory: at most
// kReplyBodyMax of a reply is kept, and only an excerpt where no rule looks into bodies; all of it, up to so many
// bytes, where the delivery asks for it.
//
// A forwarded request goes out with its own method and with its target, byte for byte, after the path of the sink's
// url.
#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "sinks/http/classify.h"
#include "sinks/http/curl_loop.h"
#include "sinks/http/header_block.h"
#include "sinks/http/signer.h"
#include "sinks/sink.h"

namespace forebay {

// What all transfers of a sink share; replaced as a whole when the sink is configured anew.
struct RequestPlan {
  explicit RequestPlan(const SinkConfig& sink);
  SinkConfig config;
  SinkHeaders headers;
  Signer signer;
  std::string host;     // of the url, for messages
  std::string path;     // of the url: a forwarded request's target comes after it
  std::string refused;  // why this config cannot be sent by; empty: it can
  size_t keep_bytes;    // of a reply's body
};

class Transfer {
 public:
  Transfer();
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_; }
  void attach_to(CurlLoop& loop) { loop.attach(easy_, &opening_); }
  static Transfer* of(CURL* easy);

  // Everything for the next request; libcurl reads delivery's memory until finish() or abandon().
  void start(Delivery delivery, bool joined, std::shared_ptr<const RequestPlan> plan);
  Ticket ticket() const { return delivery_.ticket; }
  // The outcome of what start() began; the delivery's memory is let go.
  Outcome finish(CURLcode result);
  Outcome abandon(std::string reason);  // unanswered

 private:
  static size_t on_header(char* bytes, size_t size, size_t count, void* self);
  static size_t on_body(char* bytes, size_t size, size_t count, void* self);
  static int before_request(void* self, char*, char*, int, int);

  curl_slist* header_list(bool joined);
  void apply(const RequestPlan& plan);
  void let_go();
  void set_request_line();
  size_t body_bytes_max() const { return std::max(kReplyBodyMax, delivery_.reply_bytes_max); }
  void keep_header(std::string_view line);

  CURL* easy_;
  const char* system_ca_file_ = nullptr;  // libcurl's own, static
  const char* system_ca_path_ = nullptr;
  std::shared_ptr<const RequestPlan> plan_;
  Delivery delivery_;
  HeaderBlock headers_;
  curl_slist* list_ = nullptr;  // what the handle was last told
  CurlLoop::Opening opening_;
  int requests_ = 0;  // times libcurl was about to send
  size_t header_bytes_ = 0;
  bool own_line_ = false;  // the handle was last told a forwarded request's method and target
  std::vector<std::pair<std::string, std::string>> reply_headers_;  // where the delivery asks for the whole reply
  bool headers_whole_ = false;                                      // of the last reply begun
  bool headers_too_big_ = false;
  bool body_cut_ = false;
  size_t body_bytes_ = 0;
  std::string body_;
  std::string retry_after_;
  char error_[CURL_ERROR_SIZE];
};

}  // namespace forebay
