// Breaker: keeps a sink that does not work from being sent to, and finds out when it works again.
//
//   closed     every attempt goes
//   open       until a time: none does. Opened
//                by count       `failures` in a row that said nothing good: retry, unanswered, sink_fault
//                by sink_fault  at once
//                by dead_storm  `dead_storm` letters in a row died
//   half-open  from that time on one attempt at a time, a probe. `probes` good ones in a row close it; a bad one opens
//              it for twice as long, min_wait to max_wait
//
// Signs of life, which end a row of failures: delivered, dead (it is an answer) and throttled. Only what was delivered
// ends a row of deaths. A batch that fails is one failure, however many messages it held; each that died of it is a
// death. A probe that is delivered is good; one that is throttled says neither; one that dies is good where failures by
// count had opened it (the sink works, the message does not), else bad. What an attempt says that began before the
// breaker last opened is no news: it neither opens nor closes.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "config/config.h"
#include "sinks/sink.h"

namespace forebay {

class Breaker {
 public:
  // `dead_storm`: 0, never by that.
  Breaker(const BreakerConfig& config, uint32_t dead_storm) : config_(config), dead_storm_(dead_storm) {}

  // Open or half-open.
  bool open() const { return open_; }
  const std::string& reason() const { return reason_; }  // while open
  // When an attempt may go: now or before, a later time, or never(): a probe is out.
  Instant opens() const;

  // An attempt goes, not before opens(). True: it is a probe.
  bool sent() { return probe_out_ = open_; }
  // That attempt ended. `died`: its message was buried. `began`: when it was sent. True: the breaker closed.
  bool ended(const Outcome& outcome, bool was_probe, bool died, Instant began, Now now);
  // That attempt never was one: its message could not be read.
  void withdrawn(bool was_probe) { probe_out_ = probe_out_ && !was_probe; }

  // Its state stays.
  void reconfigure(const BreakerConfig& config, uint32_t dead_storm);

 private:
  void count(const Outcome& outcome, bool died);
  bool close_by_probe();
  void open(std::string why, bool by_count, Now now);

  BreakerConfig config_;
  uint32_t dead_storm_;
  bool open_ = false;
  bool by_count_ = false;  // what it is open by
  bool probe_out_ = false;
  uint32_t good_probes_ = 0;  // in a row
  uint32_t failures_ = 0;     // in a row
  uint32_t deaths_ = 0;       // in a row
  Instant opened_at_{INT64_MIN};
  Instant until_{INT64_MIN};
  Duration wait_{};
  std::string reason_;
};

}  // namespace forebay
