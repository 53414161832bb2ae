// From the end of a call to an Outcome.
//
// Any reply that is no error: delivered, PUBLISH with nobody listening included.
// LOADING, BUSY, OOM, READONLY, MISCONF, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, NOREPLICAS, and too many clients: throttled
// for kRedisBusyWait. The server says not now, so no attempt is spent. Every other error (WRONGTYPE, NOAUTH, WRONGPASS,
// NOPERM, MOVED, ERR …) is the sink's fault: none that these commands can get is about the message; what it names or
// may do is what the config says. No connection: retry, nothing was sent. Sent and not answered: unanswered.
#pragma once

#include "sinks/redis/redis_reply.h"
#include "sinks/sink.h"

namespace forebay {

constexpr Duration kRedisBusyWait = Duration::seconds(1);

Outcome classify_redis(const RedisResult& result);

// The server is a replica now, as after a failover: another one may be behind the name.
bool wants_another_server(const RedisResult& result);

}  // namespace forebay
