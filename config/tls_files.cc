#include "config/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

namespace forebay {
namespace {

using Fault = std::optional<TlsFault>;

constexpr std::streamsize file_bytes_max = 1024 * 1024;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Fault read_file(const char* key, const std::string& path, std::string* content) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  content->resize(file_bytes_max + 1);
  if (in) in.read(content->data(), static_cast<std::streamsize>(content->size()));
  if (!in && !in.eof()) {
    return TlsFault{key, std::string("cannot be read: ") + std::strerror(errno != 0 ? errno : EIO),
                    "a path is taken from the folder of the config file"};
  }
  content->resize(static_cast<size_t>(in.gcount()));
  if (content->size() > file_bytes_max) return TlsFault{key, "is larger than 1MiB", "a file in PEM form"};
  return std::nullopt;
}

// Of what went wrong last in this thread; the queue is empty after it.
std::string openssl_reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

Fault read_certificates(const char* key, const std::string& path, std::vector<Certificate>* out) {
  std::string content;
  if (Fault fault = read_file(key, path, &content)) return fault;
  const Bio bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) out->emplace_back(certificate);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_reason();
  if (out->empty() && at_end) return TlsFault{key, "holds no certificate", "-----BEGIN CERTIFICATE-----, in PEM form"};
  if (at_end) return std::nullopt;
  return TlsFault{key, "holds a certificate that is damaged: " + reason,
                  "certificate " + std::to_string(out->size() + 1)};
}

// OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Fault read_key(const std::string& path, TlsFiles* files) {
  std::string content;
  if (Fault fault = read_file("key", path, &content)) return fault;
  const Bio bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  bool encrypted = false;
  files->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &encrypted));
  OPENSSL_cleanse(content.data(), content.size());
  ERR_clear_error();
  if (encrypted) return TlsFault{"key", "is locked by a passphrase", "openssl pkey -in KEY -out OPEN_KEY unlocks it"};
  if (!files->key) return TlsFault{"key", "holds no private key", "-----BEGIN PRIVATE KEY-----, in PEM form"};
  return std::nullopt;
}

// What a door will do with them, tried.
Fault try_them(const TlsFiles& files) {
  X509* certificate = files.chain.front().get();
  if (X509_check_private_key(certificate, files.key.get()) != 1) {
    ERR_clear_error();
    return TlsFault{"key", "does not belong to the certificate", "the first one in cert must be the door's own"};
  }
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate(context.get(), certificate) != 1) {
    return TlsFault{"cert", "cannot be used: " + openssl_reason(), ""};
  }
  for (size_t i = 1; i < files.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), files.chain[i].get()) == 1) continue;
    return TlsFault{"cert", "cannot be used: " + openssl_reason(), "certificate " + std::to_string(i + 1)};
  }
  if (SSL_CTX_use_PrivateKey(context.get(), files.key.get()) == 1) return std::nullopt;
  return TlsFault{"key", "cannot be used: " + openssl_reason(), ""};
}

std::string day(const ASN1_TIME* time) {
  std::tm parts{};
  char text[32] = "an unknown day";
  if (ASN1_TIME_to_tm(time, &parts) == 1) std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

}  // namespace

void FreeTls::operator()(X509* certificate) const {
  X509_free(certificate);
}

void FreeTls::operator()(EVP_PKEY* key) const {
  EVP_PKEY_free(key);
}

std::optional<TlsFault> read_tls_files(const TlsConfig& config, TlsFiles* files) {
  if (Fault fault = read_certificates("cert", config.cert, &files->chain)) return fault;
  if (Fault fault = read_key(config.key, files)) return fault;
  if (Fault fault = try_them(*files)) return fault;
  if (config.client_ca.empty()) return std::nullopt;
  return read_certificates("client_ca", config.client_ca, &files->client_ca);
}

std::string why_not_valid_now(const X509& certificate) {
  const ASN1_TIME* from = X509_get0_notBefore(&certificate);
  const ASN1_TIME* to = X509_get0_notAfter(&certificate);
  if (X509_cmp_current_time(from) > 0) return "is not valid before " + day(from);
  return X509_cmp_current_time(to) < 0 ? "expired on " + day(to) : "";
}

std::string valid_until(const X509& certificate) {
  return day(X509_get0_notAfter(&certificate));
}

}  // namespace forebay
