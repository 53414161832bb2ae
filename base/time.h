// Time, in two types that do not mix: Instant (steady, to wait with) and WallTime (Unix, to stamp with).
// Only the shells read a clock (base/clock.h names the seam); everything else is handed a Now.
// Resolution: nanoseconds in int64, which spans 292 years either way.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace forebay {

struct Duration {
  int64_t ns = 0;
  static constexpr Duration nanoseconds(int64_t n) { return {n}; }
  static constexpr Duration microseconds(int64_t n) { return {n * 1'000}; }
  static constexpr Duration milliseconds(int64_t n) { return {n * 1'000'000}; }
  static constexpr Duration seconds(int64_t n) { return {n * 1'000'000'000}; }
  static constexpr Duration minutes(int64_t n) { return seconds(n * 60); }
  static constexpr Duration hours(int64_t n) { return seconds(n * 3600); }
  static constexpr Duration days(int64_t n) { return hours(n * 24); }
  static constexpr Duration max() { return {std::numeric_limits<int64_t>::max()}; }
  constexpr int64_t ms() const { return ns / 1'000'000; }
  constexpr double as_seconds() const { return static_cast<double>(ns) / 1e9; }
  constexpr auto operator<=>(const Duration&) const = default;
};
constexpr Duration operator+(Duration a, Duration b) {
  return {a.ns + b.ns};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {a.ns - b.ns};
}
constexpr Duration operator*(Duration a, int64_t n) {
  return {a.ns * n};
}
constexpr Duration operator/(Duration a, int64_t n) {
  return {a.ns / n};
}

// A moment of the steady clock. Never stepped; meaningless in another process.
struct Instant {
  int64_t ns = 0;
  static constexpr Instant never() { return {std::numeric_limits<int64_t>::max()}; }
  constexpr bool is_never() const { return ns == std::numeric_limits<int64_t>::max(); }
  constexpr auto operator<=>(const Instant&) const = default;
};
constexpr Instant operator+(Instant t, Duration d) {
  return t.is_never() ? t : Instant{t.ns + d.ns};
}
constexpr Instant operator-(Instant t, Duration d) {
  return t.is_never() ? t : Instant{t.ns - d.ns};
}
constexpr Duration operator-(Instant a, Instant b) {
  return {a.ns - b.ns};
}

// A moment of the wall clock: nanoseconds since 1970-01-01T00:00:00Z. May be stepped by an operator or NTP.
struct WallTime {
  int64_t ns = 0;
  static constexpr WallTime from_ms(int64_t ms) { return {ms * 1'000'000}; }
  static constexpr WallTime never() { return {std::numeric_limits<int64_t>::max()}; }
  constexpr bool is_never() const { return ns == std::numeric_limits<int64_t>::max(); }
  constexpr int64_t ms() const { return ns / 1'000'000; }
  constexpr auto operator<=>(const WallTime&) const = default;
};
constexpr WallTime operator+(WallTime t, Duration d) {
  return {t.ns + d.ns};
}
constexpr WallTime operator-(WallTime t, Duration d) {
  return {t.ns - d.ns};
}
constexpr Duration operator-(WallTime a, WallTime b) {
  return {a.ns - b.ns};
}

// Both clocks, read together once a turn of the loop.
struct Now {
  Instant steady;
  WallTime wall;
};

}  // namespace forebay
