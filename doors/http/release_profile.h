// Shaped release: when each message of a batch is due, by a profile of the rate, so that Forebay can play a flash sale
// at a system under test. The first line of the batch is then not an envelope but
//
//   {"release": {"from": "2026-11-29T10:00:00Z", "to": "2026-11-29T10:01:00Z", "rate": "100/s→2000/s"}}
//
// from, to: both times (as `not_before`), or both durations from now. Without `from`: from now on ("0s").
// rate: "500/s" is steady; "100/s→2000/s" ("->" will do) climbs, or falls, evenly from `from` to `to`. Without a rate
// the batch is spread evenly from `from` to `to`; without `to` the rate must be steady. More messages than a profile
// lets go is refused, naming both figures.
//
// With n(t) = r0 t + (r1 - r0) t² / 2T messages released after t, message k (from 0) is due where n(t) = k. Releasing
// is not sending: the limits hold as ever.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "doors/intake.h"

namespace forebay {

class ReleaseProfile {
 public:
  // Does that line of a batch hold a profile instead of an envelope?
  static bool is_one(std::string_view line);
  // "", or what is wrong with it. UTF-8 need not have been checked.
  std::string read(std::string_view line);
  // Gives each message its delay or not_before; "", or what is wrong.
  std::string apply(std::span<NewMessage> messages) const;

 private:
  std::string read_times(std::string_view from, std::string_view to);
  std::string read_rates(std::string_view text);
  // Seconds from `from` on; `count` messages in all.
  double due(size_t k, size_t count) const;

  std::optional<WallTime> from_;  // none: from_delay_ from now
  Duration from_delay_{};
  std::optional<Duration> lasts_;
  std::optional<double> rate_, last_rate_;  // messages a second; equal: steady
};

}  // namespace forebay
