#include "doors/admin/text_thread.h"

#include <cassert>
#include <utility>

namespace forebay {

TextThread::TextThread(uv_loop_t* loop, Make make, Done done) : make_(std::move(make)), done_(std::move(done)) {
  const int error = uv_async_init(loop, &made_, [](uv_async_t* h) { static_cast<TextThread*>(h->data)->deliver(); });
  assert(error == 0);
  (void)error;
  made_.data = this;
  thread_ = std::thread([this] { run(); });
}

TextThread::~TextThread() {
  assert(closed_);
}

void TextThread::start() {
  assert(!running_ && !closed_);
  running_ = true;
  {
    std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_one();
}

void TextThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return wanted_ || stop_; });
    if (stop_) return;
    wanted_ = false;
    lock.unlock();
    std::string text = make_();
    lock.lock();
    text_ = std::move(text);
    ready_ = true;
    // Under the lock: close() takes it before it closes the handle.
    if (!stop_) uv_async_send(&made_);
  }
}

void TextThread::deliver() {
  if (closed_) return;
  std::string text;
  {
    std::lock_guard lock(mutex_);
    if (!ready_) return;
    ready_ = false;
    text = std::move(text_);
  }
  running_ = false;
  done_(std::move(text));
}

void TextThread::close() {
  assert(!closed_);
  closed_ = true;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
  uv_close(reinterpret_cast<uv_handle_t*>(&made_), nullptr);
}

}  // namespace forebay
