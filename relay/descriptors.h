// Descriptors: who may hold how many, so that producers cannot take those that sinks, journal and operators need.
//
// Counted at start: what the process may open (RLIMIT_NOFILE), less what is open, less what sinks, journal and admin
// doors may come to need, is shared by the http doors. Where that is less than their max_connections, they take fewer.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace forebay {

constexpr uint32_t check_requests_max = 16;  // of one queue's check_url at a time

struct DescriptorPlan {
  uint64_t sinks = 0;                  // sockets and name look-ups under way at once
  uint64_t journal = 0;                // files, and a little for the process itself
  uint64_t admin = 0;                  // all admin doors together
  uint32_t http_connections_max = 0;   // of each http door
  uint32_t admin_connections_max = 0;  // of each admin door
  bool too_few = false;                // what sinks and journal may need is not there
};

DescriptorPlan plan_descriptors(const Config& config, uint64_t limit, uint64_t open_now);

// For the log: empty where every door takes what the config says.
std::string explain(const DescriptorPlan& plan, const Config& config, uint64_t limit);

// To the most that the system lets this process open.
void raise_descriptor_limit();
// The most descriptors this process may open, and how many it has open.
uint64_t descriptor_limit();
uint64_t open_descriptors();

}  // namespace forebay
