// A status as the admin door tells it, for the tests of what is shown of it.
#pragma once

#include <string>

#include "base/rfc3339.h"
#include "relay/cli/shown_status.h"

namespace forebay {

inline WallTime noon() {
  return *parse_rfc3339("2026-11-29T12:00:00Z");
}

// Two queues into one sink that is throttled, and one that is pulled.
inline std::string status_json() {
  return R"({"version":"1.2.3","started":"2026-11-29T08:55:00.000Z","ready":false,
    "not_ready_because":["the disk takes no messages"],
    "queues":[
      {"name":"sms","sink":"gateway","paused":false,
       "messages":{"ready":12000,"delayed":300,"retrying":40,"in_flight":60,"leased":0,"held":5,"dead":2},
       "bytes":1,"max_messages":1000000,"oldest_age_seconds":41.2,"drain_seconds":3725,
       "accepted":20000,"delivered":7600,"classes":[{"name":"otp","paused":true},{"name":"default","paused":false}],
       "paused_keys":["+4912"],"flows":3},
      {"name":"mail","sink":"gateway","paused":true,
       "messages":{"ready":7,"delayed":0,"retrying":0,"in_flight":0,"leased":0,"held":0,"dead":0},
       "oldest_age_seconds":3,"drain_seconds":null,"accepted":7,"delivered":0,"classes":[],"paused_keys":[]},
      {"name":"audit","sink":"pull:audit","paused":false,"messages":{"leased":3},"drain_seconds":0,
       "classes":[],"paused_keys":[]}],
    "sinks":[
      {"name":"gateway","type":"http","state":"throttled","reason":"429 from the sink \u001b[2J\u0007",
       "until":"2026-11-29T12:00:12.000Z","in_flight":60,"attempts":{},
       "limits":[{"name":"300/1s","utilization":0.985,"remaining":4,"enforced":true},
                 {"name":"concurrency","utilization":1,"remaining":0,"enforced":true},
                 {"name":"1000000/day","utilization":0.12,"remaining":880000,"enforced":false}],"pinned":null},
      {"name":"pull:audit","type":"pull","state":"open","reason":"","until":null,"in_flight":3,"limits":[],
       "pinned":null}],
    "topics":[]})";
}

inline ShownStatus shown_status() {
  return read_status(status_json()).value();
}

}  // namespace forebay
