// TlsClient: the client's side of TLS over memory, for tests: what it wants sent, and what it was told, as bytes. Who
// uses it carries the bytes (over a socket, or into a TlsSession).
#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/certificates.h"

namespace forebay::testing {

class TlsClient {
 public:
  struct Settings {
    std::string trusted;                                // PEM of the authority that it trusts
    const TestPair* own = nullptr;                      // what it shows
    int version_max = 0;                                // TLS1_2_VERSION …; 0: the newest
    std::vector<std::string> protocols = {"http/1.1"};  // ALPN; empty: none offered
  };
  explicit TlsClient(const Settings& settings);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;

  // Goes on with the handshake or, after it, reads. What came in the clear is in plain().
  void receive(std::string_view sealed);
  void send(std::string_view plain);
  void close();               // close_notify
  void ask_for_new_keys();    // TLS 1.3: and that the other side takes new ones
  bool renegotiate();         // TLS 1.2; false: it could not even be asked for
  std::string take_output();  // for the server

  bool established() const;
  bool failed() const { return failed_; }
  bool closed() const { return closed_; }  // the server sent close_notify
  const std::string& why() const { return why_; }
  const std::string& plain() const { return plain_; }
  std::string take_plain() { return std::exchange(plain_, {}); }
  std::string protocol() const;     // ALPN's choice
  std::string server_name() const;  // common name of its certificate

 private:
  void step();

  SSL_CTX* context_;
  SSL* ssl_;
  std::string plain_, why_;
  bool failed_ = false, closed_ = false;
};

}  // namespace forebay::testing
