// Gateway: the downstream of most scenarios: a network, bounds that it counts itself, and bad days.
//
// A request is taken if every meter has room for it; else it is answered "too many". Only what was taken counts, or,
// with `counts_refused`, everything that arrives. Meters that do not enforce only watch.
// Bad stretches lie in time; the first that holds decides. What falls into none is served after `service`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/downstream.h"
#include "sim/key_meter.h"
#include "sim/meter.h"
#include "sim/network.h"

namespace forebay::sim {

struct BadStretch {
  enum class Kind {
    outage,    // connections are refused
    silent,    // requests arrive and are counted, replies never come
    slow,      // replies take `delay` longer
    stalling,  // one in `one_in` replies takes `delay` longer
    flapping,  // an outage for `delay`, then none for as long, and so on
    failing,   // one in `one_in` is answered `status`
    late,      // one in `one_in` requests is held up by `delay` on its way
    resets,    // one in `one_in` arrives and the connection dies
  } kind = Kind::outage;
  Instant from, to;
  Duration delay;
  uint32_t one_in = 1;
  int status = 500;
};

class Gateway : public Downstream {
 public:
  struct Bound {
    std::unique_ptr<Meter> meter;
    std::string name;
    bool enforce = true;
    std::vector<std::pair<Instant, uint64_t>> levels;  // the bound changes then, in order of time
  };
  enum class RetryAfter { none, exact, fixed };

  Gateway(Network network, uint64_t seed) : network_(std::move(network)), random_(seed) {}

  std::vector<Bound> bounds;
  std::unique_ptr<KeyMeter> keys;  // none: it does not look at keys
  std::vector<BadStretch> bad;
  bool counts_refused = false;
  bool throttle_by_key = false;  // its own sign for a key that had too many: the outcome says so
  RetryAfter retry_after = RetryAfter::none;
  Duration fixed_retry_after = Duration::seconds(1);
  Duration service;

  Passage leaves(const Event& request) override;
  Answer arrives(const Event& request) override;

  // -- what it recorded --
  uint64_t arrived() const { return arrived_; }
  uint64_t taken() const { return taken_; }
  uint64_t taken_cost() const { return taken_cost_; }
  uint64_t refused() const { return refused_; }
  uint64_t errors() const { return errors_; }
  // What its tightest bound would have let through in that stretch, in cost; +inf: it has none.
  double capacity(Instant from, Instant to) const;

 private:
  const BadStretch* bad_at(Instant now) const;
  void change_levels(Now now);
  bool admits(const Event& request, bool* by_key);
  void count(const Event& request);
  Answer too_many(const Event& request, bool by_key);
  void misbehave(const BadStretch& stretch, Answer* answer);

  Network network_;
  Random random_;
  uint64_t arrived_ = 0, taken_ = 0, taken_cost_ = 0, refused_ = 0, errors_ = 0;
};

}  // namespace forebay::sim
