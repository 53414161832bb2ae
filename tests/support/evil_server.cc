#include "tests/support/evil_server.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cstdlib>

namespace forebay {

// One connection's bytes, in the clear or through TLS; every wait ends when the server stops.
struct EvilServer::Stream {
  int fd;
  int stopping;
  SSL* tls = nullptr;

  bool wait(short events, int timeout_ms = -1) const {
    pollfd fds[2] = {{fd, events, 0}, {stopping, POLLIN, 0}};
    return poll(fds, 2, timeout_ms) > 0 && fds[1].revents == 0;
  }

  long read(char* bytes, size_t room) {
    if (tls == nullptr) return wait(POLLIN) ? recv(fd, bytes, room, 0) : -1;
    if (SSL_pending(tls) == 0 && !wait(POLLIN)) return -1;
    return SSL_read(tls, bytes, static_cast<int>(room));
  }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!wait(POLLOUT)) return false;
      long n = tls != nullptr ? SSL_write(tls, bytes.data(), static_cast<int>(bytes.size()))
                              : send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
};

std::string EvilServer::Request::header(std::string_view name) const {
  size_t at = head.find("\r\n");
  while (at != head.npos && at + 2 < head.size()) {
    size_t end = head.find("\r\n", at + 2);
    std::string_view line = std::string_view(head).substr(at + 2, end - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      line.remove_prefix(name.size() + 1);
      while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
      return std::string(line);
    }
    at = end;
  }
  return {};
}

EvilServer::EvilServer(Script script, const TestCertificate* certificate) : script_(std::move(script)) {
  if (certificate != nullptr) {
    signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
    tls_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(tls_, certificate->certificate);
    SSL_CTX_use_PrivateKey(tls_, certificate->key);
  }
  listen();
}

EvilServer::~EvilServer() {
  stop();
  SSL_CTX_free(tls_);
}

std::string EvilServer::url(std::string_view path) const {
  return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + std::string(path);
}

void EvilServer::listen() {
  stopping_ = eventfd(0, EFD_CLOEXEC);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  [[maybe_unused]] int bound = bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
  assert(bound == 0);
  [[maybe_unused]] int listening = ::listen(listener_, 512);
  assert(listening == 0);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

void EvilServer::stop() {
  if (listener_ < 0) return;
  eventfd_write(stopping_, 1);
  acceptor_.join();
  close(listener_);
  listener_ = -1;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  close(stopping_);
}

void EvilServer::restart() {
  stop();
  listen();
}

void EvilServer::accept_loop() {
  pollfd fds[2] = {{listener_, POLLIN, 0}, {stopping_, POLLIN, 0}};
  while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    int connection = ++accepted_;
    {
      std::lock_guard lock(mutex_);
      open_.insert(fd);
    }
    threads_.emplace_back([this, fd, connection] { serve(fd, connection); });
  }
}

void EvilServer::serve(int fd, int connection) {
  Stream stream{fd, stopping_};
  bool reset = at_accept_ == AtAccept::reset;
  if (at_accept_ == AtAccept::hang) pause(-1);
  if (tls_ != nullptr) {
    stream.tls = SSL_new(tls_);
    SSL_set_fd(stream.tls, fd);
  }
  if (at_accept_ == AtAccept::read && (stream.tls == nullptr || SSL_accept(stream.tls) == 1)) {
    std::string buffer;
    for (int nth = 1; nth > 0; nth++) {
      Request request;
      request.connection = connection;
      request.nth = nth;
      if (!read_request(stream, buffer, request)) break;
      Answer answer = script_(request);
      reset = answer.then == Answer::Then::reset;
      if (!act(stream, answer)) break;
    }
  }
  SSL_free(stream.tls);
  finish(fd, reset);
}

bool EvilServer::read_request(Stream& stream, std::string& buffer, Request& request) {
  char bytes[16384];
  auto more = [&] {
    long n = stream.read(bytes, sizeof bytes);
    if (n > 0) buffer.append(bytes, static_cast<size_t>(n));
    return n > 0;
  };
  size_t end;
  while ((end = buffer.find("\r\n\r\n")) == buffer.npos)
    if (!more()) return false;
  request.head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  request.id = request.header("Forebay-Message-Id");
  size_t length = strtoul(request.header("Content-Length").c_str(), nullptr, 10);
  while (buffer.size() < length)
    if (!more()) break;
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  request.arrived = std::chrono::steady_clock::now();
  note(request);
  return request.body.size() == length;
}

bool EvilServer::act(Stream& stream, const Answer& answer) {
  if (answer.trickle_ms == 0 && !stream.write(answer.bytes)) return false;
  if (answer.trickle_ms > 0)
    for (char c : answer.bytes)
      if (!stream.write({&c, 1}) || !pause(answer.trickle_ms)) return false;
  if (answer.then == Answer::Then::hang) stream.wait(POLLRDHUP);
  return answer.then == Answer::Then::keep;
}

bool EvilServer::pause(int ms) const {
  pollfd fds[1] = {{stopping_, POLLIN, 0}};
  return poll(fds, 1, ms) == 0;
}

void EvilServer::note(const Request& request) {
  std::lock_guard lock(mutex_);
  requests_.push_back(request);
}

void EvilServer::finish(int fd, bool reset) {
  linger how{reset ? 1 : 0, 0};
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof how);
  std::lock_guard lock(mutex_);
  open_.erase(fd);
  close(fd);
}

int EvilServer::say(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  for (int fd : open_) send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return static_cast<int>(open_.size());
}

void EvilServer::close_connections() {
  std::lock_guard lock(mutex_);
  for (int fd : open_) shutdown(fd, SHUT_RDWR);
}

int EvilServer::arrivals() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(requests_.size());
}

std::map<std::string, int> EvilServer::arrivals_by_id() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, int> counts;
  for (const Request& request : requests_) counts[request.id]++;
  return counts;
}

std::vector<EvilServer::Request> EvilServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::string EvilServer::reply(int status, std::string_view body, std::string_view headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Said So\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

EvilServer::Answer EvilServer::answer(int status, std::string_view body, std::string_view headers) {
  return {.bytes = reply(status, body, headers)};
}

TestCertificate::TestCertificate() : certificate(X509_new()), key(EVP_EC_gen("P-256")) {
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  const char* dir = getenv("TMPDIR");
  pem_path = std::string(dir != nullptr ? dir : "/tmp") + "/forebay-test-ca-XXXXXX";
  FILE* file = fdopen(mkstemp(pem_path.data()), "w");
  assert(file != nullptr);
  PEM_write_X509(file, certificate);
  fclose(file);
}

TestCertificate::~TestCertificate() {
  unlink(pem_path.c_str());
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace forebay
