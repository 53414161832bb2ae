// What a reload would change, in the words of the file: "sinks.sms-gateway.limits changed", "queues.x added". Only
// names are told, never values: a value may be a secret.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace forebay {

struct Difference {
  std::vector<std::string> applied;        // takes effect with the reload
  std::vector<std::string> needs_restart;  // would have none before the next start
  bool empty() const { return applied.empty() && needs_restart.empty(); }
};

// Where a config was read from is no difference. Empty: the two say the same.
Difference difference(const Config& from, const Config& to);

// The doors after a reload: those that run, with the files of certificates that the fresh config names for a door of
// the same place, type and address, where both have TLS.
std::vector<DoorConfig> with_fresh_tls(std::vector<DoorConfig> running, const std::vector<DoorConfig>& fresh);

// What is set up at the start stays as it is until the next one, so that a later reload tells of it again. Doors are
// the caller's: their certificates may change.
void keep_until_restart(const Config& running, Config* fresh);

}  // namespace forebay
