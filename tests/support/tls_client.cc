#include "tests/support/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace forebay::testing {
namespace {

BIO* bio_of(const std::string& text) {
  return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
}

void trust(SSL_CTX* context, const std::string& pem) {
  BIO* bio = bio_of(pem);
  X509* authority = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509_free(authority);
  BIO_free(bio);
}

void show(SSL_CTX* context, const TestPair& pair) {
  BIO* bio = bio_of(pair.certificate);
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  bio = bio_of(pair.key);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace

TlsClient::TlsClient(const Settings& settings) : context_(SSL_CTX_new(TLS_client_method())) {
  if (!settings.trusted.empty()) trust(context_, settings.trusted);
  if (settings.own != nullptr) show(context_, *settings.own);
  SSL_CTX_set_security_level(context_, 0);  // so that old versions can be asked for
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_, settings.version_max);
  std::string offered;
  for (const std::string& name : settings.protocols) offered += static_cast<char>(name.size()) + name;
  SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
  ssl_ = SSL_new(context_);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_), -1);
  SSL_set_connect_state(ssl_);
  step();
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

void TlsClient::receive(std::string_view sealed) {
  BIO_write(SSL_get_rbio(ssl_), sealed.data(), static_cast<int>(sealed.size()));
  step();
}

void TlsClient::step() {
  for (char bytes[16 * 1024]; !failed_ && !closed_;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, bytes, sizeof bytes);
    if (got > 0) {
      plain_.append(bytes, static_cast<size_t>(got));
      continue;
    }
    const int error = SSL_get_error(ssl_, got);
    if (error == SSL_ERROR_WANT_READ) return;
    closed_ = error == SSL_ERROR_ZERO_RETURN;
    failed_ = !closed_;
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    if (failed_) why_ = reason != nullptr ? reason : "?";
  }
}

void TlsClient::send(std::string_view plain) {
  if (SSL_write(ssl_, plain.data(), static_cast<int>(plain.size())) <= 0) failed_ = true;
}

void TlsClient::close() {
  SSL_shutdown(ssl_);
}

void TlsClient::ask_for_new_keys() {
  SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(ssl_);
}

bool TlsClient::renegotiate() {
  if (SSL_renegotiate(ssl_) != 1) return false;
  SSL_do_handshake(ssl_);
  return true;
}

std::string TlsClient::take_output() {
  std::string out;
  char bytes[16 * 1024];
  for (int got = 0; (got = BIO_read(SSL_get_wbio(ssl_), bytes, sizeof bytes)) > 0;) {
    out.append(bytes, static_cast<size_t>(got));
  }
  return out;
}

bool TlsClient::established() const {
  return SSL_is_init_finished(ssl_) == 1;
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return size == 0 ? "" : std::string(reinterpret_cast<const char*>(name), size);
}

std::string TlsClient::server_name() const {
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  char name[128] = "";
  if (certificate != nullptr) {
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  }
  return name;
}

}  // namespace forebay::testing
