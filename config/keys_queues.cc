// The rows of a queue.
#include "config/key_rows.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 2> on_fulls{"pause", "drop_oldest"};
constexpr std::array<std::string_view, 2> hold_defaults{"drop", "release"};
constexpr std::array<std::string_view, 3> queue_on_fulls{"refuse", "drop_oldest", "drop_lowest"};
constexpr std::array<std::string_view, 2> on_lates{"accept", "refuse"};
constexpr std::array<std::string_view, 2> orders{"fifo", "strict"};

const std::array rows{
    group("queues", Kind::names, "named backlogs; each drains into one sink"),
    value("queues.*.sink", Kind::sink_name, INTO(queue.sink), {}, "where it drains to",
          {.example = "sms-gateway", .required = true, .unless = "pull"}),
    value("queues.*.max_messages", Kind::count, INTO(queue.max_messages), {1, 10 * g},
          "bound on what waits; above it 503"),
    value("queues.*.max_bytes", Kind::size, INTO(queue.max_bytes), {kib, 1024 * tib},
          "bound on the bytes that wait; above it 503"),
    value("queues.*.ttl", Kind::duration, INTO(queue.ttl), {ms, 365 * d},
          "how long a message is worth sending, unless it says so itself", {.word = "none"}),
    value("queues.*.on_late", Kind::choice, INTO(queue.refuse_late), {},
          "a message that would expire before its turn: accept it all the same, or refuse it (503)",
          {.choices = on_lates}),
    group("queues.*.retry", Kind::section, "after an attempt that may be repeated"),
    value("queues.*.retry.max_attempts", Kind::count, INTO(queue.retry.max_attempts), {1, 255},
          "attempts before a message is dead"),
    value("queues.*.retry.min_backoff", Kind::duration, INTO(queue.retry.min_backoff), {ms, d},
          "bound of the first wait; it doubles each time, and the wait is drawn evenly below it"),
    value("queues.*.retry.max_backoff", Kind::duration, INTO(queue.retry.max_backoff), {ms, 7 * d},
          "where the doubling ends"),
    group("queues.*.dead", Kind::section, "the dead-letter store"),
    value("queues.*.dead.max_messages", Kind::count, INTO(queue.dead.max_messages), {1, g}, "bound on its messages"),
    value("queues.*.dead.max_bytes", Kind::size, INTO(queue.dead.max_bytes), {kib, 1024 * tib}, "bound on its bytes"),
    value("queues.*.dead.ttl", Kind::duration, INTO(queue.dead.ttl), {s, 3650 * d},
          "after which a dead letter is dropped", {.word = "none"}),
    value("queues.*.dead.on_full", Kind::choice, INTO(queue.dead.on_full), {},
          "when it is full: pause the sink, or drop_oldest", {.choices = on_fulls}),
    value("queues.*.pull", Kind::choice, INTO(queue.pull), {}, "handed out by leases instead of drained into a sink",
          {.choices = booleans}),
    value("queues.*.lease", Kind::duration, INTO(queue.lease), {10 * ms, 12 * h},
          "of a pulled queue: how long a consumer has for a message, unless it says", {.example = "30s"}),
    value("queues.*.share", Kind::share, INTO(queue.share), {},
          "its part of the sink when several queues wait, against theirs"),
    value("queues.*.limits", Kind::limits, INTO(queue.limits), {},
          "what may leave this queue, beside the sink's limits. Items as there", {.example = "[]"}),
    value("queues.*.key", Kind::source, INTO(queue.key), {},
          "what fairness and key limits go by: json:/phone or header:X-Tenant", {.word = "none"}),
    value("queues.*.weights", Kind::weights, INTO(queue.weights), {1, 255},
          "turns that a key gets in each round, where it is not 1: {tenant-a: 3}", {.example = "{}"}),
    value("queues.*.key_limits", Kind::key_limits, INTO(queue.key_limits), {},
          "what each key may get of this queue: exact sliding windows, all together: [1/1m, 5/1h, 10/24h]",
          {.example = "[]"}),
    value("queues.*.max_flows", Kind::count, INTO(queue.max_flows), {1, 16 * m},
          "keys that wait at once; those above it share their turns, never their limits"),
    value("queues.*.on_key_overflow", Kind::choice, INTO(queue.on_key_overflow), {},
          "when key_memory is full: hold messages of keys not known yet, or refuse them (503)",
          {.choices = on_key_overflows}),
    value("queues.*.order", Kind::choice, INTO(queue.strict_order), {},
          "of a key's messages. strict: it waits for its oldest; fifo: a retry or a delay may be overtaken",
          {.choices = orders}),
    value("queues.*.supersede", Kind::choice, INTO(queue.supersede), {},
          "a newer message of a key replaces an undelivered older one", {.choices = booleans}),
    value("queues.*.cost", Kind::source, INTO(queue.cost), {}, "what a message counts in limits, instead of the sink's",
          {.word = "none"}),
    value("queues.*.hours", Kind::hours, INTO(queue.hours.open), {}, "when it may drain: \"08:00-21:00\"",
          {.word = "always"}),
    value("queues.*.zone", Kind::zone, INTO(queue.hours.zone), {}, "of `hours`", {.word = "UTC"}),
    value("queues.*.closed", Kind::closed, INTO(queue.hours.closed), {}, "when it may not, whatever `hours` say",
          {.example = "[]"}),
    value("queues.*.classes", Kind::names, nullptr, {},
          "priority lanes, at most 63. What names no class is in `default`, which is there unasked", {.example = "{}"}),
    value("queues.*.classes.*.priority", Kind::count, INTO(lane.priority), {0, 1000}, "lower goes first"),
    value("queues.*.classes.*.ttl", Kind::duration, INTO(lane.ttl), {ms, 365 * d}, "instead of the queue's",
          {.word = "none", .example = "5m"}),
    value("queues.*.classes.*.floor", Kind::percent, INTO(lane.floor), {0, 50},
          "share of the queue's sends even when others are in front; at most 50% in a queue"),
    value("queues.*.classes.*.supersede", Kind::choice, INTO(lane.supersede), {}, "instead of the queue's",
          {.choices = booleans, .example = "true"}),
    value("queues.*.classes.*.hours", Kind::hours, INTO(lane.hours.open), {}, "when it may be sent",
          {.word = "always"}),
    value("queues.*.classes.*.zone", Kind::zone, INTO(lane.hours.zone), {}, "of `hours`", {.word = "UTC"}),
    value("queues.*.classes.*.closed", Kind::closed, INTO(lane.hours.closed), {}, "when it may not", {.example = "[]"}),
    value("queues.*.dedup", Kind::duration, INTO(queue.dedup), {0, 365 * d},
          "how long an Idempotency-Key is remembered after its message is finished; 0s: not at all"),
    value("queues.*.producer_limits", Kind::producer_limits, INTO(queue.producer_limits), {},
          "what may come in, all together: exact sliding windows, an item is 100/1s; above them 429",
          {.example = "[]"}),
    value("queues.*.check_url", Kind::url, INTO(queue.check_url), {},
          "asked about held messages that nobody decided on in time", {.example = "\"\""}),
    value("queues.*.hold_default", Kind::choice, INTO(queue.hold_default), {},
          "what becomes of a held message that nobody decided on", {.choices = hold_defaults}),
    value("queues.*.outcomes", Kind::queue_name, INTO(queue.outcomes), {},
          "queue to which finished messages are reported", {.example = "\"\""}),
    value(
        "queues.*.on_full", Kind::choice, INTO(queue.on_full), {},
        "a message that comes to a full queue: refuse it (503), or give up the oldest that waits, or the oldest of the "
        "lowest class below its own",
        {.choices = queue_on_fulls}),
};

}  // namespace

std::vector<Key> queue_rows() {
  return {rows.begin(), rows.end()};
}

}  // namespace forebay
