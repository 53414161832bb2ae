// TlsSocket: a blocking client over TLS on 127.0.0.1, for tests. Every wait has a deadline of 10 s.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/raw_client.h"
#include "tests/support/tls_client.h"

namespace forebay::testing {

class TlsSocket {
 public:
  // Connects; shakes hands unless told not to. receive_buffer_bytes > 0 makes the kernel's buffer small.
  TlsSocket(uint16_t port, const TlsClient::Settings& settings, int receive_buffer_bytes = 0);
  ~TlsSocket();
  TlsSocket(const TlsSocket&) = delete;

  bool established() const { return tls_.established() && !tls_.failed(); }
  TlsClient& tls() { return tls_; }

  void send(std::string_view plain);
  // Sealed as one, sent in so many bytes at a time.
  void send_in_pieces(std::string_view plain, size_t piece);
  void say_goodbye();                // close_notify; the socket stays open
  void put(std::string_view bytes);  // as they are
  // What tls() has to say.
  void flush() { put(tls_.take_output()); }

  // One answer with its body by Content-Length; nullopt: the connection ended, or the deadline passed.
  std::optional<RawResponse> read_response();
  // Reads until the connection ends; true: by close_notify first, and without a reset.
  bool closed_cleanly();
  // Reads until it ends, however.
  bool ended();

 private:
  bool fill();  // false: the end, or the deadline

  int fd_;
  bool reset_ = false, ended_ = false;
  size_t taken_ = 0;  // of tls_.plain()
  TlsClient tls_;
};

}  // namespace forebay::testing
