#include "doors/tls/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace forebay {

// OpenSSL's own memory BIO copies what it is given and keeps the room for ever. This one reads from where the bytes
// lie and writes to where they are taken from.
BIO_METHOD* TlsSession::wire() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "forebay connection");
    BIO_meth_set_read(made, wire_read);
    BIO_meth_set_write(made, wire_write);
    BIO_meth_set_ctrl(made, wire_control);
    return made;
  }();
  return method;
}

int TlsSession::wire_read(BIO* bio, char* into, int room) {
  std::string_view& input = static_cast<TlsSession*>(BIO_get_data(bio))->input_;
  BIO_clear_retry_flags(bio);
  if (input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t size = std::min(input.size(), static_cast<size_t>(room));
  std::memcpy(into, input.data(), size);
  input.remove_prefix(size);
  return static_cast<int>(size);
}

int TlsSession::wire_write(BIO* bio, const char* bytes, int size) {
  static_cast<TlsSession*>(BIO_get_data(bio))->output_.append(bytes, static_cast<size_t>(size));
  return size;
}

long TlsSession::wire_control(BIO*, int what, long, void*) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsSession::TlsSession(const TlsContext& context) : ssl_(SSL_new(context.get())) {
  BIO* bio = BIO_new(wire());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

bool TlsSession::has_begun() const {
  return SSL_in_before(ssl_) == 0;
}

size_t TlsSession::receive(std::string_view sealed, char* plain, size_t room) {
  assert(room >= sealed.size() + record_bytes_max);
  input_ = sealed;
  if (state_ == State::handshake) shake_hands();
  const size_t size = read_plain(plain, room);
  input_ = {};
  return size;
}

void TlsSession::shake_hands() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) {
    if (SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ) fail();
    return;
  }
  state_ = State::open;
  send(std::exchange(waiting_, {}));
}

size_t TlsSession::read_plain(char* plain, size_t room) {
  size_t size = 0;
  while (state_ == State::open) {
    size_t more = 0;
    ERR_clear_error();
    const int got = SSL_read_ex(ssl_, plain + size, room - size, &more);
    if (got == 1) {
      size += more;
      if (input_.empty() && SSL_has_pending(ssl_) == 0) break;  // as it mostly is: a look for more costs as much
      continue;
    }
    const int error = SSL_get_error(ssl_, got);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      state_ = State::ended;
    } else {
      fail();
    }
  }
  return size;
}

void TlsSession::send(std::string_view plain) {
  if (plain.empty() || state_ == State::failed) return;
  if (state_ == State::handshake) {
    waiting_.append(plain);
    return;
  }
  size_t sealed = 0;
  ERR_clear_error();
  if (SSL_write_ex(ssl_, plain.data(), plain.size(), &sealed) != 1) fail();
}

void TlsSession::close() {
  const bool established = state_ == State::open || state_ == State::ended;
  if (!established || (SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);  // 0: the peer's is still to come
}

std::string TlsSession::take_output() {
  return std::exchange(output_, {});
}

// The first error tells what the peer did; later ones are what came of it.
void TlsSession::fail() {
  const unsigned long error = ERR_get_error();
  const char* reason = ERR_reason_error_string(error);
  failure_ = reason != nullptr ? reason : "the connection ended";
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    failure_ += std::string(": ") + X509_verify_cert_error_string(SSL_get_verify_result(ssl_));
  }
  ERR_clear_error();
  state_ = State::failed;
  std::string().swap(waiting_);
}

}  // namespace forebay
