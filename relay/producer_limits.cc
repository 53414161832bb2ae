#include "relay/producer_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "limiter/limit_name.h"

namespace forebay {
namespace {

constexpr int64_t second_ns = 1'000'000'000;

int64_t whole_seconds(Duration duration) {
  return duration.ns <= 0 ? 0 : (duration.ns - 1) / second_ns + 1;
}

// A structured field's string: names hold printable ASCII only.
std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

uint64_t left(const Permits& permits, Now now) {
  const uint64_t used = permits.held(now.steady) + permits.out();
  return permits.count() - std::min(permits.count(), used);
}

}  // namespace

ProducerLimits::Windows ProducerLimits::followed(Windows old, const std::vector<LimitConfig>& limits,
                                                 const std::string& owner) {
  Windows windows;
  for (const LimitConfig& limit : limits) {
    const std::string name = limit_name(limit);
    const auto same = std::find_if(old.begin(), old.end(), [&](const Window& window) { return window.name == name; });
    if (same == old.end()) {
      windows.push_back({name, owner, limit.per, Permits(limit.count, limit.per, nullptr)});
      continue;
    }
    windows.push_back(std::move(*same));
    windows.back().per = limit.per;
    windows.back().permits.reconfigure(limit.count, limit.per, nullptr);
  }
  return windows;
}

void ProducerLimits::follow_tokens(const std::vector<AuthToken>& tokens) {
  auto old = std::exchange(of_tokens_, {});
  for (const AuthToken& token : tokens) {
    if (token.limits.empty()) continue;
    of_tokens_[token.name] = followed(std::move(old[token.name]), token.limits, "token \"" + token.name + "\"");
  }
}

void ProducerLimits::follow_queue(QueueId queue, const QueueConfig& config) {
  if (config.producer_limits.empty()) {
    of_queues_.erase(queue);
    return;
  }
  Windows& windows = of_queues_[queue];
  windows = followed(std::move(windows), config.producer_limits, "queue \"" + config.name + "\"");
}

void ProducerLimits::count_copies(std::span<const MessageFacts> copies) {
  copies_.clear();
  if (of_queues_.empty()) return;
  for (const MessageFacts& copy : copies) {
    if (of_queues_.contains(copy.queue)) ++copies_[copy.queue];
  }
}

// By the window that lets it through last.
std::optional<Problem> ProducerLimits::refusal_of(const Windows& windows, uint64_t count, Now now) {
  std::optional<Problem> worst;
  for (const Window& window : windows) {
    Problem problem;
    problem.detail = fmt::format("{} may bring in {} messages in {} s ({}), and this call has {}", window.owner,
                                 window.permits.count(), window.per.as_seconds(), window.name, count);
    if (count > window.permits.count()) {
      problem.status = 413;
      problem.type = "too-large";
      problem.title = "No limit ever lets so many through at once";
      return problem;
    }
    const Instant next = window.permits.next(now.steady, count);
    if (next <= now.steady || (worst && next - now.steady <= *worst->retry_after)) continue;
    problem.status = 429;
    problem.type = "producer-limit";
    problem.title = "The producer is over its limit";
    problem.retry_after = next - now.steady;
    worst = std::move(problem);
  }
  return worst;
}

std::optional<Problem> ProducerLimits::refusal(std::string_view by, uint64_t messages,
                                               std::span<const MessageFacts> copies, Now now) {
  std::optional<Problem> worst;
  const auto look = [&](const Windows& windows, uint64_t count) {
    auto problem = refusal_of(windows, count, now);
    if (!problem) return;
    if (!worst || !problem->retry_after || (worst->retry_after && *worst->retry_after < *problem->retry_after)) {
      worst = std::move(problem);
    }
  };
  if (const auto found = of_tokens_.find(by); found != of_tokens_.end()) look(found->second, messages);
  count_copies(copies);
  for (const auto& [queue, count] : copies_) look(of_queues_.at(queue), count);
  return worst;
}

void ProducerLimits::take_of(Windows& windows, uint64_t count, Now now) {
  for (Window& window : windows) {
    window.permits.take(now.steady, count);
    window.permits.settle_answered(now.steady, count);
  }
}

void ProducerLimits::take(std::string_view by, uint64_t messages, std::span<const MessageFacts> copies, Now now) {
  if (const auto found = of_tokens_.find(by); found != of_tokens_.end()) take_of(found->second, messages, now);
  count_copies(copies);
  for (const auto& [queue, count] : copies_) take_of(of_queues_.at(queue), count, now);
}

RateLimits ProducerLimits::limits_of(std::string_view by, std::optional<QueueId> queue, Now now) const {
  RateLimits out;
  std::vector<std::string> names;
  const auto tell = [&](const Windows& windows) {
    for (const Window& window : windows) {
      const bool taken = std::find(names.begin(), names.end(), window.name) != names.end();
      names.push_back(taken ? window.name + " of " + window.owner : window.name);
      const std::string name = quoted(names.back()), comma = out.policy.empty() ? "" : ", ";
      const uint64_t remaining = left(window.permits, now);
      out.policy += fmt::format("{}{};q={};w={}", comma, name, window.permits.count(), whole_seconds(window.per));
      out.state += fmt::format("{}{};r={}", comma, name, remaining);
      if (remaining == window.permits.count()) continue;
      out.state += fmt::format(";t={}", whole_seconds(window.permits.next(now.steady, remaining + 1) - now.steady));
    }
  };
  if (const auto found = of_tokens_.find(by); found != of_tokens_.end()) tell(found->second);
  if (queue) {
    if (const auto found = of_queues_.find(*queue); found != of_queues_.end()) tell(found->second);
  }
  return out;
}

}  // namespace forebay
