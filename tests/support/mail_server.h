// MailServer: a real mail server (Debian's python3-aiosmtpd) on a port of its own. mail_server.py says what it does
// with whose mail.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/process.h"

namespace forebay::testing {

class MailServer {
 public:
  // With a user nobody is let in without the password.
  explicit MailServer(const std::string& user = "", const std::string& password = "");

  uint16_t port() const { return port_; }  // 0: it did not start
  std::string url(const std::string& login = "") const {
    return "smtp://" + login + "127.0.0.1:" + std::to_string(port_);
  }

  struct Mail {
    std::string from, to;
    std::string text;  // header lines and all, as it was taken, dots undone
    // A header's value, unfolded; empty: none.
    std::string header(const std::string& name) const;
    std::string content() const;
  };
  // The next mail that was taken; none: the deadline passed.
  std::optional<Mail> next(std::chrono::milliseconds deadline = std::chrono::seconds(20));

 private:
  std::unique_ptr<Process> process_;
  uint16_t port_ = 0;
};

}  // namespace forebay::testing
