// TlsSession: the server's side of TLS for one connection, as a step from bytes to bytes; no sockets.
//
// What the peer sent goes into receive(), cut anywhere, and what it said in the clear comes out at once: of what came
// in nothing is kept but the record that is not whole. What is to go to the peer (the handshake, what send() sealed,
// alerts) gathers in output(), in the order in which it must leave. What is sent before the handshake is done waits for
// its end. After a failure nothing is let through in either direction; the alert that tells of it is the last output.
// No memory of its own beyond OpenSSL's: an idle session keeps no buffers. One thread.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "doors/tls/tls_context.h"

namespace forebay {

class TlsSession {
 public:
  // ended: the peer has said that it sends no more; it may still be sent to.
  enum class State : unsigned char { handshake, open, ended, failed };

  // What receive() may put out above the bytes that it is given: the rest of one record.
  static constexpr size_t record_bytes_max = 18 * 1024;

  explicit TlsSession(const TlsContext& context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;

  // Takes all of `sealed`; how many bytes of `plain` it filled. `room` is at least sealed.size() + record_bytes_max.
  size_t receive(std::string_view sealed, char* plain, size_t room);
  void send(std::string_view plain);
  // close_notify, once; nothing before the handshake is done or after a failure.
  void close();

  State state() const { return state_; }
  bool has_begun() const;                                  // the peer has sent something
  const std::string& failure() const { return failure_; }  // why; when failed
  bool has_output() const { return !output_.empty(); }
  std::string take_output();
  // Sealed and not taken, or waiting for the end of the handshake.
  size_t unsent() const { return output_.size() + waiting_.size(); }

 private:
  static BIO_METHOD* wire();
  static int wire_read(BIO* bio, char* into, int room);
  static int wire_write(BIO* bio, const char* bytes, int size);
  static long wire_control(BIO* bio, int what, long number, void* pointer);

  void shake_hands();
  size_t read_plain(char* plain, size_t room);
  void fail();

  SSL* ssl_;
  State state_ = State::handshake;
  std::string_view input_;  // during receive()
  std::string output_;
  std::string waiting_;
  std::string failure_;
};

}  // namespace forebay
