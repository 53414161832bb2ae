#include "relay/cli/admin_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "relay/cli/plain_text.h"

namespace forebay {
namespace {

size_t append(char* bytes, size_t size, size_t count, void* to) {
  static_cast<std::string*>(to)->append(bytes, size * count);
  return size * count;
}

// "Title: detail" of a problem document; what else it is, the beginning of it.
std::string words_of(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return plain_text(body.substr(0, 200));
  const auto text = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string title = text("title"), detail = text("detail");
  return plain_text(title.empty() || detail.empty() ? title + detail : title + ": " + detail);
}

std::string refused(const AdminPlace& place, int status, const std::string& body) {
  const std::string words = words_of(body);
  const std::string why = words.empty() ? fmt::format("status {}", status) : words;
  if (status == 401) {
    return fmt::format("{} wants a token with the scope admin ({}); {}", place.url, why,
                       place.token.empty() ? "give it with --token or in FOREBAY_TOKEN"
                                           : "the one that was given (--token or FOREBAY_TOKEN) is not known there");
  }
  if (status == 403)
    return fmt::format("{} does not let this token do that ({}); give another with --token", place.url, why);
  return why;
}

std::string unanswered(const AdminPlace& place, CURLcode code, const char* detail) {
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  return fmt::format(
      "no answer from the admin door at {} ({}); is the relay up? Say where its admin door is with "
      "--admin URL or -c FILE",
      place.url, why);
}

}  // namespace

struct AdminClient::Handle {
  CURL* curl = curl_easy_init();
  curl_slist* headers = nullptr;
  char detail[CURL_ERROR_SIZE] = "";
  ~Handle() {
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
  }
};

AdminClient::AdminClient(AdminPlace place, Duration deadline)
    : place_(std::move(place)), deadline_(deadline), handle_(std::make_unique<Handle>()) {
  handle_->headers = curl_slist_append(nullptr, "Accept: application/json");
  if (place_.token.empty()) return;
  handle_->headers = curl_slist_append(handle_->headers, ("Authorization: Bearer " + place_.token).c_str());
}

AdminClient::~AdminClient() = default;

AdminReply AdminClient::call(const std::string& method, const std::string& path) {
  CURL* curl = handle_->curl;
  AdminReply reply;
  if (curl == nullptr) return reply.error = "libcurl cannot be used", reply;
  std::string body;
  handle_->detail[0] = '\0';
  curl_easy_reset(curl);  // connections stay
  curl_easy_setopt(curl, CURLOPT_URL, (place_.url + path).c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  if (method != "GET") curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(deadline_.ms()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->detail);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  if (!place_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, place_.ca_file.c_str());
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return reply.error = unanswered(place_, code, handle_->detail), reply;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  if (status >= 200 && status < 300) return reply.body = std::move(body), reply;
  reply.error = refused(place_, reply.status, body);
  return reply;
}

std::string percent_encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    if (plain || (c >= '0' && c <= '9') || (c != '\0' && std::strchr("-._~", c) != nullptr)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

std::string admin_path(const std::vector<std::string>& parts) {
  std::string path;
  for (const std::string& part : parts) path += "/" + percent_encoded(part);
  return path;
}

}  // namespace forebay
