#include "sinks/http/transfer.h"

#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "sinks/wall_clock.h"

namespace forebay {

namespace {

constexpr size_t kBodyKeptBetween = 4096;  // of memory, per transfer, between replies

std::string part_of(const std::string& url, CURLUPart which) {
  CURLU* parts = curl_url();
  char* part = nullptr;
  std::string out;
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) == CURLUE_OK &&
      curl_url_get(parts, which, &part, 0) == CURLUE_OK)
    out = part;
  curl_free(part);
  curl_url_cleanup(parts);
  return out;
}

// Without the slash at its end: what comes after it begins with one.
std::string base_path_of(const std::string& url) {
  std::string path = part_of(url, CURLUPART_PATH);
  if (path.ends_with('/')) path.pop_back();
  return path;
}

// RFC 9110, section 8.6: of these a length is told though there is no body.
bool tells_no_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// Of failures that libcurl does not tell from others: a look-up or a CA file without a descriptor to open. 0: one can
// be had, so that was not it.
int error_of_opening(CURLcode result) {
  if (result != CURLE_COULDNT_RESOLVE_HOST && result != CURLE_SSL_CACERT_BADFILE && result != CURLE_OUT_OF_MEMORY)
    return 0;
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  [[maybe_unused]] CURLcode code = curl_easy_setopt(easy, option, value);
  assert(code == CURLE_OK);
}

// The same for every sink and for ever.
void set_habits(CURL* easy) {
  set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");  // none, whatever the environment says
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_QUICK_EXIT, 1L);  // a look-up given up is not waited for
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_USERAGENT, "forebay");
}

}  // namespace

RequestPlan::RequestPlan(const SinkConfig& sink)
    : config(sink),
      headers(config),
      signer(sink.sign),
      host(part_of(sink.url, CURLUPART_HOST)),
      path(base_path_of(sink.url)),
      refused(headers.refused()),
      keep_bytes(reads_bodies(sink) ? kReplyBodyMax : kExcerptMax) {
  if (host.empty()) refused = "url not usable";
  if (!signer.usable()) refused = "a secret of sign not usable";
}

Transfer::Transfer() : easy_(curl_easy_init()) {
  assert(easy_ != nullptr);
  set_habits(easy_);
  curl_easy_getinfo(easy_, CURLINFO_CAINFO, &system_ca_file_);
  curl_easy_getinfo(easy_, CURLINFO_CAPATH, &system_ca_path_);
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_ERRORBUFFER, &error_[0]);
  set(easy_, CURLOPT_PREREQFUNCTION, before_request);
  set(easy_, CURLOPT_PREREQDATA, this);
  set(easy_, CURLOPT_HEADERFUNCTION, on_header);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, on_body);
  set(easy_, CURLOPT_WRITEDATA, this);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
}

Transfer* Transfer::of(CURL* easy) {
  Transfer* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  assert(transfer != nullptr && transfer->easy_ == easy);
  return transfer;
}

void Transfer::apply(const RequestPlan& plan) {
  long timeout_ms = std::max<long>(1, plan.config.timeout.ms());
  set(easy_, CURLOPT_URL, plan.config.url.c_str());
  set(easy_, CURLOPT_POST, 1L);
  set(easy_, CURLOPT_CUSTOMREQUEST, plan.config.method.c_str());
  set(easy_, CURLOPT_TIMEOUT_MS, timeout_ms);
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  bool own_ca = !plan.config.ca_file.empty();
  set(easy_, CURLOPT_CAINFO, own_ca ? plan.config.ca_file.c_str() : system_ca_file_);
  set(easy_, CURLOPT_CAPATH, own_ca ? nullptr : system_ca_path_);
}

