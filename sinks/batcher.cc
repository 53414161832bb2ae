#include "sinks/batcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace forebay {

Batcher::Batcher(uv_loop_t* loop, std::function<void(Group)> full)
    : loop_(loop), full_(std::move(full)), timer_(new uv_timer_t) {
  uv_timer_init(loop_, timer_);
  timer_->data = this;
}

Batcher::~Batcher() {
  close();
}

void Batcher::set(size_t messages_max, Duration linger) {
  messages_max_ = std::max<size_t>(1, messages_max);
  linger_ms_ = static_cast<uint64_t>(std::max<int64_t>(linger.ms(), 1));
  while (!open_.empty()) leave(open_.begin());
  set_timer();
}

void Batcher::add(Delivery delivery) {
  const auto belongs = [&](const Open& open) {
    return open.group[0].queue == delivery.queue && open.group[0].headers == delivery.headers;
  };
  auto open = std::find_if(open_.begin(), open_.end(), belongs);
  if (open != open_.end() && open->bytes + delivery.body.size() > bytes_max) {
    leave(open);
    open = open_.end();
  }
  if (open == open_.end()) {
    open_.push_back({{}, 0, uv_now(loop_) + linger_ms_});
    open = std::prev(open_.end());
  }
  open->bytes += delivery.body.size();
  open->group.push_back(std::move(delivery));
  if (open->group.size() >= messages_max_) leave(open);
  set_timer();
}

void Batcher::leave(std::list<Open>::iterator open) {
  Group group = std::move(open->group);
  open_.erase(open);
  full_(std::move(group));
}

void Batcher::leave_due() {
  while (!open_.empty() && open_.front().due_ms <= uv_now(loop_)) leave(open_.begin());
  set_timer();
}

void Batcher::set_timer() {
  if (timer_ == nullptr) return;
  if (open_.empty()) {
    uv_timer_stop(timer_);
    return;
  }
  const uint64_t now = uv_now(loop_);
  const uint64_t wait = open_.front().due_ms > now ? open_.front().due_ms - now : 0;
  uv_timer_start(
      timer_, [](uv_timer_t* timer) { static_cast<Batcher*>(timer->data)->leave_due(); }, wait, 0);
}

std::vector<Delivery> Batcher::close() {
  std::vector<Delivery> all;
  if (timer_ == nullptr) return all;
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(timer_, nullptr)),
           [](uv_handle_t* timer) { delete reinterpret_cast<uv_timer_t*>(timer); });
  for (Open& open : open_) std::move(open.group.begin(), open.group.end(), std::back_inserter(all));
  open_.clear();
  return all;
}

}  // namespace forebay
