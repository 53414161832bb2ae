// EvilServer: an HTTP server that misbehaves as told, on a loopback port of its own, and counts what arrives.
//
// A thread accepts, a thread per connection reads whole requests and asks the script what to do. Scripts run
// on those threads. An arrival is a request whose header block came in whole, by its Forebay-Message-Id.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace forebay {

struct TestCertificate;

class EvilServer {
 public:
  struct Request {
    std::string id;    // Forebay-Message-Id; empty: none
    std::string head;  // request line and headers as sent
    std::string body;
    int connection = 0;                               // 1 for the first accepted
    int nth = 0;                                      // on its connection, 1 for the first
    std::chrono::steady_clock::time_point arrived;    // when it had come in whole, before its answer
    std::string header(std::string_view name) const;  // first value; empty: none
  };

  struct Answer {
    enum class Then { keep, close, reset, hang };  // hang: silent until the client or the server goes
    std::string bytes;                             // written as they are
    Then then = Then::keep;
    int trickle_ms = 0;  // above 0: one byte, this pause, the next
  };

  enum class AtAccept { read, close, reset, hang };

  using Script = std::function<Answer(const Request&)>;

  // With a certificate: TLS.
  explicit EvilServer(Script script, const TestCertificate* certificate = nullptr);
  ~EvilServer();
  EvilServer(const EvilServer&) = delete;
  EvilServer& operator=(const EvilServer&) = delete;

  uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const;

  void at_accept(AtAccept what) { at_accept_ = what; }
  void stop();     // every connection is closed, the port refuses
  void restart();  // on the same port
  // To every open connection, unasked, from here (no TLS); returns to how many.
  int say(std::string_view bytes);
  void close_connections();

  int arrivals() const;  // all
  std::map<std::string, int> arrivals_by_id() const;
  std::vector<Request> requests() const;
  int connections() const { return accepted_; }  // ever accepted

  // A well-formed reply with a Content-Length.
  static std::string reply(int status, std::string_view body = "", std::string_view headers = "");
  static Answer answer(int status, std::string_view body = "", std::string_view headers = "");

 private:
  struct Stream;

  void listen();
  void accept_loop();
  void serve(int fd, int connection);
  bool read_request(Stream& stream, std::string& buffer, Request& request);
  bool act(Stream& stream, const Answer& answer);
  void note(const Request& request);
  void finish(int fd, bool reset);
  bool pause(int ms) const;  // false: the server stops

  Script script_;
  SSL_CTX* tls_ = nullptr;
  uint16_t port_ = 0;
  int listener_ = -1;
  int stopping_ = -1;  // eventfd, readable while stopping
  std::atomic<AtAccept> at_accept_ = AtAccept::read;
  std::atomic<int> accepted_ = 0;
  mutable std::mutex mutex_;
  std::set<int> open_;
  std::vector<Request> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A self-signed certificate for localhost and 127.0.0.1, made when asked for, and its PEM in a file of its
// own.
struct TestCertificate {
  TestCertificate();
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
  std::string pem_path;
};

}  // namespace forebay
