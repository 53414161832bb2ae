#include "sinks/http/signer.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "config/sink_forms.h"

namespace forebay {

Signer::Signer(const SignConfig& config) {
  for (const std::string& secret : config.secrets) {
    auto key = webhook_key(secret);
    usable_ = usable_ && key.has_value();
    if (key) keys_.push_back(std::move(*key));
  }
}

std::string Signer::sign(std::string_view id, std::string_view timestamp, std::string_view body) const {
  std::string content;
  content.reserve(id.size() + timestamp.size() + body.size() + 2);
  content.append(id).append(".").append(timestamp).append(".").append(body);
  std::string value;
  for (const std::string& key : keys_) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(content.data()),
         content.size(), digest, &length);
    value.append(value.empty() ? "v1," : " v1,");
    append_base64({reinterpret_cast<const char*>(digest), length}, &value);
  }
  return value;
}

std::string webhook_timestamp(WallTime now) {
  return std::to_string(now.ns / 1'000'000'000);
}

}  // namespace forebay
