#include "sinks/replaceable_sink.h"

#include <utility>

namespace forebay {

struct ReplaceableSink::Seat : SinkListener {
  Seat(ReplaceableSink& o, std::string t) : owner(o), type(std::move(t)) {}
  void on_outcome(Ticket ticket, Outcome outcome) override {
    --under_way;
    ++owner.reporting_;
    owner.listener_.on_outcome(ticket, std::move(outcome));
    --owner.reporting_;
    leave_if_idle();
  }
  void leave_if_idle() {
    if (!leaving || under_way > 0 || std::exchange(gone, true)) return;
    sink->shut_down();
  }

  ReplaceableSink& owner;
  std::string type;
  std::unique_ptr<Sink> sink;
  size_t under_way = 0;
  bool leaving = false;
  bool gone = false;
};

ReplaceableSink::ReplaceableSink(const SinkConfig& config, SinkListener& listener, Make make)
    : listener_(listener), make_(std::move(make)), current_(seat(config)) {}

ReplaceableSink::~ReplaceableSink() = default;

std::unique_ptr<ReplaceableSink::Seat> ReplaceableSink::seat(const SinkConfig& config) {
  auto made = std::make_unique<Seat>(*this, config.type);
  made->sink = make_(config, *made);
  return made;
}

void ReplaceableSink::deliver(Delivery delivery) {
  bury();
  ++current_->under_way;
  current_->sink->deliver(std::move(delivery));
}

void ReplaceableSink::reconfigure(const SinkConfig& config) {
  bury();
  if (config.type == current_->type) return current_->sink->reconfigure(config);
  leaving_.push_back(std::exchange(current_, seat(config)));
  leaving_.back()->leaving = true;
  leaving_.back()->leave_if_idle();
}

void ReplaceableSink::bury() {
  if (reporting_ > 0) return;
  std::erase_if(leaving_, [](const std::unique_ptr<Seat>& seat) { return seat->gone; });
}

void ReplaceableSink::shut_down() {
  for (const auto& seat : leaving_) {
    if (!std::exchange(seat->gone, true)) seat->sink->shut_down();
  }
  current_->sink->shut_down();
}

}  // namespace forebay
