// The first line of a batch that says when its messages are released. Times rise, or the profile is refused.
#include <array>
#include <cassert>

#include "doors/http/release_profile.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forebay;
  const std::string line = fuzz::padded(data, size);
  fuzz::look_at(ReleaseProfile::is_one(line) ? "one" : "");
  ReleaseProfile profile;
  if (!profile.read(line).empty()) return 0;
  std::array<NewMessage, 100> messages;
  if (!profile.apply(messages).empty()) return 0;
  for (size_t i = 1; i < messages.size(); ++i) {
    assert(messages[i].delay >= messages[i - 1].delay);
    assert(messages[i].not_before.has_value() == messages[0].not_before.has_value());
    assert(!messages[i].not_before || *messages[i].not_before >= *messages[i - 1].not_before);
  }
  return 0;
}
