// From a reply, or the want of one, to an Outcome. Pure functions of the sink's config.
//
// A complete reply: the first of the sink's `responses:` that matches decides; else the defaults:
//   2xx delivered · 408, 425, 5xx retry · 429, and 503 with a usable Retry-After, throttled ·
//   401, 403, 404, 407 sink_fault, but dead where a client's own request brought it about: its path is not there, or it
//   was refused with credentials that are not the sink's · other 4xx, and 3xx, dead · above 599 retry. A last status
//   below 200 is no reply: unanswered.
// A status of `pause_on` pauses the sink; where only the default would let the message die of it, the message
// is kept instead (sink_fault): it is the downstream that has gone, not the message that is wrong.
// No complete reply: retry with sent = false if nothing of the request was written, else unanswered.
// No socket to be had (descriptors or kernel memory have run out): nothing was tried, so no attempt may be spent:
// throttled for kNoSocketWait, with sent = false.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

constexpr size_t kReplyBodyMax = 64 * 1024;     // bytes read of a reply's body
constexpr size_t kReplyHeadersMax = 64 * 1024;  // bytes of header lines, interim replies included
constexpr size_t kExcerptMax = 256;
constexpr Duration kNoSocketWait = Duration::milliseconds(100);

struct Reply {
  int status = 0;
  std::string_view body;         // as read, at most kReplyBodyMax
  bool body_cut = false;         // there was more
  std::string_view retry_after;  // the header's value; empty: none
  bool forwarded = false;        // to a client's own request: method, path and headers came with the message
};

struct Failure {
  CURLcode code = CURLE_OK;
  int os_errno = 0;
  int open_error = 0;            // errno, where a socket (or what it takes) could not be had; 0: it could
  bool written = false;          // the request was, or may have been, written in part
  bool headers_too_big = false;  // we stopped reading: above kReplyHeadersMax
  std::string_view host;
  std::string_view detail;  // libcurl's words
};

// Does a rule look into bodies? Else no more than an excerpt need be kept.
bool reads_bodies(const SinkConfig& sink);

Outcome classify_reply(const SinkConfig& sink, const Reply& reply, WallTime now);
Outcome classify_failure(const Failure& failure);

}  // namespace forebay
