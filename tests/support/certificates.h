// TestAuthority: certificates for tests, made in process (P-256), and their PEM files below a directory.
#pragma once

#include <openssl/types.h>

#include <string>

namespace forebay::testing {

// PEM texts.
struct TestPair {
  std::string certificate, key;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "authority");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // For localhost and 127.0.0.1, good for an hour from now (or, below 0, until that many seconds ago).
  TestPair issue(const std::string& name, long seconds = 3600) const;
  std::string pem() const;

 private:
  X509* certificate_ = nullptr;
  EVP_PKEY* key_ = nullptr;
};

}  // namespace forebay::testing
