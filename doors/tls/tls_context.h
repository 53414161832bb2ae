// TlsContext: what every handshake of a door goes by: certificate, key, and whose clients are let in.
//
// TLS 1.2 or later; ciphers with forward secrecy and authenticated encryption only; ALPN http/1.1 (a client that offers
// other protocols and not that one is refused); no renegotiation, no compression; sessions are resumed by tickets, and
// the server keeps none. With client_ca a client that shows no certificate of it is refused in the handshake.
// It does not change: a reload makes another one, and connections keep the one that they began with (OpenSSL counts).
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "config/tls_files.h"

namespace forebay {

class TlsContext {
 public:
  // nullptr: *error says which file, and what is wrong with it.
  static std::shared_ptr<const TlsContext> make(const TlsConfig& config, std::string* error);

  SSL_CTX* get() const { return context_.get(); }
  // Of the certificate, for people: "CN = door, until 2027-01-02, SHA-256 5f3a…".
  const std::string& about() const { return about_; }

 private:
  TlsContext() = default;
  bool set_up(const TlsFiles& files);
  bool trust_clients(const TlsFiles& files);

  struct FreeContext {
    void operator()(SSL_CTX* context) const;
  };
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::string about_;
};

}  // namespace forebay
