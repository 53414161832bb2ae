// SpendsRecord: what a sink's limits had spent at a moment, as it outlives the process, and its bytes.
//
// Bytes: version 3 (version 1 had no `ahead`, 2 no calendars; both are read); LEB128 numbers (signed ones zigzag);
// FNV-1a over all of it at the end, so that a record that was cut or changed is refused. A window of a day is at most
// 512 groups, some 1.5 KiB.
//
// Times in the record are offsets from its own moment. Moments of both clocks are kept, and its age is known
// as a range: what was spent is no older than the least of what the clocks say, what may have been spent
// since took no longer than the most. A steady clock that started anew says nothing, nor does a wall clock
// that went back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/config.h"

namespace forebay {

struct SpendsRecord {
  // `count` permits settled `offset` after the record's moment, at the latest. Mostly negative.
  struct Group {
    Duration offset;
    uint64_t count = 0;
  };
  struct Window {
    std::string name;
    uint64_t count = 0;
    Duration per;
    Duration unit;             // of the offsets; 0: a short window, `spent` is the latest settle to come, if any
    std::vector<Group> spent;  // rising
  };
  struct Bucket {
    std::string name;
    uint64_t count = 0;
    Duration per;
    uint64_t burst = 0;
    Duration owed;  // theoretical arrival time less the record's moment, 0 or more
  };
  // Of a calendar: what one class, or all that have no reserve (""), took of the period.
  struct Share {
    std::string lane;
    uint64_t spent = 0;
    uint64_t out = 0;         // of it, in flight
    std::vector<Group> late;  // of it, what may be counted until so long after the record's moment
  };
  struct Calendar {
    std::string name;
    LimitConfig::Period period = LimitConfig::Period::day;
    std::string zone;
    WallTime start, end;
    std::vector<Share> shares;
  };
  struct Paced {
    uint64_t count = 0;
    Duration per;
    Duration tolerance;
  };

  WallTime wall;
  Instant steady;
  uint64_t in_flight = 0;  // cost of what had no end yet
  // Cost that may have been taken after the record was made, until a later one is synced: nobody sends more.
  // max(): nobody saw to that.
  uint64_t ahead = 0;
  std::vector<Window> windows;
  std::vector<Bucket> buckets;
  std::vector<Calendar> calendars;
  std::optional<Paced> pace;

  // How long ago the record was made: at least, and at most (max(): no clock can tell).
  Duration age_least(Now now) const;
  Duration age_most(Now now) const;
  // The most that these limits let through in a time so long, from any state they can be in, and no more than `ahead`.
  uint64_t allowed_in(Duration time) const;
};

std::string encode(const SpendsRecord& record);
// false: not a whole record of this version; *record is in no particular state then.
bool decode(std::string_view bytes, SpendsRecord* record);

}  // namespace forebay
