// The text of opening hours, as pure functions. Groups are parted by `;`, days and times by a blank:
// "08:00-21:00", "mon-fri 08:00-12:00,14:00-18:00; sat 09:00-12:00". No days: every day. Days are mon to sun,
// ranges of them (which may go over the week's end) and lists. A time is HH:MM, 24:00 only as an end; an end
// at or before its beginning is on the next day ("21:00-06:00").
#pragma once

#include <bitset>
#include <string>
#include <string_view>

namespace forebay {

// Empty: it is one; else what is wrong, as it follows the value ("names no times").
std::string why_not_hours(std::string_view text);

// The minutes of a week, from Monday 00:00 of the local clock.
using WeekMinutes = std::bitset<7 * 24 * 60>;

// When hours are open. Empty text: always. The text has been checked: what is not hours counts as always.
WeekMinutes open_minutes(std::string_view text);

}  // namespace forebay