// A request without a body is a GET to libcurl, whatever it is called: it tells no length.
void Transfer::set_request_line() {
  if (!delivery_.method.empty()) {
    const std::string method(delivery_.method);
    const bool bare = delivery_.body.empty() && !tells_no_body(method);
    set(easy_, CURLOPT_NOBODY, method == "HEAD" ? 1L : 0L);
    if (method != "HEAD") set(easy_, bare ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    set(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
    set(easy_, CURLOPT_REQUEST_TARGET, (plan_->path + std::string(delivery_.target)).c_str());
  } else if (own_line_) {
    set(easy_, CURLOPT_NOBODY, 0L);
    set(easy_, CURLOPT_POST, 1L);
    set(easy_, CURLOPT_CUSTOMREQUEST, plan_->config.method.c_str());
    set(easy_, CURLOPT_REQUEST_TARGET, static_cast<const char*>(nullptr));
  }
  own_line_ = !delivery_.method.empty();
}

// A signature is of the attempt, not of the message: receivers refuse old timestamps.
curl_slist* Transfer::header_list(bool joined) {
  RequestMarks marks{.joined = joined};
  std::string timestamp, signature;
  if (plan_->signer.signs()) {
    timestamp = webhook_timestamp(wall_now());
    marks.webhook_id = joined ? delivery_.idempotency_key : delivery_.message_id;
    signature = plan_->signer.sign(marks.webhook_id, timestamp, delivery_.body);
    marks.webhook_timestamp = timestamp;
    marks.webhook_signature = signature;
  }
  return headers_.build(delivery_, plan_->headers, marks);
}

void Transfer::start(Delivery delivery, bool joined, std::shared_ptr<const RequestPlan> plan) {
  if (plan != plan_) apply(*plan);
  plan_ = std::move(plan);
  delivery_ = std::move(delivery);
  curl_slist* list = header_list(joined);
  if (list != list_) set(easy_, CURLOPT_HTTPHEADER, list);
  list_ = list;
  set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(delivery_.body.size()));
  set(easy_, CURLOPT_POSTFIELDS, delivery_.body.empty() ? "" : delivery_.body.data());
  set_request_line();  // after it: a body makes a POST of whatever it was
  requests_ = 0;
  opening_.error = 0;
  header_bytes_ = body_bytes_ = 0;
  headers_whole_ = headers_too_big_ = body_cut_ = false;
  body_.clear();
  reply_headers_.clear();
  retry_after_.clear();
  error_[0] = '\0';
}

Outcome Transfer::finish(CURLcode result) {
  Outcome outcome;
  // A connection closed among the header lines is all right for libcurl.
  if (result == CURLE_OK && !headers_whole_) result = CURLE_PARTIAL_FILE;
  if (result == CURLE_OK || body_cut_) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    Reply reply{static_cast<int>(status), body_, body_cut_, retry_after_, !delivery_.method.empty()};
    outcome = classify_reply(plan_->config, reply, retry_after_.empty() ? WallTime{} : wall_now());
    if (result == CURLE_OK && delivery_.reply_bytes_max > 0 && body_bytes_ <= delivery_.reply_bytes_max)
      outcome.reply = std::make_shared<const FullReply>(FullReply{std::move(reply_headers_), std::move(body_)});
    char* address = nullptr;
    if (curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address) outcome.peer = address;
  } else {
    long os_errno = 0;
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_errno);
    if (opening_.error == 0) opening_.error = error_of_opening(result);
    outcome = classify_failure({.code = result,
                                .os_errno = static_cast<int>(os_errno),
                                .open_error = opening_.error,
                                .written = requests_ > 0,
                                .headers_too_big = headers_too_big_,
                                .host = plan_->host,
                                .detail = error_});
  }
  let_go();
  return outcome;
}

Outcome Transfer::abandon(std::string reason) {
  let_go();
  Outcome outcome;
  outcome.sent = requests_ > 0;
  outcome.reason = std::move(reason);
  return outcome;
}

void Transfer::let_go() {
  delivery_ = {};
  if (body_.capacity() > kBodyKeptBetween) std::string().swap(body_);
}

int Transfer::before_request(void* data, char*, char*, int, int) {
  auto* self = static_cast<Transfer*>(data);
  return self->requests_++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

size_t Transfer::on_header(char* bytes, size_t size, size_t count, void* data) {
  static constexpr std::string_view kName = "retry-after:";
  auto* self = static_cast<Transfer*>(data);
  size_t length = size * count;
  self->header_bytes_ += length;
  if (self->header_bytes_ > kReplyHeadersMax) {
    self->headers_too_big_ = true;
    return 0;
  }
  std::string_view line(bytes, length);
  if (line.starts_with("HTTP/")) {  // what came before was an interim reply
    self->headers_whole_ = false;
    self->retry_after_.clear();
    self->reply_headers_.clear();
  }
  if (self->delivery_.reply_bytes_max > 0) self->keep_header(line);
  if (line == "\r\n" || line == "\n") self->headers_whole_ = true;
  if (length > kName.size() && self->retry_after_.empty() && strncasecmp(bytes, kName.data(), kName.size()) == 0)
    self->retry_after_ = line.substr(kName.size());
  return length;
}

// Not the status line, nor a trailer.
void Transfer::keep_header(std::string_view line) {
  const size_t colon = line.find(':');
  if (headers_whole_ || line.starts_with("HTTP/") || colon == line.npos || colon == 0) return;
  std::string_view value = line.substr(colon + 1);
  const size_t first = value.find_first_not_of(" \t"), end = value.find_last_not_of(" \t\r\n");
  value = first == value.npos || end == value.npos || end < first ? std::string_view()
                                                                  : value.substr(first, end + 1 - first);
  reply_headers_.emplace_back(line.substr(0, colon), value);
}

size_t Transfer::on_body(char* bytes, size_t size, size_t count, void* data) {
  auto* self = static_cast<Transfer*>(data);
  size_t length = size * count;
  size_t room = self->body_bytes_max() - self->body_bytes_;
  size_t keep = std::max(self->plan_->keep_bytes, self->delivery_.reply_bytes_max);
  size_t kept = std::min({length, room, keep - self->body_.size()});
  self->body_.append(bytes, kept);
  self->body_bytes_ += std::min(length, room);
  self->body_cut_ = length > room;
  return self->body_cut_ ? 0 : length;  // 0 ends the transfer and closes the connection
}

}  // namespace forebay
