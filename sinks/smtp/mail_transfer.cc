#include "sinks/smtp/mail_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sinks/smtp/classify_mail.h"

namespace forebay {
namespace {

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  [[maybe_unused]] const CURLcode code = curl_easy_setopt(easy, option, value);
  assert(code == CURLE_OK);
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

long tls_of(const ServerUrl& server) {
  if (server.scheme == "smtps") return CURLUSESSL_ALL;
  if (is_this_machine(server.host)) return CURLUSESSL_NONE;
  return server.password.empty() ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

std::string url_of(const ServerUrl& server) {
  const bool v6 = server.host.find(':') != server.host.npos;
  return server.scheme + "://" + (v6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

}  // namespace

MailTransfer::MailTransfer() : easy_(curl_easy_init()) {
  assert(easy_ != nullptr);
  curl_easy_getinfo(easy_, CURLINFO_CAINFO, &system_ca_file_);
  curl_easy_getinfo(easy_, CURLINFO_CAPATH, &system_ca_path_);
  set(easy_, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(easy_, CURLOPT_PROXY, "");
  set(easy_, CURLOPT_NOPROXY, "*");
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_QUICK_EXIT, 1L);
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_NOPROGRESS, 0L);
  set(easy_, CURLOPT_ERRORBUFFER, &error_[0]);
  set(easy_, CURLOPT_READFUNCTION, on_read);
  set(easy_, CURLOPT_READDATA, this);
  set(easy_, CURLOPT_HEADERFUNCTION, on_reply);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_PREREQFUNCTION, before_mail);
  set(easy_, CURLOPT_PREREQDATA, this);
  set(easy_, CURLOPT_XFERINFOFUNCTION, on_progress);
  set(easy_, CURLOPT_XFERINFODATA, this);
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, on_open);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
  set(easy_, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  set(easy_, CURLOPT_CLOSESOCKETDATA, this);
}

// A server that is silent is not waited for: without a socket there is nothing to say QUIT to.
MailTransfer::~MailTransfer() {
  if (socket_ != CURL_SOCKET_BAD) shutdown(socket_, SHUT_RDWR);
  curl_easy_cleanup(easy_);
}

void MailTransfer::apply(const Settings& settings) {
  const ServerUrl& server = settings.server;
  const long timeout_ms = std::max<long>(1, settings.timeout.ms());
  const bool own_ca = !settings.ca_file.empty();
  const bool login = !server.password.empty();
  set(easy_, CURLOPT_URL, url_of(server).c_str());
  set(easy_, CURLOPT_USERNAME, login ? server.user.c_str() : nullptr);
  set(easy_, CURLOPT_PASSWORD, login ? server.password.c_str() : nullptr);
  set(easy_, CURLOPT_USE_SSL, tls_of(server));
  set(easy_, CURLOPT_CAINFO, own_ca ? settings.ca_file.c_str() : system_ca_file_);
  set(easy_, CURLOPT_CAPATH, own_ca ? nullptr : system_ca_path_);
  set(easy_, CURLOPT_TIMEOUT_MS, timeout_ms);
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  set(easy_, CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max<long>(1, (timeout_ms + 999) / 1000));
}

Outcome MailTransfer::send(const Mail& mail, const Settings& settings) {
  apply(settings);
  mail_ = &mail;
  text_at_ = 0;
  askings_ = open_error_ = 0;
  last_line_.clear();
  error_[0] = '\0';
  curl_slist* recipients = curl_slist_append(nullptr, mail.to.c_str());
  set(easy_, CURLOPT_MAIL_FROM, mail.from.c_str());
  set(easy_, CURLOPT_MAIL_RCPT, recipients);
  set(easy_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail.text.size()));
  const CURLcode code = interrupted_ ? CURLE_ABORTED_BY_CALLBACK : curl_easy_perform(easy_);
  set(easy_, CURLOPT_MAIL_RCPT, static_cast<curl_slist*>(nullptr));
  curl_slist_free_all(recipients);
  mail_ = nullptr;
  // libcurl keeps a connection whose time was up at the mail's end: a late reply would be taken for one to the next
  // mail.
  if (code != CURLE_OK && socket_ != CURL_SOCKET_BAD) shutdown(socket_, SHUT_RDWR);
  return outcome(code, settings);
}

Outcome MailTransfer::outcome(CURLcode code, const Settings& settings) {
  long reply = 0, os_errno = 0;
  char* peer = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &reply);
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_errno);
  curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &peer);
  return classify_mail({.code = code,
                        .reply = static_cast<int>(reply),
                        .connected = askings_ > 0,
                        .text_begun = text_at_ > 0,
                        .interrupted = code == CURLE_ABORTED_BY_CALLBACK && interrupted_,
                        .os_errno = static_cast<int>(os_errno),
                        .open_error = open_error_,
                        .host = settings.server.host,
                        .detail = error_,
                        .last_line = last_line_,
                        .peer = peer == nullptr ? "" : peer});
}

size_t MailTransfer::on_read(char* to, size_t size, size_t count, void* data) {
  auto* self = static_cast<MailTransfer*>(data);
  const std::string& text = self->mail_->text;
  const size_t some = std::min(size * count, text.size() - self->text_at_);
  std::memcpy(to, text.data() + self->text_at_, some);
  self->text_at_ += some;
  return some;
}

size_t MailTransfer::on_reply(char* bytes, size_t size, size_t count, void* data) {
  constexpr size_t line_max = 256;
  std::string_view line(bytes, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  static_cast<MailTransfer*>(data)->last_line_ = line.substr(0, line_max);
  return size * count;
}

int MailTransfer::before_mail(void* data, char*, char*, int, int) {
  return static_cast<MailTransfer*>(data)->askings_++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

int MailTransfer::on_progress(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<MailTransfer*>(data)->interrupted_ ? 1 : 0;
}

curl_socket_t MailTransfer::on_open(void* data, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<MailTransfer*>(data);
  const curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  const bool scarce = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
  if (scarce) self->open_error_ = errno;
  self->socket_ = fd < 0 ? CURL_SOCKET_BAD : fd;
  return self->socket_;
}

int MailTransfer::on_close(void* data, curl_socket_t fd) {
  auto* self = static_cast<MailTransfer*>(data);
  if (self->socket_ == fd) self->socket_ = CURL_SOCKET_BAD;
  return close(fd);
}

}  // namespace forebay
