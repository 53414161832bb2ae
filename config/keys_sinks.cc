// The rows of a sink.
#include "config/key_rows.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 1> sink_types{"http"};
constexpr std::array<std::string_view, 5> thens{"delivered", "retry", "throttle", "dead", "sink_fault"};
constexpr std::array<std::string_view, 2> switches{"off", "on"};

const std::array rows{
    group("sinks", Kind::names, "ways out"),
    value("sinks.*.type", Kind::choice, INTO(sink.type), {}, "what the sink speaks", {.choices = sink_types}),
    value("sinks.*.url", Kind::url, INTO(sink.url), {}, "where requests go",
          {.example = "http://127.0.0.1:7080/send", .required = true}),
    value("sinks.*.method", Kind::method, INTO(sink.method), {}, "of the request"),
    value("sinks.*.headers", Kind::headers, INTO(sink.headers), {},
          "sent with every request: {Authorization: \"Bearer ${SMS_TOKEN}\"}", {.example = "{}"}),
    value("sinks.*.ca_file", Kind::text, INTO(sink.ca_file), {},
          "PEM bundle that vouches for the downstream, instead of the system's", {.example = "\"\""}),
    value("sinks.*.concurrency", Kind::count, INTO(sink.concurrency), {1, 10 * k}, "attempts in flight at once"),
    value("sinks.*.timeout", Kind::duration, INTO(sink.timeout), {10 * ms, h},
          "of one attempt, from connecting to the reply's last byte"),
    value("sinks.*.pace", Kind::pace, INTO(sink), {0, h},
          "sends are spread evenly, give or take this; `off`: a window may leave at once", {.word = "off"}),
    value("sinks.*.limits", Kind::limits, INTO(sink.limits), {},
          "what the downstream stands; all hold together. Items are 300/1s, 1000000/day, or the maps below",
          {.example = "[]"}),
    value("sinks.*.responses", Kind::sections, nullptr, {},
          "what replies mean; the first rule that matches wins, then the usual meaning of the status",
          {.example = "[]"}),
    value("sinks.*.responses[].status", Kind::status_ranges, INTO(rule.statuses), {}, "any status if left out",
          {.example = "[200, 4xx, 500-504]"}),
    value("sinks.*.responses[].json", Kind::pointer, INTO(rule.json_pointer), {}, "JSON pointer into the reply's body",
          {.example = "/Code"}),
    value("sinks.*.responses[].in", Kind::texts, INTO(rule.in), {},
          "values of the pointed-at scalar; any value if left out", {.example = "[BUSY, LIMIT]"}),
    value("sinks.*.responses[].then", Kind::choice, INTO(rule.then), {}, "what the reply means",
          {.choices = thens, .required = true}),
    value("sinks.*.responses[].scope", Kind::choice, INTO(rule.scope), {}, "of a throttle: what it closes",
          {.choices = scopes}),
    value("sinks.*.responses[].for", Kind::duration, INTO(rule.for_duration), {ms, d},
          "of a throttle: for how long, unless the reply says", {.example = "1m"}),
    value("sinks.*.pause_on", Kind::status_codes, INTO(sink.pause_on), {},
          "statuses that pause the sink until somebody resumes it: [410]", {.example = "[]"}),
    value("sinks.*.dead_storm", Kind::count, INTO(sink.dead_storm), {0, m},
          "so many dead in a row open the breaker; 0: never"),
    value("sinks.*.max_age", Kind::duration, INTO(sink.max_age), {s, 365 * d},
          "how long throttling may keep a message alive without spending its attempts"),
    value("sinks.*.throttle_scope", Kind::choice, INTO(sink.throttle_scope), {},
          "what a throttled reply closes: the sink, or only the message's key", {.choices = scopes}),
    value(
        "sinks.*.key_limits", Kind::key_limits, INTO(sink.key_limits), {},
        "what each key may get, over all queues of the sink: exact sliding windows, an item is 5/1h, or the map below",
        {.example = "[]"}),
    value("sinks.*.on_key_overflow", Kind::choice, INTO(sink.on_key_overflow), {},
          "when key_memory is full: hold messages of keys not known yet, or refuse them (503)",
          {.choices = on_key_overflows}),
    value("sinks.*.adaptive", Kind::switched, INTO(sink.adaptive.on), {},
          "throttled replies lower the shortest window for a while; or just `on` or `off`", {.choices = switches}),
    value("sinks.*.adaptive.floor", Kind::percent, INTO(sink.adaptive.floor), {1, 100},
          "of the window's count: never below it"),
    group("sinks.*.breaker", Kind::section, "closes the sink when nothing comes through, and probes it"),
    value("sinks.*.breaker.failures", Kind::count, INTO(sink.breaker.failures), {0, m},
          "in a row that open it; 0: only a sink fault and dead_storm do"),
    value("sinks.*.breaker.probes", Kind::count, INTO(sink.breaker.probes), {1, 1000},
          "good ones in a row that close it"),
    value("sinks.*.breaker.min_wait", Kind::duration, INTO(sink.breaker.min_wait), {ms, h},
          "before the first probe; it doubles with each bad one"),
    value("sinks.*.breaker.max_wait", Kind::duration, INTO(sink.breaker.max_wait), {ms, d}, "where the doubling ends"),
    value("sinks.*.retry_budget", Kind::percent, INTO(sink.retry_budget), {0, 100},
          "share of sends that may be retries while first attempts wait; 100%: no bound"),
    value("sinks.*.cost", Kind::source, INTO(sink.cost), {},
          "what a message counts in limits: json:/segments or header:X-Segments; none, or nothing there: 1",
          {.word = "none"}),
    value("sinks.*.hours", Kind::hours, INTO(sink.hours.open), {},
          "when the sink may be used: \"08:00-21:00\", \"mon-fri 08:00-12:00,14:00-18:00; sat 09:00-12:00\"",
          {.word = "always"}),
    value("sinks.*.zone", Kind::zone, INTO(sink.hours.zone), {}, "of `hours`, an IANA name such as Asia/Shanghai",
          {.word = "UTC"}),
    value("sinks.*.closed", Kind::closed, INTO(sink.hours.closed), {}, "when it may not, whatever `hours` say",
          {.example = "[]"}),
    later("sinks.*.sign", "{scheme: standard-webhooks, secrets: [\"${SECRET}\"]}", "signs every request"),
    later("sinks.*.batch", "{max: 100, linger: 200ms, format: json}", "joins messages into one request"),
};

}  // namespace

std::vector<Key> sink_rows() {
  return {rows.begin(), rows.end()};
}

}  // namespace forebay
