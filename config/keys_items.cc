// The rows of what a list holds in several places: limits, key limits and closed windows. A path here is the name
// within the item.
#include "config/key_rows.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 2> margins{"measured", "strict"};
constexpr std::array<std::string_view, 3> periods{"day", "week", "month"};

const std::array of_limits{
    value("count", Kind::count, INTO(limit.count), {1, quota_max},
          "window: at most so many sends arrive in any `per`, to 10M; calendar: in each `per`", {.example = "300"}),
    value("per", Kind::per, INTO(limit), {ms, 31 * d}, "window: its length; calendar: which begins at midnight",
          {.choices = periods, .example = "1s"}),
    value("margin", Kind::choice, INTO(limit.strict), {}, "window: `strict` never counts on the measured round trip",
          {.choices = margins}),
    value("unanswered_grace", Kind::duration, INTO(limit.unanswered_grace), {0, h},
          "window: how late an unanswered send may still be counted downstream; default: the timeout",
          {.example = "10s"}),
    value("rate", Kind::rate, INTO(limit), {1, 10 * m}, "bucket: how fast it fills", {.example = "300/1s"}),
    value("burst", Kind::count, INTO(limit.burst), {1, 10 * m}, "bucket: how much it holds", {.example = "50"}),
    value("zone", Kind::zone, INTO(limit.zone), {}, "calendar: whose midnight, an IANA name such as Asia/Shanghai",
          {.word = "UTC"}),
    value("reserve", Kind::shares, INTO(limit.reserve), {0, 100},
          "calendar: shares of the count kept for classes, at most 100% together", {.example = "{otp: 20%}"}),
    value("enforce", Kind::choice, INTO(limit.enforce), {}, "false: counted and shown, not enforced",
          {.choices = booleans}),
    value("name", Kind::name, INTO(limit.name), {},
          "in metrics and answers; default: 300/1s, 300/1s burst 50, 1000000/day", {.example = "contract"}),
    later("shared", "true", "one limit for several relays, through Redis"),
    later("redis_away", "stop", "shared limit: stop or floor"),
};

const std::array of_key_limits{
    value("count", Kind::count, INTO(limit.count), {1, 10 * k}, "at most so many sends of a key arrive in any `per`",
          {.example = "5"}),
    value("per", Kind::duration, INTO(limit.per), {ms, 31 * d}, "the window's length", {.example = "1h"}),
    value("unanswered_grace", Kind::duration, INTO(limit.unanswered_grace), {0, h},
          "how late an unanswered send may still be counted downstream; default: the timeout", {.example = "10s"}),
    value("name", Kind::name, INTO(limit.name), {}, "in metrics and answers; default: key:5/1h",
          {.example = "per-phone"}),
};

const std::array of_producer_limits{
    value("count", Kind::count, INTO(limit.count), {1, 10 * m}, "at most so many messages come in within any `per`",
          {.example = "100"}),
    value("per", Kind::duration, INTO(limit.per), {ms, 31 * d}, "the window's length", {.example = "1s"}),
    value("name", Kind::name, INTO(limit.name), {}, "in RateLimit headers; default: 100/1s", {.example = "shop"}),
};

const std::array of_closed{
    value("cron", Kind::cron, INTO(closed.cron), {}, "when it closes: minute, hour, day, month, day of the week",
          {.example = "\"0 2 * * *\"", .required = true}),
    value("for", Kind::duration, INTO(closed.lasts), {s, 31 * d}, "how long", {.example = "1h", .required = true}),
    value("zone", Kind::zone, INTO(closed.zone), {}, "of `cron`; default: that of `hours`",
          {.example = "Asia/Shanghai"}),
};

}  // namespace

std::vector<Key> limit_rows() {
  return {of_limits.begin(), of_limits.end()};
}

std::vector<Key> key_limit_rows() {
  return {of_key_limits.begin(), of_key_limits.end()};
}

std::vector<Key> producer_limit_rows() {
  return {of_producer_limits.begin(), of_producer_limits.end()};
}

std::vector<Key> closed_rows() {
  return {of_closed.begin(), of_closed.end()};
}

}  // namespace forebay
