// WeekHours: opening hours that repeat every week, in local time.
//   08:00-21:00                             every day
//   08:00-12:00,14:00-18:00                 several
//   mon-fri 08:00-18:00; sat,sun 10:00-14:00  by day; days not named are closed
//   21:00-06:00                             over midnight: belongs to the day on which it begins
//   00:00-24:00                             a whole day
// An opening is half-open, [open, close). Those that overlap or touch are one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/local_time.h"

namespace forebay {

class WeekHours {
 public:
  struct Span {
    bool open = true;
    LocalTime until;  // the state is the same from the reading asked for until before this one
  };

  // Open always.
  WeekHours() = default;
  // Empty: open always. nullopt: *why says what is wrong.
  static std::optional<WeekHours> parse(std::string_view text, std::string* why);

  bool always() const { return always_; }
  Span at(LocalTime reading) const;

 private:
  void add(unsigned days, int open, int close);
  void join();

  bool always_ = true;
  std::vector<std::pair<int, int>> open_;  // minutes of the week from Monday, sorted, apart, none over its end
};

}  // namespace forebay
