// Checker: an observer that knows what must never happen. It says so in words, at most ten times, each with its time.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/observer.h"
#include "sim/world.h"

namespace forebay::sim {

class Checker : public Observer {
 public:
  // When the run is over.
  virtual void finish(World&) {}
  const std::vector<std::string>& violations() const { return violations_; }

 protected:
  template <class... T>
  void complain(Now now, fmt::format_string<T...> format, T&&... values) {
    if (violations_.size() >= 10) return;
    violations_.push_back(fmt::format("at {:.6f} s: ", Duration{now.steady.ns - 1'000'000'000'000}.as_seconds()) +
                          fmt::format(format, std::forward<T>(values)...));
  }

 private:
  std::vector<std::string> violations_;
};

}  // namespace forebay::sim
