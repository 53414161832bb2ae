#include "backlog/body_window.h"

namespace forebay {

void BodyWindow::drop(std::map<Key, Stretch>::iterator at) {
  bytes_ -= at->second.bytes.size();
  stretches_.erase(at);
}

void BodyWindow::keep(uint32_t slot, uint32_t offset, std::span<const std::byte> bytes,
                      std::shared_ptr<const void> owner) {
  if (bytes.size() > bytes_max_) return;
  const Key key{slot, offset};
  if (const auto at = stretches_.find(key); at != stretches_.end()) drop(at);
  stretches_.emplace(key, Stretch{bytes, std::move(owner), next_age_});
  order_.emplace_back(key, next_age_++);
  bytes_ += bytes.size();
  while (bytes_ > bytes_max_) {
    const auto at = stretches_.find(order_.front().first);
    if (at != stretches_.end() && at->second.age == order_.front().second) drop(at);
    order_.pop_front();
  }
}

std::pair<std::span<const std::byte>, std::shared_ptr<const void>> BodyWindow::find(const Place& place) const {
  auto at = stretches_.upper_bound({place.slot, place.offset});
  if (at == stretches_.begin()) return {};
  --at;
  const uint64_t skip = place.offset - at->first.second;
  if (at->first.first != place.slot || skip + place.length() > at->second.bytes.size()) return {};
  return {at->second.bytes.subspan(skip, place.length()), at->second.owner};
}

void BodyWindow::forget(uint32_t slot) {
  auto at = stretches_.lower_bound({slot, 0});
  while (at != stretches_.end() && at->first.first == slot) drop(at++);
}

}  // namespace forebay
