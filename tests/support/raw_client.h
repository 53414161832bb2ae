// RawClient: a blocking TCP client that sends exactly the bytes it is told to and reads answers one by one.
// Every wait has a deadline (10 s unless told): a test that would hang fails instead. No HTTP library in between.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay::testing {

struct RawResponse {
  int status = 0;
  std::string head;  // status line and headers as sent, with the empty line
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // The value of the only header of that name; "" where there is none or more than one.
  std::string header(std::string_view name) const;
};

class RawClient {
 public:
  // Connects to 127.0.0.1; receive_buffer_bytes > 0 makes the kernel's buffer small.
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0);
  RawClient(const RawClient&) = delete;
  RawClient(RawClient&& other) noexcept;
  ~RawClient();

  void set_deadline(std::chrono::milliseconds deadline) { deadline_ = deadline; }
  bool connected() const { return fd_ >= 0; }

  bool send(std::string_view bytes);       // all of them; false: the peer is gone or does not take them
  size_t send_some(std::string_view bytes);  // what the kernel takes now
  void shut_down_writing();
  void reset();  // closes with RST

  // One answer with its body by Content-Length; nullopt: the connection ended or the deadline passed.
  std::optional<RawResponse> read_response(bool to_head = false);
  // The next line with its line end; "" where the connection ended or the deadline passed.
  std::string read_line();
  std::string read_bytes(size_t n);
  // True when the peer closes without another byte; false: bytes came, or the deadline passed, or a reset.
  bool closed_quietly();
  // Everything until the end of the connection or the deadline.
  std::string read_all();
  bool was_reset() const { return reset_; }

 private:
  bool fill();  // one more read into buffer_
  int fd_ = -1;
  bool reset_ = false;
  bool ended_ = false;
  std::chrono::milliseconds deadline_{10'000};
  std::string buffer_;
};

}  // namespace forebay::testing
