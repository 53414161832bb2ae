#include "doors/tls/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string_view>

namespace forebay {
namespace {

// Of TLS 1.2; those of 1.3 are all good.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

constexpr unsigned char session_context[] = "forebay";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char http_1_1[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, http_1_1, sizeof http_1_1 - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::string about(X509* certificate) {
  char subject[256] = "";
  X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  std::string hex;
  for (unsigned i = 0; i < size && i < 8; ++i) {
    constexpr const char* digits = "0123456789abcdef";
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return std::string(subject) + ", valid until " + valid_until(*certificate) + ", SHA-256 " + hex;
}

}  // namespace

void TlsContext::FreeContext::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

std::shared_ptr<const TlsContext> TlsContext::make(const TlsConfig& config, std::string* error) {
  TlsFiles files;
  if (const auto fault = read_tls_files(config, &files)) {
    *error = "tls." + fault->key + " " + fault->what;
    return nullptr;
  }
  std::shared_ptr<TlsContext> made(new TlsContext);
  ERR_clear_error();
  if (!made->set_up(files)) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    *error = std::string("tls cannot be set up: ") + (reason != nullptr ? reason : "no reason given");
    ERR_clear_error();
    return nullptr;
  }
  made->about_ = forebay::about(files.chain.front().get());
  return made;
}

bool TlsContext::set_up(const TlsFiles& files) {
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = context_.get();
  if (context == nullptr) return false;
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection keeps no buffers for records.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  const bool good = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
                    SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) == 1 &&
                    SSL_CTX_use_certificate(context, files.chain.front().get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context, files.key.get()) == 1;
  if (!good) return false;
  for (size_t i = 1; i < files.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, files.chain[i].get()) != 1) return false;
  }
  return files.client_ca.empty() || trust_clients(files);
}

bool TlsContext::trust_clients(const TlsFiles& files) {
  X509_STORE* store = SSL_CTX_get_cert_store(context_.get());
  for (const Certificate& authority : files.client_ca) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return false;
    if (SSL_CTX_add_client_CA(context_.get(), authority.get()) != 1) return false;
  }
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

}  // namespace forebay
