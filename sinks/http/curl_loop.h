// CurlLoop: libcurl's multi interface driven by a libuv loop.
//
// Promise: one uv_poll per socket from its opening to its closing, touched only when the events wanted
// change. A connection at rest stays watched: when its peer closes it or speaks unasked, it is spoilt on the
// spot, so that no later request is written into a dead connection or answered by bytes that came before it.
// All transfers added in a turn of the loop start together at its next idle phase, without a timer.
//
// Owner calls: attach(easy) once per handle, add(easy) per transfer; then exactly one on_done(easy, result),
// on the loop thread and never from inside add(). The handle is out of the multi when on_done comes.
// close() takes no more calls; the object may go right after it (what libuv still holds frees itself).
#pragma once

#include <curl/curl.h>
#include <poll.h>
#include <uv.h>

#include <cstdint>
#include <vector>

namespace forebay {

class CurlLoop {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_done(CURL* easy, CURLcode result) = 0;
    virtual void on_turn() = 0;  // once after each wake(), from the loop, before transfers are driven
  };

  // Why the sockets of one handle could not be opened; the memory outlives the handle's last transfer.
  struct Opening {
    CurlLoop* loop = nullptr;
    int error = 0;  // errno of the last that failed for want of descriptors or memory; reset by the owner
  };

  CurlLoop(uv_loop_t* loop, Owner& owner);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  void set_connections(uint32_t connections_max);  // at once and kept alive
  void attach(CURL* easy, Opening* opening);
  void add(CURL* easy);
  void remove(CURL* easy);  // gives a transfer up; no on_done follows
  void wake();              // on_turn() follows in the next idle phase
  void close();             // every added handle has been removed
  bool closed() const { return multi_ == nullptr; }

 private:
  struct Watch;

  static int on_socket_wish(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
  static int on_timer_wish(CURLM* multi, long timeout_ms, void* self);
  static curl_socket_t on_open(void* opening, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* self, curl_socket_t fd);
  static void on_event(uv_poll_t* poll, int status, int events);
  static void on_timer(uv_timer_t* timer);
  static void on_idle(uv_idle_t* idle);

  Watch* watch_of(curl_socket_t fd, bool ours);
  void unwatch(curl_socket_t fd);
  void lay_to_rest(Watch* watch);
  void rouse(Watch* watch);
  void spoil_what_spoke();
  void drive(curl_socket_t fd, int events);
  void report_done();

  uv_loop_t* loop_;
  Owner& owner_;
  CURLM* multi_;
  uv_idle_t* idle_;
  uv_timer_t* timer_;
  uint64_t timer_due_ms_ = 0;    // of loop time; what libcurl wants. 0: nothing
  uint64_t timer_armed_ms_ = 0;  // what the uv_timer is set to, never later than timer_due_ms_. 0: stopped
  bool due_now_ = false;
  std::vector<Watch*> watches_;  // by descriptor
  std::vector<Watch*> resting_;  // connections no transfer uses
  std::vector<pollfd> looks_;    // memory of spoil_what_spoke()
};

}  // namespace forebay
