// What RapidCheck draws the worlds from. It prints its seed and shrinks what fails.
#pragma once

#include <rapidcheck.h>

#include "world.h"

namespace forebay {

inline Duration draw_ms(int64_t low, int64_t high) {
  return Duration::milliseconds(*rc::gen::inRange<int64_t>(low, high + 1));
}

inline Weather draw_weather() {
  Weather weather;
  weather.out_min = draw_ms(0, 200);
  weather.out_jitter = draw_ms(0, 300);
  weather.back_min = draw_ms(0, 200);
  weather.back_jitter = draw_ms(0, 300);
  weather.unanswered_percent = *rc::gen::element(0u, 2u, 30u);
  weather.not_sent_percent = *rc::gen::element(0u, 5u, 30u);
  weather.refused_percent = *rc::gen::element(0u, 5u);
  weather.wake_late = *rc::gen::element(Duration{}, Duration::milliseconds(1), Duration::milliseconds(70));
  weather.saturated = *rc::gen::arbitrary<bool>();
  weather.burst = *rc::gen::element<uint64_t>(1, 30, 1000);
  weather.pause = draw_ms(0, 5000);
  return weather;
}

inline uint64_t draw_seed() {
  return *rc::gen::noShrink(rc::gen::arbitrary<uint64_t>());
}
inline int64_t draw_start() {
  return *rc::gen::inRange<int64_t>(0, int64_t{1} << 55);
}

inline void draw_pace(SinkConfig* config) {
  config->pace_off = *rc::gen::arbitrary<bool>();
  config->pace = *rc::gen::element(Duration{}, Duration::milliseconds(50), Duration::milliseconds(700));
}

}  // namespace forebay
