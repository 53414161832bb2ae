#include "relay/reply_desk.h"

#include <algorithm>
#include <utility>

namespace forebay {

void ReplyDesk::expect(Sequence sequence, QueueId queue, Waiting waiting) {
  waiting_.emplace(sequence, waiting);
  expected_.push_back({sequence, queue});
}

uint64_t ReplyDesk::expected(QueueId queue) const {
  return static_cast<uint64_t>(
      std::count_if(expected_.begin(), expected_.end(), [queue](const Expected& one) { return one.queue == queue; }));
}

uint64_t ReplyDesk::begun(Sequence sequence) {
  const auto found = waiting_.find(sequence);
  if (found == waiting_.end()) return 0;
  std::erase_if(expected_, [sequence](const Expected& one) { return one.sequence == sequence; });
  return found->second.body_bytes_max;
}

void ReplyDesk::end_turn() {
  for (const Expected& one : std::exchange(expected_, {})) none(one.sequence);
}

void ReplyDesk::tell(Sequence sequence, const SinkReply* reply) {
  const auto found = waiting_.extract(sequence);
  if (found.empty()) return;
  const Waiting& waiting = found.mapped();
  if (waiting.listener != nullptr) waiting.listener->on_reply(waiting.token, reply);
}

void ReplyDesk::forget(PublishListener& listener) {
  for (auto& [sequence, waiting] : waiting_) {
    if (waiting.listener == &listener) waiting.listener = nullptr;
  }
}

}  // namespace forebay
