// TlsFiles: what a door's certificate files hold, read and found to fit together.
//
// Promise: what read_tls_files() lets pass, OpenSSL can serve with: PEM, a certificate that is not too weak, and the
// key that belongs to it. No complaint repeats what is in a file, and nobody is asked for a passphrase.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace forebay {

struct FreeTls {
  void operator()(X509* certificate) const;
  void operator()(EVP_PKEY* key) const;
};
using Certificate = std::unique_ptr<X509, FreeTls>;

struct TlsFiles {
  std::vector<Certificate> chain;  // the door's own first
  std::unique_ptr<EVP_PKEY, FreeTls> key;
  std::vector<Certificate> client_ca;  // empty: clients show no certificate
};

struct TlsFault {
  std::string key;  // of TlsConfig: cert, key or client_ca
  std::string what;
  std::string hint;  // empty: none
};

// nullopt: *files is whole. `config.cert` is not empty.
std::optional<TlsFault> read_tls_files(const TlsConfig& config, TlsFiles* files);

// "expired on 2026-01-02", "is not valid before 2027-01-02"; empty: its time is now.
std::string why_not_valid_now(const X509& certificate);
// "2027-01-02": the last day on which it is.
std::string valid_until(const X509& certificate);

}  // namespace forebay
