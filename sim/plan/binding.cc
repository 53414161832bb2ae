#include "sim/plan/binding.h"

#include <algorithm>
#include <string_view>

#include "limiter/limit_name.h"

namespace forebay::sim {
namespace {

constexpr Duration quota_from = Duration::minutes(1);
constexpr size_t looks_max = 128;  // for a message that is not under way

double remaining(const LimitSet& limits, Now now, const std::string& name) {
  for (const LimitSet::View& view : limits.views(now)) {
    if (view.name == name) return view.remaining;
  }
  return 0;
}

}  // namespace

BindingWatch::BindingWatch(const Queue& queue, const Config& config, Instant begin)
    : id_(queue.id), begin_(begin), since_(begin) {
  const QueueConfig& own = config.queues.at(queue.config.name);
  add_quotas(own.limits, "queue " + own.name, true);
  add_quotas(config.sinks.at(own.sink).limits, "sink " + own.sink, false);
  quota_ = quotas_.size();
}

void BindingWatch::add_quotas(const std::vector<LimitConfig>& limits, const std::string& of, bool of_queue) {
  for (const LimitConfig& limit : limits) {
    const bool calendar = limit.kind == LimitConfig::Kind::calendar;
    if (!limit.enforce || limit.kind == LimitConfig::Kind::bucket || (!calendar && limit.per < quota_from)) continue;
    quotas_.push_back({limit_name(limit), of, {}});
    known_.push_back({calendar ? Duration::minutes(1) : limit.per, calendar, of_queue});
  }
}

// Named by the message that has waited longest and is not under way.
std::string_view BindingWatch::by_oldest(const Queue& queue, Now now, Core& core) {
  while (oldest_ < core.next_sequence()) {
    const MessageEntry* entry = core.entry(oldest_);
    if (entry != nullptr && entry->queue == queue.id && entry->state != MessageState::dead) break;
    ++oldest_;
  }
  size_t looks = 0;
  for (Sequence at = oldest_; at < core.next_sequence() && looks < looks_max; ++at, ++looks) {
    const MessageEntry* entry = core.entry(at);
    if (entry == nullptr || entry->queue != queue.id || entry->state != MessageState::ready) continue;
    const Explanation why = core.explain(at, now);
    if (why.kind == nullptr) return {};
    const std::string_view kind = why.kind;
    if (kind == "turn") return {};
    found_ = kind == "limit" || kind == "key_limit" ? why.name : std::string(kind);
    return found_;
  }
  return {};
}

std::string_view BindingWatch::cause(Now now, Core& core) {
  const Queue& queue = core.queue_of(id_);
  if (queue.ready == 0) return {};
  const SinkLane& lane = *core.lanes()[queue.sink];
  const std::string& by_sink = lane.blocking_limit();
  if (queue.limits != nullptr) {
    LimitSet::Blocking own = queue.limits->blocking(now, 1);
    if (!own.name.empty() && (by_sink.empty() || own.until >= lane.limits().next(now, 1))) {
      return found_ = std::move(own.name);
    }
  }
  return !by_sink.empty() && queue.has_work() ? std::string_view(by_sink) : by_oldest(queue, now, core);
}

void BindingWatch::turned(Now now, Core& core) {
  const std::string_view found = cause(now, core);
  if (found != cause_) change(now, found);
  if (cause_.empty() || quotas_.empty() || quota_ != quotas_.size()) return;
  const Queue& queue = core.queue_of(id_);
  look_at_quota(now, queue, *core.lanes()[queue.sink]);
}

// Blocked by a quota is not yet out of it: its pace goes by the same name.
void BindingWatch::look_at_quota(Now now, const Queue& queue, const SinkLane& lane) {
  for (size_t i = 0; i < quotas_.size(); ++i) {
    Quota& quota = quotas_[i];
    if (quota.limit != cause_) continue;
    const LimitSet& limits = known_[i].of_queue && queue.limits != nullptr ? *queue.limits : lane.limits();
    if (!known_[i].calendar && remaining(limits, now, quota.limit) >= 1) continue;
    quota_ = i;
    const Duration at = now.steady - begin_;
    if (quota.out.empty() || at - quota.out.back().until > known_[i].merge) quota.out.push_back({at, at});
    return;
  }
}

void BindingWatch::change(Now now, std::string_view cause) {
  const Duration from = since_ - begin_, to = now.steady - begin_;
  if (!cause_.empty() && to > from) {
    const auto named = [&](const Binding& b) { return b.limit == cause_; };
    auto found = std::find_if(bindings_.begin(), bindings_.end(), named);
    if (found == bindings_.end()) found = bindings_.insert(found, {cause_, {}, from, to});
    found->held = found->held + (to - from);
    found->to = to;
  }
  if (quota_ != quotas_.size()) quotas_[quota_].out.back().until = to;
  quota_ = quotas_.size();
  cause_ = cause;
  since_ = now.steady;
}

std::vector<Binding> BindingWatch::bindings() const {
  std::vector<Binding> sorted = bindings_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Binding& a, const Binding& b) { return a.held > b.held; });
  return sorted;
}

}  // namespace forebay::sim
