#include "tests/support/mail_server.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/base64.h"

namespace forebay::testing {

MailServer::MailServer(const std::string& user, const std::string& password) {
  std::vector<std::string> argv{"/usr/bin/python3", FOREBAY_MAIL_SERVER};
  if (!user.empty()) argv.insert(argv.end(), {user, password});
  process_ = std::make_unique<Process>(argv);
  const auto line = process_->wait_for("mail server on ", std::chrono::seconds(60));
  if (line) port_ = static_cast<uint16_t>(std::strtoul(line->substr(line->rfind(':') + 1).c_str(), nullptr, 10));
}

std::optional<MailServer::Mail> MailServer::next(std::chrono::milliseconds deadline) {
  const auto line = process_->wait_for("mail {", deadline);
  if (!line) return std::nullopt;
  const auto json = nlohmann::json::parse(line->substr(line->find('{')));
  Mail mail{json["from"], json["to"][0], ""};
  if (!append_base64_decoded(json["text"].get<std::string>(), &mail.text)) return std::nullopt;
  return mail;
}

std::string MailServer::Mail::header(const std::string& name) const {
  const std::string head = "\r\n" + text.substr(0, text.find("\r\n\r\n") + 2);
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == head.npos) return "";
  std::string value = head.substr(at + name.size() + 4);
  for (size_t end = value.find("\r\n"); end != value.npos; end = value.find("\r\n", end)) {
    if (end + 2 >= value.size() || value[end + 2] != ' ') return value.substr(0, end);
    value.erase(end, 2);
  }
  return value;
}

std::string MailServer::Mail::content() const {
  return text.substr(text.find("\r\n\r\n") + 4);
}

}  // namespace forebay::testing
