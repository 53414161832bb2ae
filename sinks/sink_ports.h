// What sinks are given to work with, beside the loop they live on.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>

#include "base/worker.h"

namespace forebay {

struct SinkPorts {
  uv_loop_t* loop;
  Mailbox& mailbox;  // its tasks run on the loop thread, until it is closed
  // A thread of the sink's own, for calls that block. What was posted to it is run before it ends with the object.
  std::function<std::unique_ptr<Worker>(const std::string& name)> start_worker;
};

}  // namespace forebay
