#include "relay/kept_messages.h"

namespace forebay {
namespace {

constexpr std::string_view NewMessage::*texts[] = {
    &NewMessage::queue,           &NewMessage::topic, &NewMessage::by,
    &NewMessage::klass,           &NewMessage::key,   &NewMessage::content_type,
    &NewMessage::idempotency_key, &NewMessage::body,  &NewMessage::method,
    &NewMessage::target,
};

template <class Tell>
void each_text(const NewMessage& message, Tell tell) {
  for (const auto text : texts) tell(message.*text);
  for (const auto& pairs : {message.forward, message.headers}) {
    for (const auto& [name, value] : pairs) tell(name), tell(value);
  }
}

}  // namespace

size_t KeptMessages::bytes_of(std::span<const NewMessage> messages) {
  size_t bytes = messages.size_bytes();
  for (const NewMessage& message : messages) {
    each_text(message, [&](std::string_view text) { bytes += text.size(); });
    bytes += (message.forward.size() + message.headers.size()) * sizeof(Pair);
  }
  return bytes;
}

KeptMessages::KeptMessages(std::span<const NewMessage> messages) {
  size_t bytes = 0, pairs = 0;
  for (const NewMessage& message : messages) {
    each_text(message, [&](std::string_view text) { bytes += text.size(); });
    pairs += message.forward.size() + message.headers.size();
  }
  texts_.reserve(bytes);
  pairs_.reserve(pairs);
  messages_.assign(messages.begin(), messages.end());
  for (NewMessage& message : messages_) {
    for (const auto text : texts) message.*text = keep(message.*text);
    message.forward = keep(message.forward);
    message.headers = keep(message.headers);
  }
}

std::string_view KeptMessages::keep(std::string_view text) {
  const size_t begin = texts_.size();
  texts_.append(text);
  return std::string_view(texts_).substr(begin);
}

std::span<const KeptMessages::Pair> KeptMessages::keep(std::span<const Pair> pairs) {
  const size_t begin = pairs_.size();
  for (const auto& [name, value] : pairs) pairs_.emplace_back(keep(name), keep(value));
  return std::span<const Pair>(pairs_).subspan(begin);
}

}  // namespace forebay
