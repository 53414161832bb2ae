// Pauses are notes in the backlog, so that they survive a restart: the name of the note, and its value. So are
// throttles whose end the sink named: the Unix time in milliseconds, a space, and the reason in words.
#pragma once

#include <string>
#include <string_view>

namespace forebay {

inline std::string queue_pause_note(std::string_view queue) {
  return "pause:queue:" + std::string(queue);
}
inline std::string sink_pause_note(std::string_view sink) {
  return "pause:sink:" + std::string(sink);
}
inline std::string class_pause_note(std::string_view queue, std::string_view klass) {
  return "pause:class:" + std::string(queue) + ":" + std::string(klass);
}
// The value is the key.
inline std::string key_pause_note(std::string_view queue, size_t place) {
  return "pause:key:" + std::string(queue) + ":" + std::to_string(place);
}

inline std::string sink_throttle_note(std::string_view sink) {
  return "throttle:sink:" + std::string(sink);
}

// The value of an operator's pause; that of a sink that paused itself is the reason in words.
inline constexpr std::string_view paused_by_operator = "1";

inline std::string pause_reason(std::string_view value) {
  return value == paused_by_operator ? "paused by an operator" : std::string(value);
}

}  // namespace forebay
