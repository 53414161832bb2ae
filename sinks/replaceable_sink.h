// ReplaceableSink: a sink whose type can change while it runs.
//
// Attempts under way end where they began; the sink that ran them is shut down with the last of them. What comes after
// the change goes to the new one.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

class ReplaceableSink : public Sink {
 public:
  using Make = std::function<std::unique_ptr<Sink>(const SinkConfig&, SinkListener&)>;
  ReplaceableSink(const SinkConfig& config, SinkListener& listener, Make make);
  ~ReplaceableSink() override;

  void deliver(Delivery delivery) override;
  void reconfigure(const SinkConfig& config) override;
  void shut_down() override;

 private:
  // One sink and what it has under way.
  struct Seat;
  std::unique_ptr<Seat> seat(const SinkConfig& config);
  void bury();

  SinkListener& listener_;
  Make make_;
  int reporting_ = 0;  // depth of outcomes being told: no sink may go meanwhile
  std::unique_ptr<Seat> current_;
  std::vector<std::unique_ptr<Seat>> leaving_;
};

}  // namespace forebay
