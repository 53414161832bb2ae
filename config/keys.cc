// The rows of the table in schema.h.
#include <array>

#include "config/schema.h"

namespace forebay {
namespace {

constexpr uint64_t ms = 1'000'000, s = 1000 * ms, h = 3600 * s, d = 24 * h;
constexpr uint64_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib, tib = 1024 * gib;
constexpr uint64_t k = 1000, m = 1000 * k, g = 1000 * m;

constexpr std::array<std::string_view, 2> door_types{"http", "admin"};
constexpr std::array<std::string_view, 1> sink_types{"http"};
constexpr std::array<std::string_view, 2> margins{"measured", "strict"};
constexpr std::array<std::string_view, 5> thens{"delivered", "retry", "throttle", "dead", "sink_fault"};
constexpr std::array<std::string_view, 2> scopes{"sink", "key"};
constexpr std::array<std::string_view, 2> on_fulls{"pause", "drop_oldest"};
constexpr std::array<std::string_view, 2> on_lates{"accept", "refuse"};

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

const std::array table{
    value("data_dir", Kind::text, INTO(config.data_dir), {},
          "directory of the journal; relative to the working directory; one process each"),
    value("max_bytes", Kind::size, INTO(config.max_bytes), {16 * mib, 1024 * tib},
          "bound on all that is stored in data_dir, at least 8 x journal.segment; above it new messages are refused "
          "(507)"),
    value("status_retention", Kind::duration, INTO(config.status_retention), {0, 7 * d},
          "how long a finished message can be asked about"),
    value("status_memory", Kind::size, INTO(config.status_memory), {0, 64 * gib},
          "memory for finished messages; the oldest are forgotten first"),
    value("shutdown_grace", Kind::duration, INTO(config.shutdown_grace), {0, h},
          "how long SIGTERM waits for attempts in flight"),

    group("journal", Kind::section, "the embedded backlog"),
    value("journal.segment", Kind::size, INTO(config.journal.segment_bytes), {mib, gib / 2},
          "size of one file of the journal, a multiple of 4KiB"),
    value("journal.checkpoint", Kind::size, INTO(config.journal.checkpoint_bytes), {mib, 64 * gib},
          "new frames between two checkpoints: what a restart reads at most"),

    group("doors", Kind::sections, "ways in; left out: http on 127.0.0.1:7070 and admin on 127.0.0.1:7071"),
    value("doors[].type", Kind::choice, INTO(door.type), {}, "what the door speaks",
          {.choices = door_types, .required = true}),
    value("doors[].listen", Kind::address, INTO(door), {},
          "address and port (an admin door's default is 127.0.0.1:7071); port 0: any free one, printed at "
          "start",
          {.example = "127.0.0.1:7070"}),
    value("doors[].max_connections", Kind::count, INTO(door.max_connections), {1, m},
          "connections at once; above it clients are told 503. Fewer where the process may open fewer files"),
    value("doors[].max_body_bytes", Kind::size, INTO(door.max_body_bytes), {1, 64 * mib},
          "largest message; above it 413"),
    value("doors[].max_header_bytes", Kind::size, INTO(door.max_header_bytes), {kib, mib},
          "largest request line and headers; above it 431"),
    value("doors[].max_batch_bytes", Kind::size, INTO(door.max_batch_bytes), {kib, 256 * mib},
          "largest NDJSON request; above it 413"),
    value("doors[].header_timeout", Kind::duration, INTO(door.header_timeout), {100 * ms, h},
          "from a request's first byte to the end of its headers; after it 408"),
    value("doors[].body_timeout", Kind::duration, INTO(door.body_timeout), {100 * ms, h},
          "from the end of the headers to the end of the body; after it 408"),
    value("doors[].idle_timeout", Kind::duration, INTO(door.idle_timeout), {100 * ms, d},
          "silence between requests after which a connection is closed"),
    later("doors[].tls", "{cert: door.pem, key: door.key}", "TLS on the door"),
    later("doors[].queue", "sms", "of a forward door: where its requests go"),
    later("doors[].reply", "{status: 202}", "of a forward door: what it answers"),

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
    value("sinks.*.limits", Kind::limits, nullptr, {},
          "what the downstream stands; all hold together. An item is a window 300/1s, or one of the maps below",
          {.example = "[]"}),
    value("sinks.*.limits[].count", Kind::count, INTO(limit.count), {1, 10 * m},
          "window: at most so many sends arrive in any `per`", {.example = "300"}),
    value("sinks.*.limits[].per", Kind::duration, INTO(limit.per), {ms, 31 * d}, "window: its length",
          {.example = "1s"}),
    value("sinks.*.limits[].margin", Kind::choice, INTO(limit.strict), {},
          "window: `strict` never counts on the measured round trip", {.choices = margins}),
    value("sinks.*.limits[].unanswered_grace", Kind::duration, INTO(limit.unanswered_grace), {0, h},
          "window: how late an unanswered send may still be counted downstream; default: the timeout",
          {.example = "10s"}),
    value("sinks.*.limits[].rate", Kind::rate, INTO(limit), {1, 10 * m}, "bucket: how fast it fills",
          {.example = "300/1s"}),
    value("sinks.*.limits[].burst", Kind::count, INTO(limit.burst), {1, 10 * m}, "bucket: how much it holds",
          {.example = "50"}),
    value("sinks.*.limits[].name", Kind::name, INTO(limit.name), {},
          "in metrics and answers; default: 300/1s, 300/1s burst 50", {.example = "contract"}),
    later("sinks.*.limits[].zone", "Asia/Shanghai", "calendar limit (per: day): whose midnight"),
    later("sinks.*.limits[].reserve", "{otp: 20%}", "calendar limit: shares kept for classes"),
    later("sinks.*.limits[].shared", "true", "one limit for several relays, through Redis"),
    later("sinks.*.limits[].redis_away", "stop", "shared limit: stop or floor"),
    later("sinks.*.limits[].enforce", "false", "false: counted, not enforced"),
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
    later("sinks.*.throttle_scope", "key", "what a throttled reply closes: sink or key"),
    later("sinks.*.key_limits", "[1/1m, 5/1h]", "exact sliding windows per key, over all queues of the sink"),
    later("sinks.*.on_key_overflow", "hold", "when the key memory is full: hold or refuse"),
    later("sinks.*.adaptive", "{floor: 10%}", "how far throttled replies may lower a limit"),
    later("sinks.*.breaker", "{failures: 5, probes: 1}", "when failures close the sink, and how it is probed"),
    later("sinks.*.retry_budget", "10%", "share of sends that may be retries"),
    later("sinks.*.cost", "json:/segments", "what a message costs of the limits"),
    later("sinks.*.hours", "\"08:00-21:00\"", "when the sink may be used"),
    later("sinks.*.closed", "[{cron: \"0 2 * * *\", for: 1h, zone: Asia/Shanghai}]", "when it may not"),
    later("sinks.*.zone", "Asia/Shanghai", "of `hours`"),
    later("sinks.*.sign", "{scheme: standard-webhooks, secrets: [\"${SECRET}\"]}", "signs every request"),
    later("sinks.*.batch", "{max: 100, linger: 200ms, format: json}", "joins messages into one request"),

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
    later("queues.*.pull", "true", "handed out by leases instead of drained into a sink"),
    later("queues.*.limits", "[10/1s]", "what leaves this queue"),
    later("queues.*.key", "json:/phone", "what fairness and key limits go by; or header:X-Tenant"),
    later("queues.*.key_limits", "[1/1m, 5/1h, 10/24h]", "exact sliding windows per key"),
    later("queues.*.max_flows", "1M", "keys that wait at once; above it fairness is shared"),
    later("queues.*.on_key_overflow", "hold", "when the key memory is full: hold or refuse"),
    later_group("queues.*.classes", Kind::names, "priority lanes"),
    later("queues.*.classes.*.priority", "1", "lower goes first"),
    later("queues.*.classes.*.ttl", "5m", "instead of the queue's"),
    later("queues.*.classes.*.floor", "5%", "share of sends it gets even when others are in front"),
    later("queues.*.classes.*.supersede", "true", "instead of the queue's"),
    later("queues.*.classes.*.hours", "\"08:00-21:00\"", "when it may be sent"),
    later("queues.*.classes.*.zone", "Asia/Shanghai", "of `hours`"),
    later("queues.*.share", "1", "its part of the sink when several queues wait"),
    later("queues.*.order", "strict", "a key waits for its oldest message"),
    later("queues.*.supersede", "true", "a newer message of a key replaces an undelivered older one"),
    later("queues.*.dedup", "24h", "how long an Idempotency-Key is remembered after delivery"),
    later("queues.*.cost", "json:/segments", "what a message costs of the limits"),
    later("queues.*.hours", "\"08:00-21:00\"", "when it may drain"),
    later("queues.*.closed", "[{cron: \"0 2 * * *\", for: 1h, zone: Asia/Shanghai}]", "when it may not"),
    later("queues.*.zone", "Asia/Shanghai", "of `hours`"),
    later("queues.*.check_url", "http://127.0.0.1:8080/check", "asked about held messages nobody decided on"),
    later("queues.*.outcomes", "sms-outcomes", "queue to which finished messages are reported"),

    later_group("topics", Kind::names, "names that fan out to queues and live streams"),
    later("topics.*.queues", "[sms, audit]", "durable subscriptions"),
    later("topics.*.dedup", "24h", "how long an Idempotency-Key is remembered after delivery"),
    later("topics.*.flush", "100ms", "how often a live stream is written"),

    later_group("auth", Kind::section, "who may do what"),
    later("auth.tokens", "[{name: shop, token: \"${SHOP_TOKEN}\", may: [publish:sms, read:sms]}]",
          "bearer tokens and their scopes"),

    later_group("redis", Kind::section, "limits shared by several relays"),
    later("redis.url", "redis://127.0.0.1:6379", "where"),
    later("redis.relay_id", "relay-1", "this relay's name"),
    later("redis.lease", "3s", "how long permits outlive a silent relay"),

    later("key_memory", "512MiB", "bound on the history of all keys"),
};

#undef INTO

}  // namespace

std::span<const Key> keys() {
  return table;
}

}  // namespace forebay
