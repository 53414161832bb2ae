// KeptMessages: a call's messages, copied, for a call that cannot be answered before something else is known.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/intake.h"

namespace forebay {

class KeptMessages {
 public:
  explicit KeptMessages(std::span<const NewMessage> messages);
  KeptMessages(const KeptMessages&) = delete;
  KeptMessages& operator=(const KeptMessages&) = delete;

  std::span<const NewMessage> messages() const { return messages_; }
  // So much would a copy take.
  static size_t bytes_of(std::span<const NewMessage> messages);

 private:
  using Pair = std::pair<std::string_view, std::string_view>;
  std::string_view keep(std::string_view text);
  std::span<const Pair> keep(std::span<const Pair> pairs);

  std::string texts_;  // never grows beyond what is reserved at first: views stay good
  std::vector<Pair> pairs_;
  std::vector<NewMessage> messages_;
};

}  // namespace forebay
