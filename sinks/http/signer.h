// Signer: signatures of requests by the Standard Webhooks specification, version 1 (standardwebhooks.com):
// `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret, with spaces between.
//
// The first secret is the one in use; the others sign too, so that receivers may change over one by one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/config.h"

namespace forebay {

class Signer {
 public:
  // A secret that is none (the loader lets none through) is left out; see usable().
  explicit Signer(const SignConfig& config);

  bool signs() const { return !keys_.empty(); }
  bool usable() const { return usable_; }
  // The value of webhook-signature.
  std::string sign(std::string_view id, std::string_view timestamp, std::string_view body) const;

 private:
  std::vector<std::string> keys_;
  bool usable_ = true;
};

// The value of webhook-timestamp: unix seconds.
std::string webhook_timestamp(WallTime now);

}  // namespace forebay
