// Listener: accepts connections, and stops when it cannot.
//
// Out of descriptors (EMFILE, ENFILE) or kernel memory it stops listening for events and tries again when the
// owner says that a descriptor came free, or after 100 ms: clients wait in the kernel's backlog, nothing
// spins and nobody is turned away for it. (libuv's own listener accepts and closes them, and can loop for
// ever.) A listener with a reserve holds that many descriptors open on nothing and gives them up, one a connection,
// before it comes to that.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace forebay {

class Listener {
 public:
  // `on_accept` owns the descriptor it is handed (non-blocking, close-on-exec). It may call pause() or
  // close().
  Listener(uv_loop_t* loop, unsigned reserve, std::function<void(int fd)> on_accept);
  Listener(const Listener&) = delete;
  ~Listener();

  int open(const std::string& host, uint16_t port);  // 0 or a libuv error
  uint16_t port() const { return port_; }
  void pause();   // the owner has no room
  void resume();  // it has again
  void descriptor_freed();
  // The two handles are closed by the loop; the object must live until is_closed().
  void close();
  bool is_closed() const { return open_handles_ == 0; }

 private:
  int bind_to(const std::string& host, uint16_t port);
  int start_handles();
  void accept_some();
  void listen_for_events();
  void back_off();
  bool give_up_spare();
  void take_back_spares();

  uv_loop_t* loop_;
  const unsigned reserve_;
  std::function<void(int)> on_accept_;
  uv_poll_t poll_{};
  uv_timer_t timer_{};
  int fd_ = -1;
  std::vector<int> spares_;
  uint16_t port_ = 0;
  int open_handles_ = 0;
  bool paused_ = false;
  bool backing_off_ = false;
};

}  // namespace forebay
