#include "relay/value_path.h"

#include <algorithm>
#include <string_view>

namespace forebay {
namespace {

// "~1" is '/', "~0" is '~'.
std::string unescaped(std::string_view step) {
  std::string out;
  for (size_t i = 0; i < step.size(); ++i) {
    const bool is_escape = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
    out += is_escape ? (step[++i] == '0' ? '~' : '/') : step[i];
  }
  return out;
}

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  while (!pointer.empty()) {
    if (pointer.front() == '/') pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    steps.push_back(unescaped(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  return steps;
}

}  // namespace

ValuePath::ValuePath(const ValueSource& source) : from(source.from) {
  if (from == ValueSource::From::header) header = source.name;
  if (from == ValueSource::From::json) steps = steps_of(source.name);
}

}  // namespace forebay
