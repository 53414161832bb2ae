#include "relay/overseer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "doors/refusal.h"
#include "relay/key_hash.h"
#include "relay/version.h"

namespace forebay {
namespace {

// Of a purge or replay, messages a turn. A purge also looks at messages of other queues,
// up to Core::purge_looks_per_message times as many.
constexpr uint64_t slice = 2'000;

constexpr char cursor_mark = '-';

const char* name_of(LaneState state) {
  switch (state) {
    case LaneState::open:
      return "open";
    case LaneState::paused:
      return "paused";
    case LaneState::throttled:
      return "throttled";
    case LaneState::breaker:
      break;
  }
  return "breaker";
}

// "MILLISECONDS-ID", as dead() writes it.
std::optional<Burial> read_cursor(std::string_view cursor, const Queue& queue, MessageIds& ids) {
  const size_t mark = std::min(cursor.find(cursor_mark), cursor.size());
  const auto id = ids.decode(cursor.substr(std::min(mark + 1, cursor.size())));
  Burial burial;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + mark, burial.died_ms);
  if (!id || id->queue != queue.id || error != std::errc() || end != cursor.data() + mark) return std::nullopt;
  burial.sequence = id->sequence;
  return burial;
}

}  // namespace

Overseer::Overseer(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, Metrics& metrics,
                   JournalRoom& room, LiveConfig& live, Topics& topics)
    : core_(core),
      backlog_(backlog),
      clock_(clock),
      ids_(ids),
      answers_(answers),
      metrics_(metrics),
      room_(room),
      live_(live),
      topics_(topics),
      paused_keys_(backlog),
      key_seed_(key_seed(backlog.id_key())),
      started_(clock.now().wall) {}

Queue* Overseer::find_queue(std::string_view name) {
  for (Queue& queue : core_.queues()) {
    if (queue.configured && queue.config.name == name) return &queue;
  }
  return nullptr;
}

SinkLane* Overseer::find_lane(std::string_view name) {
  for (const auto& lane : core_.lanes()) {
    if (lane->config().name == name && is_configured(*lane)) return lane.get();
  }
  return nullptr;
}

// One that was taken out of the config keeps its place and is no longer shown.
bool Overseer::is_configured(const SinkLane& lane) const {
  return live_.running().sinks.contains(lane.config().name);
}

// ---- to see ----

QueueStatus Overseer::status_of(const Queue& queue, Now now) {
  QueueStatus status;
  status.name = queue.configured ? queue.config.name : "(not in the configuration)";
  status.sink = queue.config.sink;
  status.paused = queue.paused;
  status.ready = queue.ready;
  status.delayed = queue.delayed;
  status.retrying = queue.retrying;
  status.in_flight = queue.in_flight;
  status.dead = queue.dead;
  status.bytes = queue.bytes;
  status.max_messages = queue.config.max_messages;
  status.max_bytes = queue.config.max_bytes;
  status.oldest_age_seconds = core_.oldest_age_seconds(queue, now);
  status.drain_seconds = core_.drain_seconds(queue, now);
  status.accepted = queue.counters.accepted;
  status.delivered = queue.counters.delivered;
  status.expired = queue.counters.expired;
  status.retries = queue.counters.retries;
  for (const ClassCounts& klass : core_.class_counts(queue)) {
    status.classes.push_back(
        {klass.name, klass.priority, klass.ready, klass.delayed, klass.retrying, klass.in_flight, klass.paused});
  }
  status.paused_keys = paused_keys_.of(queue.config.name);
  status.flows = core_.flows(queue);
  return status;
}

SinkStatus Overseer::status_of(SinkLane& lane, Now now) const {
  SinkStatus status;
  status.name = lane.config().name;
  status.type = lane.config().type;
  const LaneState state = lane.state(now);
  status.state = name_of(state);
  if (state != LaneState::open) {
    status.reason = lane.reason(now);
    const Instant opens = lane.opens(now);
    if (!opens.is_never()) status.until = core_.time().wall(opens);
  }
  status.in_flight = lane.in_flight();
  status.attempts = attempts_of(lane);
  status.limits = limits_of(lane, now);
  status.pinned = live_.pinned(status.name);
  return status;
}

std::vector<LimitStatus> Overseer::limits_of(const SinkLane& lane, Now now) const {
  std::vector<LimitStatus> limits;
  for (const LimitSet::View& view : lane.limits().views(now)) {
    LimitStatus& limit = limits.emplace_back();
    limit.name = view.name;
    limit.effective = view.effective;
    limit.utilization = view.utilization;
    limit.enforced = view.enforced;
    limit.exceeded = view.exceeded;
    limit.remaining = static_cast<uint64_t>(std::llround(std::max(view.remaining, 0.0)));
  }
  return limits;
}

RelayStatus Overseer::status() {
  const Now now = clock_.now();
  RelayStatus status;
  status.version = version;
  status.started = started_;
  status.not_ready_because = not_ready_;
  for (std::string& complaint : live_.complaints()) status.not_ready_because.push_back(std::move(complaint));
  const BacklogFigures figures = backlog_.figures();
  if (figures.refusing) status.not_ready_because.push_back("the disk takes no messages: " + figures.refusing_why);
  room_.look_again();
  if (const std::string why = room_.refusing_because(); !why.empty()) status.not_ready_because.push_back(why);
  if (figures.quarantined_segments > 0) {
    status.not_ready_because.push_back("damaged segments are quarantined; see docs/operations.md");
  }
  if (figures.missing_segments > 0) status.not_ready_because.push_back("segments are missing from the data_dir");
  status.ready = status.not_ready_because.empty();
  for (const Queue& queue : core_.queues()) {
    if (queue.configured || queue.waiting() + queue.dead > 0) status.queues.push_back(status_of(queue, now));
  }
  for (const auto& lane : core_.lanes()) {
    if (is_configured(*lane)) status.sinks.push_back(status_of(*lane, now));
  }
  topics_.for_each([&](const std::string& name, const auto& queues) { status.topics.push_back({name, queues}); });
  return status;
}

