#include "sim/world.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/pause_notes.h"

namespace forebay::sim {

World::World(const Config& config, const WorldOptions& options)
    : config_(config),
      options_(options),
      random_(options.seed),
      now_{begin_, options.starts},
      backlog_(options.sync, random_.next()) {
  for (const auto& [name, queue] : config_.queues) {
    queue_names_.push_back(name);
    queue_ids_.push_back(static_cast<QueueId>(queue_names_.size()));
  }
  for (const auto& [name, sink] : config_.sinks) {
    sink_names_.push_back(name);
    timeouts_.push_back(sink.timeout);
  }
  downstreams_.resize(sink_names_.size());
  backlog_.set_listener(this, this);
  start();
}

World::~World() = default;

QueueId World::queue_id(std::string_view name) const {
  const auto found = std::find(queue_names_.begin(), queue_names_.end(), name);
  return found == queue_names_.end() ? QueueId{0} : queue_ids_[static_cast<size_t>(found - queue_names_.begin())];
}

SinkId World::sink_id(std::string_view name) const {
  const auto found = std::find(sink_names_.begin(), sink_names_.end(), name);
  assert(found != sink_names_.end());
  return static_cast<SinkId>(found - sink_names_.begin());
}

void World::set_downstream(std::string_view sink, Downstream* downstream) {
  downstreams_[sink_id(sink)] = downstream;
}

void World::add_source(Source* source) {
  producers_.push_back({source, source->next()});
}

void World::at(Duration when, std::function<void()> action) {
  actions_.push_back(std::move(action));
  ++actions_left_;
  heap_.add(std::max(begin_ + when, now_.steady), EventHeap::Kind::action, static_cast<uint32_t>(actions_.size() - 1));
}

// ---- a process's life ----

void World::start() {
  ++life_;
  backlog_.set_now(now_.steady);
  core_ = std::make_unique<Core>(config_, queue_ids_, backlog_, random_.next(), now_);
  const std::vector<RecoveredMessage> messages = backlog_.recoverable();
  core_->recover(messages);
  core_->recovered(now_);
  restore_notes();
  if (options_.journal_spends) {
    spends_ = std::make_unique<SpendsJournal>(*core_, backlog_);
    spends_->start(now_);
  }
  touched_ = true;
  if (life_ == 1) return;
  digest_.add(Digest::Row::restarted, now_.steady, messages.size());
  tell([&](Observer& o) { o.restarted(now_, messages.size()); });
}

// As relay/overseer.cc does.
void World::restore_notes() {
  for (const Queue& queue : core_->queues()) {
    if (!backlog_.noted(queue_pause_note(queue.config.name)).empty()) core_->pause_queue(queue.id, true);
  }
  for (const auto& lane : core_->lanes()) {
    const std::string pause = backlog_.noted(sink_pause_note(lane->config().name));
    if (!pause.empty()) core_->pause_sink(lane->id(), true, pause_reason(pause));
    core_->restore_throttle(*lane, backlog_.noted(sink_throttle_note(lane->config().name)), now_);
  }
}

void World::crash(SimBacklog::Crash how, Duration down) {
  if (!up()) return;
  ++counts_.crashes;
  spends_.reset();
  core_.reset();
  core_wake_ = Instant::never();
  backlog_.crash(how);
  digest_.add(Digest::Row::crashed, now_.steady, static_cast<uint64_t>(how));
  tell([&](Observer& o) { o.crashed(now_); });
  at(elapsed() + down, [this] { start(); });
}

// ---- running ----

Instant World::next_event() const {
  Instant next = std::min({heap_.next(), backlog_.work_due(), core_wake_});
  for (const Producer& producer : producers_) {
    if (producer.next) next = std::min(next, begin_ + producer.next->at);
  }
  return touched_ && up() ? now_.steady : std::max(next, now_.steady);
}

void World::run_until(Duration end) {
  const Instant last = begin_ + end;
  for (Instant next = next_event(); next <= last && !next.is_never(); next = next_event()) step(next);
  now_ = {std::max(last, now_.steady), options_.starts + (std::max(last, now_.steady) - begin_) + wall_step_};
}

bool World::run_until_idle(Duration most) {
  const Instant last = begin_ + most;
  for (Instant next = next_event(); next <= last && !next.is_never(); next = next_event()) {
    step(next);
    if (idle()) return true;
  }
  return idle();
}

bool World::idle() const {
  if (!up() || touched_ || under_way() > 0 || actions_left_ > 0) return false;
  if (std::any_of(producers_.begin(), producers_.end(), [](const Producer& p) { return p.next.has_value(); }))
    return false;
  if (returns_.size() > free_returns_.size()) return false;
  const auto& queues = core_->queues();
  return std::all_of(queues.begin(), queues.end(), [](const Queue& q) { return q.waiting() + q.reserved == 0; });
}

void World::step(Instant at) {
  now_ = {at, options_.starts + (at - begin_) + wall_step_};
  backlog_.set_now(at);
  if (backlog_.work_due() <= at) work_backlog();
  while (heap_.next() <= at) handle(heap_.take());
  take_arrivals();
  if (up() && (touched_ || core_wake_ <= at)) turn();
}

void World::work_backlog() {
  backlog_.work();
  touched_ |= up();
}

void World::handle(const EventHeap::Item& item) {
  switch (item.kind) {
    case EventHeap::Kind::arrives:
      return arrives(item.what);
    case EventHeap::Kind::answered:
      return answered(item.what);
    case EventHeap::Kind::comes_again:
      return come_again(item.what);
    case EventHeap::Kind::action: {
      const auto action = std::exchange(actions_[item.what], nullptr);
      --actions_left_;
      touched_ |= up();
      action();
    }
  }
}

void World::turn() {
  touched_ = false;
  backlog_.flush();
  sends_.clear();
  core_wake_ = core_->tick(now_, &sends_);
  for (const Send& s : sends_) backlog_.attempt_begun(s.sequence, s.attempt);
  backlog_.write_attempts();
  for (const Send& s : sends_) send(s);
  core_->take_lane_changes();
  if (spends_ != nullptr) core_wake_ = std::min(core_wake_, spends_->work(now_));
  backlog_.flush();
  tell([&](Observer& o) { o.turned(now_, *core_); });
}

}  // namespace forebay::sim
