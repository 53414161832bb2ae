// MailTransfer: one mail after the other over a connection to a mail server, on a thread that may block: libcurl 7.88
// waits for the reply to a mail's end (and to QUIT) inside the call, whoever drives it, so it must not be the loop's.
//
// Promise: at most one mail leaves per send(). libcurl asks before each sending, and the second asking is answered with
// no. A connection on which a mail did not end well is not used again. TLS is verified. To this machine (127.0.0.0/8,
// ::1, localhost) smtp:// is cleartext; elsewhere it uses STARTTLS where it is offered, and with a password not without
// it.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <string>

#include "config/config.h"
#include "config/sink_forms.h"
#include "sinks/smtp/mail_text.h"

namespace forebay {

class MailTransfer {
 public:
  struct Settings {
    ServerUrl server;  // scheme smtp or smtps
    std::string ca_file;
    Duration timeout;
  };

  MailTransfer();
  ~MailTransfer();
  MailTransfer(const MailTransfer&) = delete;
  MailTransfer& operator=(const MailTransfer&) = delete;

  Outcome send(const Mail& mail, const Settings& settings);
  // From any thread: what is under way ends within a second or so, and nothing is sent any more.
  void interrupt() { interrupted_ = true; }

 private:
  static size_t on_read(char* to, size_t size, size_t count, void* self);
  static size_t on_reply(char* bytes, size_t size, size_t count, void* self);
  static int before_mail(void* self, char*, char*, int, int);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* self, curl_socket_t fd);

  void apply(const Settings& settings);
  Outcome outcome(CURLcode code, const Settings& settings);

  CURL* easy_;
  const char* system_ca_file_ = nullptr;  // libcurl's own, static
  const char* system_ca_path_ = nullptr;
  std::atomic<bool> interrupted_ = false;
  const Mail* mail_ = nullptr;  // under way
  size_t text_at_ = 0;
  int askings_ = 0;
  int open_error_ = 0;
  curl_socket_t socket_ = CURL_SOCKET_BAD;  // the one that is open
  std::string last_line_;
  char error_[CURL_ERROR_SIZE];
};

}  // namespace forebay
