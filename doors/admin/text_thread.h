// TextThread: makes one large text on a thread of its own and hands it back on the loop thread.
// libuv's pool would not do: its four threads may all be waiting for a slow disk or name server.
// Order: one text at a time; start() only when none is under way (asserted). close() before destruction, and
// the loop must run once more between the two.
#pragma once

#include <uv.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace forebay {

class TextThread {
 public:
  using Make = std::function<std::string()>;      // on the thread
  using Done = std::function<void(std::string)>;  // on the loop
  TextThread(uv_loop_t* loop, Make make, Done done);
  ~TextThread();
  TextThread(const TextThread&) = delete;
  TextThread& operator=(const TextThread&) = delete;

  void start();
  bool running() const { return running_; }
  // Waits for the text under way, which is then never reported.
  void close();

 private:
  void run();
  void deliver();

  uv_async_t made_;
  Make make_;
  Done done_;
  bool running_ = false;  // loop thread only
  bool closed_ = false;   // loop thread only

  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  bool ready_ = false;
  bool stop_ = false;
  std::string text_;
  std::thread thread_;
};

}  // namespace forebay
