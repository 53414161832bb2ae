#include "relay/expiry_watch.h"

#include <limits>
#include <utility>

namespace forebay {
namespace {

constexpr int64_t step_ms = 100;

}  // namespace

void ExpiryWatch::watch(Sequence sequence, int64_t expires_ms) {
  const uint64_t group = sequence / group_size;
  const int64_t due_ms = (expires_ms + step_ms - 1) / step_ms * step_ms;
  const int64_t* watched = std::as_const(due_ms_).find(group);
  if (watched != nullptr && *watched <= due_ms) return;
  if (watched == nullptr) {
    due_ms_.insert(group, due_ms);
  } else {
    *due_ms_.find(group) = due_ms;
  }
  wheel_.add(due_ms, group);
}

void ExpiryWatch::advance(int64_t now_ms) {
  wheel_.advance(now_ms, [&](uint64_t group) {
    const int64_t* watched = std::as_const(due_ms_).find(group);
    if (watched == nullptr || *watched > now_ms) return;
    due_ms_.erase(group);
    due_.push_back(group);
  });
}

std::optional<Sequence> ExpiryWatch::take_due() {
  if (due_.empty()) return std::nullopt;
  const uint64_t group = due_.front();
  due_.pop_front();
  return group * group_size;
}

std::optional<int64_t> ExpiryWatch::next_due_ms() const {
  if (!due_.empty()) return std::numeric_limits<int64_t>::min();
  return wheel_.next_due_ms();
}

}  // namespace forebay
