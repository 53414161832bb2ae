// The text of a cron line, five fields: minute (0-59), hour (0-23), day of the month (1-31), month (1-12 or jan-dec),
// day of the week (0-7 or sun-sat; 0 and 7 are Sunday). A field is `*`, a value, a range 1-5, either with a
// step (*/15, 8-18/2; a single value takes none), or a list of these. Names in any case. As crontab(5) of Vixie cron,
// without its @daily.
#pragma once

#include <string>
#include <string_view>

namespace forebay {

// Empty: it is one; else what is wrong, as it follows the value ("does not have five fields").
std::string why_not_cron(std::string_view text);

}  // namespace forebay
