// Trace: arrivals from CSV, `time,queue,class,key,cost` a line; what follows `queue` may be empty or missing. A first
// line that begins with `time` is a heading. Lines must be in order of time. Names are resolved by the caller; `line`
// counts from 1. A cell in double quotes may hold commas; two quotes in it are one.
//
// Times, all of one form: seconds from the start with up to nine decimals ("0.25"); or moments, RFC 3339
// ("2026-03-01T08:00:00Z") or Unix seconds (numbers from 1000000000 on), of which the first is the start.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "sim/source.h"

namespace forebay::sim {

class Trace : public Source {
 public:
  // From the names of a line to the request's numbers; what is wrong, or empty.
  using Resolve =
      std::function<std::string(std::string_view queue, std::string_view klass, std::string_view key, AdmitRequest*)>;

  // The stream outlives the trace. Messages are of `bytes` each.
  Trace(std::istream& in, Resolve resolve, uint32_t bytes) : in_(in), resolve_(std::move(resolve)), bytes_(bytes) {}
  std::optional<Arrival> next() override;
  // Not empty: the trace ended at a line that is wrong ("line 7: no queue \"x\"").
  const std::string& error() const { return error_; }
  uint64_t lines() const { return line_; }                    // read so far; the last of them is the one that is wrong
  std::optional<WallTime> starts() const { return origin_; }  // none: its times are seconds from the start

 private:
  std::string parse(std::string_view text, Arrival* arrival);
  std::string place_in_time(std::string_view text, Duration* at);

  std::istream& in_;
  Resolve resolve_;
  uint32_t bytes_;
  uint64_t line_ = 0;
  std::string error_;
  std::optional<WallTime> origin_;
  bool begun_ = false;
  Duration last_;
};

}  // namespace forebay::sim
