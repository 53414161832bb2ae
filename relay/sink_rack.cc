#include "relay/sink_rack.h"

#include <utility>

namespace forebay {

void SinkRack::look_again(const Config& config) {
  sinks_.resize(core_.lanes().size());
  leaving_.clear();
  for (const auto& lane : core_.lanes()) {
    std::unique_ptr<Sink>& sink = sinks_[lane->id()];
    if (!config.sinks.contains(lane->config().name)) {
      if (sink) leaving_.push_back(lane->id());
    } else if (sink) {
      sink->reconfigure(lane->config());
    } else {
      sink = make_(lane->config());
    }
  }
  tell_dispatcher();
}

void SinkRack::sweep() {
  if (leaving_.empty()) return;
  const size_t before = leaving_.size();
  std::erase_if(leaving_, [this](SinkId id) {
    if (core_.lanes()[id]->in_flight() > 0) return false;
    sinks_[id]->shut_down();
    sinks_[id].reset();
    return true;
  });
  if (leaving_.size() < before) tell_dispatcher();
}

void SinkRack::shut_down() {
  for (auto& sink : sinks_) {
    if (sink) sink->shut_down();
  }
}

void SinkRack::tell_dispatcher() {
  std::vector<Sink*> sinks;
  for (const auto& sink : sinks_) sinks.push_back(sink.get());
  dispatcher_.set_sinks(std::move(sinks));
}

}  // namespace forebay
