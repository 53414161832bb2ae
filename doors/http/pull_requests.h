// What consumers send: the JSON bodies of messages:lease, :ack, :nack and :extend. Every member is checked, none is
// ignored: a misspelt "lease" would be another lease than was meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "doors/pulling.h"

namespace forebay {

inline constexpr uint32_t lease_messages_max = 1000;
inline constexpr Duration lease_wait_max = Duration::seconds(60);
inline constexpr Duration lease_min = Duration::milliseconds(10);
inline constexpr Duration lease_max = Duration::hours(12);
inline constexpr size_t lease_ids_max = 10'000;

// {"max": 10, "wait": "20s", "lease": "30s"}; an empty body is {}. The queue is left to the caller.
std::variant<LeaseRequest, Problem> read_lease_request(std::string_view body);

struct LeaseChange {
  std::vector<std::string> lease_ids;
  Duration delay{};               // of a nack
  std::optional<Duration> lease;  // of an extend
};

// {"lease_ids": [...]}, with "delay" for a nack and "lease" for an extend.
enum class LeaseVerb { ack, nack, extend };
std::variant<LeaseChange, Problem> read_lease_change(std::string_view body, LeaseVerb verb);

}  // namespace forebay
