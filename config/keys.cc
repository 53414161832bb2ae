// The rows of the table in schema.h: its top, the doors and what is not there yet. Sinks, queues and limits have files
// of their own.
#include <deque>
#include <string>

#include "config/key_rows.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 3> door_types{"http", "admin", "forward"};

const std::array first_rows{
    value("data_dir", Kind::text, INTO(config.data_dir), {},
          "directory of the journal; relative to the working directory; one process each"),
    value("max_bytes", Kind::size, INTO(config.max_bytes), {16 * mib, 1024 * tib},
          "bound on all that is stored in data_dir, at least 8 x journal.segment; above it new messages are refused "
          "(507)"),
    value("status_retention", Kind::duration, INTO(config.status_retention), {0, 7 * d},
          "how long a finished message can be asked about"),
    value("status_memory", Kind::size, INTO(config.status_memory), {0, 64 * gib},
          "memory for finished messages; the oldest are forgotten first"),
    value("key_memory", Kind::size, INTO(config.key_memory), {mib, tib},
          "bound on the history that key limits keep, of all keys together"),
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
          "address and port (an admin door's default is 127.0.0.1:7071, a forward door's 127.0.0.1:7072); port 0: any "
          "free one, printed at "
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
    group("doors[].tls", Kind::section, "left out: cleartext; paths are taken from the folder of this file"),
    value("doors[].tls.cert", Kind::text, INTO(door.tls.cert), {},
          "PEM file with the door's certificate and those between it and its authority",
          {.example = "door.pem", .required = true}),
    value("doors[].tls.key", Kind::text, INTO(door.tls.key), {}, "PEM file with its private key, not locked",
          {.example = "door.key", .required = true}),
    value("doors[].tls.client_ca", Kind::text, INTO(door.tls.client_ca), {},
          "PEM file with authorities: given, clients must show a certificate of one of them",
          {.example = "clients.pem"}),
    value("doors[].queue", Kind::queue_name, INTO(door.queue), {},
          "of a forward door: where its requests go; it must drain into a sink of type http", {.example = "sms"}),
    value("doors[].inline", Kind::choice, INTO(door.inline_reply), {},
          "of a forward door: true answers with the sink's own reply where the queue is empty and a permit is free",
          {.choices = booleans}),
    group("doors[].reply", Kind::section, "of a forward door: what it answers when a request is on disk"),
    value("doors[].reply.status", Kind::count, INTO(door.reply.status), {200, 599}, "status; 204 and 304 have no body"),
    value("doors[].reply.content_type", Kind::name, INTO(door.reply.content_type), {}, "of a body that is not empty"),
    value("doors[].reply.body", Kind::text, INTO(door.reply.body), {}, "body; empty: none", {.example = "queued"}),
};

const std::array last_rows{
    value("topics", Kind::names, nullptr, {}, "names that fan out to queues and live streams", {.example = "{}"}),
    value("topics.*.queues", Kind::queue_names, INTO(topic.queues), {}, "durable subscriptions", {.example = "[sms]"}),
    value(
        "topics.*.dedup", Kind::duration, INTO(topic.dedup), {0, 365 * d},
        "the same, of what is published to the topic: until all its copies are finished, and this long after; 0s: the "
        "longest of its queues"),
    value("topics.*.flush", Kind::duration, INTO(topic.flush), {ms, 60 * s}, "how often a live stream is written"),

    later_group("redis", Kind::section, "limits shared by several relays"),
    later("redis.url", "redis://127.0.0.1:6379", "where"),
    later("redis.relay_id", "relay-1", "this relay's name"),
    later("redis.lease", "3s", "how long permits outlive a silent relay"),
};

std::vector<Key> item_rows(Kind kind) {
  if (kind == Kind::limits) return limit_rows();
  if (kind == Kind::key_limits) return key_limit_rows();
  if (kind == Kind::producer_limits) return producer_limit_rows();
  return kind == Kind::closed ? closed_rows() : std::vector<Key>{};
}

// Each row, and below a list the rows of its items, under that list's path.
void add(std::span<const Key> rows, std::vector<Key>* table) {
  static std::deque<std::string> paths;  // of what comes in several places; the table only looks at them
  for (const Key& row : rows) {
    table->push_back(row);
    for (Key item : item_rows(row.kind)) {
      item.path = paths.emplace_back(std::string(row.path) + "[]." + std::string(item.path));
      table->push_back(item);
    }
  }
}

std::vector<Key> whole_table() {
  std::vector<Key> table;
  add(first_rows, &table);
  add(sink_rows(), &table);
  add(queue_rows(), &table);
  add(last_rows, &table);
  add(auth_rows(), &table);
  return table;
}

}  // namespace

std::span<const Key> keys() {
  static const std::vector<Key> table = whole_table();
  return table;
}

}  // namespace forebay
