// LiveConfig: the config that is in force: what the file says, with the pins of the operators in it. It is changed as a
// whole or not at all; nothing that waits, no permit and no attempt under way is touched by that.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.h"
#include "config/config.h"
#include "relay/core.h"
#include "relay/pins.h"

namespace forebay {

class LiveConfig {
 public:
  // What the core was made from.
  LiveConfig(const Config& config, std::span<const QueueId> queue_ids, Core& core, Backlog& backlog);

  const Config& running() const { return running_; }
  // At start, after recovery: the pins that are noted. One that cannot be is left out, and told of.
  void restore(Now now);
  // What is noted as pinned and is not in force, and why; until it is unpinned or another takes its place.
  std::vector<std::string> complaints() const;
  // Another file. Empty: it is in force; else why it was refused, and nothing changed.
  std::string reconfigure(const Config& file, std::span<const QueueId> queue_ids, Now now);

  // The sink is there. The caller writes the note.
  std::optional<Problem> pin(const std::string& sink, std::string_view json, Now now);
  std::optional<Problem> unpin(const std::string& sink, Now now);
  // As JSON; empty: nothing is pinned.
  std::string pinned(const std::string& sink) const;

  // Called after each change.
  std::function<void()> on_change;

 private:
  using Pins = std::map<std::string, Pin>;
  using Complaints = std::map<std::string, std::string>;  // by sink
  Pins noted_pins(const Config& file, Complaints* complaints) const;
  std::string apply(const Config& file, Pins pins, std::span<const QueueId> queue_ids, Now now);

  Core& core_;
  Backlog& backlog_;
  Config file_, running_;
  Pins pins_;  // of sinks of the file
  Complaints complaints_;
  std::vector<QueueId> queue_ids_;
};

}  // namespace forebay
