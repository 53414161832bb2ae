// The part of IntakeDesk that knows whose producer may wait for the sink's own reply.
#include "relay/intake_desk.h"

namespace forebay {

// Whether there is a permit for it the scheduler decides, in this turn.
bool IntakeDesk::await_reply(const AcceptedMessage& accepted, uint64_t body_bytes_max, uint64_t token,
                             PublishListener& listener) {
  const auto decoded = ids_.decode(std::string_view(accepted.id.data(), accepted.id.size()));
  if (replies_ == nullptr || stopping_ || accepted.deduplicated || !decoded) return false;
  const MessageEntry* entry = core_.entry(decoded->sequence);
  if (entry == nullptr || entry->state != MessageState::ready) return false;
  constexpr uint64_t burst_max = 256;  // beyond it nobody counts who stands before whom
  if (core_.queue(decoded->queue)->ready > burst_max) return false;
  if (core_.explain(decoded->sequence, clock_.now()).position > replies_->expected(decoded->queue)) return false;
  replies_->expect(decoded->sequence, decoded->queue, {token, &listener, body_bytes_max});
  return true;
}

}  // namespace forebay
