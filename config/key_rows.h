// How the rows of the table in schema.h are written. For the files keys*.cc alone.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "config/schema.h"

namespace forebay {

inline constexpr uint64_t ms = 1'000'000, s = 1000 * ms, h = 3600 * s, d = 24 * h;
inline constexpr uint64_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib, tib = 1024 * gib;
inline constexpr uint64_t k = 1000, m = 1000 * k, g = 1000 * m;

inline constexpr uint64_t quota_max = 1000 * g;  // of a calendar

// Choices of more than one key, in the order of their enum; false and true stand for bools.
inline constexpr std::array<std::string_view, 2> booleans{"false", "true"};
inline constexpr std::array<std::string_view, 2> scopes{"sink", "key"};
inline constexpr std::array<std::string_view, 2> on_key_overflows{"hold", "refuse"};

#define INTO(member) [](Target& t) -> Slot { return &t.member; }

struct More {
  std::span<const std::string_view> choices;
  std::string_view word, example;
  bool required = false;
  std::string_view unless;
};

constexpr Key value(std::string_view path, Kind kind, Slot (*slot)(Target&), Range range, std::string_view about,
                    More more = {}) {
  return {.path = path,
          .kind = kind,
          .slot = slot,
          .range = range,
          .choices = more.choices,
          .word = more.word,
          .example = more.example,
          .about = about,
          .required = more.required,
          .unless = more.unless};
}

constexpr Key group(std::string_view path, Kind kind, std::string_view about) {
  return {.path = path, .kind = kind, .about = about};
}

constexpr Key later(std::string_view path, std::string_view example, std::string_view about) {
  return {.path = path, .kind = Kind::text, .example = example, .about = about, .later = true};
}

constexpr Key later_group(std::string_view path, Kind kind, std::string_view about) {
  return {.path = path, .kind = kind, .about = about, .later = true};
}

// The parts of the table. Items of a limit or a closed window have rows of their own, by the name within the item.
std::vector<Key> sink_rows();
std::vector<Key> queue_rows();
std::vector<Key> limit_rows();
std::vector<Key> key_limit_rows();
std::vector<Key> closed_rows();
std::vector<Key> producer_limit_rows();
std::vector<Key> auth_rows();

}  // namespace forebay
