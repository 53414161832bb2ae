// SinkRack: the sinks, each at the place of its lane in the core. It makes those that a config brings, tells those that
// stay of their new settings, and shuts down those that are gone once their last attempt has ended: nothing under way
// is cut off by a reload.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/config.h"
#include "relay/core.h"
#include "relay/dispatcher.h"
#include "sinks/sink.h"

namespace forebay {

class SinkRack {
 public:
  using Make = std::function<std::unique_ptr<Sink>(const SinkConfig&)>;
  SinkRack(Core& core, Dispatcher& dispatcher, Make make)
      : core_(core), dispatcher_(dispatcher), make_(std::move(make)) {}

  // The core has lanes as this config says.
  void look_again(const Config& config);
  // Once a turn, outside of any sink's callbacks.
  void sweep();
  // All of them, attempts under way or not. Nothing may be called after it but itself.
  void shut_down();

 private:
  void tell_dispatcher();

  Core& core_;
  Dispatcher& dispatcher_;
  Make make_;
  std::vector<std::unique_ptr<Sink>> sinks_;  // by SinkId; nullptr: it is gone
  std::vector<SinkId> leaving_;
};

}  // namespace forebay
