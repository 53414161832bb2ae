#include "sim/fault_plan.h"

#include <fmt/format.h>

#include <cstring>

namespace forebay {

std::string_view name_of(DiskCall call) {
  switch (call) {
    case DiskCall::write:
      return "write";
    case DiskCall::sync:
      return "sync";
    case DiskCall::create:
      return "create";
    case DiskCall::allocate:
      return "allocate";
    case DiskCall::truncate:
      return "truncate";
    case DiskCall::rename:
      return "rename";
    case DiskCall::remove:
      return "remove";
    case DiskCall::sync_directory:
      return "sync_directory";
  }
  return "?";
}

std::string_view name_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::fail:
      return "fail";
    case Fault::Kind::short_write:
      return "short_write";
    case Fault::Kind::torn_write:
      return "torn_write";
    case Fault::Kind::delay:
      return "delay";
    case Fault::Kind::lose_sync:
      return "lose_sync";
    case Fault::Kind::cut:
      return "cut";
    case Fault::Kind::stop:
      return "stop";
  }
  return "?";
}

bool Fault::covers(uint64_t operation, DiskCall call) const {
  uint64_t end = until == 0 ? at + 1 : until;
  return operation >= at && operation < end && (calls & only(call)) != 0;
}

std::string describe(const Fault& fault) {
  std::string span = fault.until == 0              ? "once"
                     : fault.until == kUntilLifted ? "until lifted"
                                                   : fmt::format("until {}", fault.until);
  return fmt::format("{} at operation {} ({}), {}", name_of(fault.kind), fault.at, span, ::strerror(fault.error));
}

}  // namespace forebay