std::optional<QueueStatus> Overseer::queue_status(std::string_view name) {
  const Queue* queue = find_queue(name);
  if (queue == nullptr) return std::nullopt;
  return status_of(*queue, clock_.now());
}

std::optional<SinkStatus> Overseer::sink_status(std::string_view name) {
  SinkLane* lane = find_lane(name);
  if (lane == nullptr) return std::nullopt;
  return status_of(*lane, clock_.now());
}

DeadLetterView Overseer::view_of(Burial letter, const Queue& queue) {
  DeadLetterView view;
  const MessageId id = ids_.encode(letter.sequence, queue.id);
  view.id.assign(id.data(), id.size());
  view.bytes = core_.entry(letter.sequence)->bytes();
  view.died = WallTime::from_ms(letter.died_ms);
  if (const auto record = backlog_.dead_letter(letter.sequence)) {
    view.attempts = record->attempts;
    view.reason = record->reason;
    view.excerpt = record->excerpt;
  }
  return view;
}

// A cursor says where the last letter shown stood: the rest follows in order of burial, whether that letter
// is still there or not.
std::variant<DeadPage, Problem> Overseer::dead(std::string_view name, std::string_view cursor, uint32_t limit) {
  const Queue* queue = find_queue(name);
  if (queue == nullptr) return no_such("queue", name);
  std::optional<Burial> last = Burial{};
  if (!cursor.empty()) last = read_cursor(cursor, *queue, ids_);
  if (!last) {
    Problem p = no_such("cursor", cursor);
    p.status = 400;
    p.detail = "the cursor must be the `next` of an earlier page of this queue";
    return p;
  }
  DeadPage page;
  page.total = queue->dead;
  queue->dead_letters.scan_after(*last, [&](const Burial& letter) {
    if (page.letters.size() == limit) {
      page.next = std::to_string(last->died_ms) + cursor_mark + page.letters.back().id;
      return false;
    }
    page.letters.push_back(view_of(letter, *queue));
    last = letter;
    return true;
  });
  return page;
}

// ---- to change ----

std::optional<Problem> Overseer::start(Kind kind, std::string_view name, std::string_view id, uint64_t token,
                                       PublishListener& listener) {
  const Queue* queue = find_queue(name);
  if (queue == nullptr) return no_such("queue", name);
  if (!id.empty()) return one_dead_letter(kind, *queue, id, token, listener);
  const uint64_t left = kind == Kind::purge ? queue->ready + queue->delayed + queue->retrying : queue->dead;
  if (left == 0) {
    answers_.unchanged(token, listener);
  } else {
    jobs_.push_back({kind, queue->id, left, {1, core_.next_sequence()}, 0, token, &listener});
  }
  return std::nullopt;
}

std::optional<Problem> Overseer::one_dead_letter(Kind kind, const Queue& queue, std::string_view id, uint64_t token,
                                                 PublishListener& listener) {
  const auto decoded = ids_.decode(id);
  const MessageEntry* entry = decoded ? core_.entry(decoded->sequence) : nullptr;
  if (entry == nullptr || entry->queue != queue.id || entry->state != MessageState::dead) {
    Problem p = no_such("dead-letter", id);
    p.detail = "queue \"" + queue.config.name + "\" has no dead letter with that id";
    return p;
  }
  const Now now = clock_.now();
  if (kind == Kind::replay_dead) {
    core_.replay_dead_letter(decoded->sequence, now);
  } else {
    core_.purge_dead_letter(decoded->sequence, now);
  }
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

std::optional<Problem> Overseer::purge_queue(std::string_view queue, uint64_t token, PublishListener& listener) {
  return start(Kind::purge, queue, "", token, listener);
}
std::optional<Problem> Overseer::replay_dead(std::string_view queue, std::string_view id, uint64_t token,
                                             PublishListener& listener) {
  return start(Kind::replay_dead, queue, id, token, listener);
}
std::optional<Problem> Overseer::purge_dead(std::string_view queue, std::string_view id, uint64_t token,
                                            PublishListener& listener) {
  return start(Kind::purge_dead, queue, id, token, listener);
}

// One slice. True: that was the last.
bool Overseer::work_on(Job& job, Now now) {
  if (job.kind == Kind::purge) {
    job.done += core_.purge(job.queue, &job.sweep, slice, now);
    return job.sweep.over();
  }
  const uint64_t most = std::min(slice, job.left);
  const uint64_t done =
      job.kind == Kind::purge_dead ? core_.purge_dead(job.queue, most, now) : core_.replay_dead(job.queue, most, now);
  job.done += done;
  job.left -= done;
  return done == 0 || job.left == 0;
}

bool Overseer::work(Now now) {
  if (jobs_.empty()) return false;
  Job& job = jobs_.front();
  if (work_on(job, now)) {
    if (job.listener != nullptr) {
      // The last slice may have changed nothing while earlier ones are on their way to the disk: an empty
      // note rides behind them.
      backlog_.note("purge", "");
      answers_.changed(backlog_.open_batch(), job.token, *job.listener, job.done);
    }
    jobs_.pop_front();
  }
  return !jobs_.empty();
}

void Overseer::forget(PublishListener& listener) {
  answers_.forget(listener);
  for (Job& job : jobs_) {
    if (job.listener == &listener) job.listener = nullptr;
  }
}

}  // namespace forebay
