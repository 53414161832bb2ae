// The admin door's answers as JSON text. Field names are those of the structs in doors/admin_view.h; times
// are RFC 3339 in UTC; what is infinite or not known is null. Bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "doors/admin_view.h"

namespace forebay {

std::string to_json(const RelayStatus& status);
std::string to_json(const QueueStatus& queue);
std::string to_json(const SinkStatus& sink);
std::string to_json(const DeadPage& page);
std::string to_json(const std::vector<QueueStatus>& queues);  // {"queues": […]}
std::string to_json(const std::vector<SinkStatus>& sinks);    // {"sinks": […]}
std::string to_json(const Reloaded& reloaded);                // {"applied": […], "needs_restart": […]}
std::string refused_json(const Reloaded& reloaded);           // a problem with "errors"
std::string changed_json(uint64_t count);                     // {"changed": n}

}  // namespace forebay
